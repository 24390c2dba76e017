"""How data files are written: sorted, one record a line, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from mlcontainers.facts.store import SCHEMA, SUFFIX, brief

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcontainers.facts.store import Kind, Record


def encode(header: Record, records: Iterable[Record]) -> str:
    """The text of a data file; the inverse of `store.decode` up to the order of records."""
    ordered = sorted(records, key=order)
    if project := header.get("project"):
        ordered = [brief(project, record) for record in ordered]
    lines = ({**header, "schema": SCHEMA}, *ordered)
    return "".join(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)


def save(folder: Path, kind: Kind, name: str, header: Record, records: Iterable[Record]) -> Path:
    """Write one data file. Readers see the old file or the new one, never half of it."""
    path = folder / kind / f"{name}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(encode(header, records))
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def order(record: Record) -> tuple[object, ...]:
    """Where a record stands in its file: releases by version, everything else by key with numbers as numbers."""
    if "package" in record:
        return (Version(record["version"]),)
    return tuple(_natural(str(record["key"])))


def _natural(text: str) -> Iterable[tuple[int, int, str]]:
    """`cuda 12.10` after `cuda 12.9`."""
    number = word = ""
    for character in f"{text} ":
        if character.isdecimal():
            number += character
            if word:
                yield (1, 0, word)
                word = ""
        else:
            word += character
            if number:
                yield (0, int(number), "")
                number = ""
    yield (1, 0, word)
