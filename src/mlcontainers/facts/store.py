"""The data files: a header line, then one record a line, sorted, so that a refresh is a diff a person can review."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from mlcontainers.errors import Problem, UnknownFactError
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

Record: TypeAlias = "Mapping[str, Any]"
SCHEMA = 1


def decode(text: str, name: str) -> tuple[Record, tuple[Record, ...]]:
    """Header and records of one data file; raises UnknownFactError for a format this version does not know."""
    first, *others = text.splitlines()
    header = cast("dict[str, Any]", json.loads(first))
    if header.get("schema") != SCHEMA:
        what = f"{name} has the format {header.get('schema')!r}, and this version reads {SCHEMA}"
        raise UnknownFactError(Problem("data-format", "error", name, what, (), ("upgrade mlcontainers",)))
    return header, tuple(cast("dict[str, Any]", json.loads(line)) for line in others)


def encode(header: Record, records: Iterable[Record]) -> str:
    """The text of a data file; the inverse of `decode`."""
    return "".join(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for value in (header, *records)
    )


@cache
def names(folder: str) -> tuple[str, ...]:
    """The data files of a folder, by name without suffix."""
    return tuple(sorted(entry.name.removesuffix(".jsonl") for entry in _folder(folder).iterdir()))


@cache
def load(folder: str, name: str) -> tuple[Record, tuple[Record, ...]]:
    """Header and records of a shipped data file, read once."""
    if name not in names(folder):
        what = f"there is no data about {name!r}"
        raise UnknownFactError(Problem("no-facts", "error", "", what, (), did_you_mean(name, names(folder))))
    return decode((_folder(folder) / f"{name}.jsonl").read_text(encoding="utf-8"), name)


def _folder(folder: str) -> Traversable:
    return files("mlcontainers.facts") / "data" / folder
