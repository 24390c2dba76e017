"""The data files: a header line, then one record a line, sorted, so that a refresh is a diff a person can review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from mlcontainers.errors import Problem, UnknownFactError
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

Record: TypeAlias = "Mapping[str, Any]"
Kind: TypeAlias = Literal["pages", "releases", "tables"]
SCHEMA = 1
SUFFIX = ".jsonl"
# A path rather than importlib.resources: that imports tempfile and random, 5 ms that every plan would pay.
SHIPPED = Path(__file__).parent / "data"


class Store:
    """Folders of data files, the shipped one first. Where several have the same record, the last folder wins."""

    __slots__ = ("_files", "_names", "folders")

    def __init__(self, *folders: Path) -> None:
        self.folders = folders or (SHIPPED,)
        self._files: dict[tuple[str, str], tuple[Record, tuple[Record, ...]]] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    @classmethod
    def with_overlay(cls, folder: Path) -> Store:
        """The shipped data and, where it exists, a folder whose records win over them."""
        return cls(SHIPPED, folder) if folder.is_dir() and folder.resolve() != SHIPPED.resolve() else cls()

    def names(self, kind: Kind) -> tuple[str, ...]:
        """The projects, or the tables, that there are files of."""
        if kind not in self._names:
            files = (path.name for folder in self.folders for path in (folder / kind).glob("*" + SUFFIX))
            self._names[kind] = tuple(sorted({name.removesuffix(SUFFIX) for name in files}))
        return self._names[kind]

    def header(self, kind: Kind, name: str) -> Record:
        """What a file says about itself: schema version, day, and whether it is complete."""
        return self._load(kind, name)[0]

    def records(self, kind: Kind, name: str) -> tuple[Record, ...]:
        """The records of one project or table, read when they are first asked for."""
        return self._load(kind, name)[1]

    def _load(self, kind: Kind, name: str) -> tuple[Record, tuple[Record, ...]]:
        known = self._files.get((kind, name))
        if known is None:
            known = self._files[kind, name] = self._read(kind, name)
        return known

    def _read(self, kind: Kind, name: str) -> tuple[Record, tuple[Record, ...]]:
        if name not in self.names(kind):
            what = f"there is no data about {name!r}"
            raise UnknownFactError(Problem("no-facts", "error", "", what, (), did_you_mean(name, self.names(kind))))
        paths = (folder / kind / f"{name}{SUFFIX}" for folder in self.folders)
        files = [decode(path.read_text(encoding="utf-8"), path.name) for path in paths if path.is_file()]
        if len(files) == 1:
            return files[0]
        return files[-1][0], tuple({record["key"]: record for _, records in files for record in records}.values())


def decode(text: str, name: str) -> tuple[Record, tuple[Record, ...]]:
    """Header and records of one data file; raises UnknownFactError for a format that this version does not know."""
    # splitlines() would also split at characters such as U+2028, which JSON allows inside a text.
    lines = text.removesuffix("\n").split("\n")
    first, *others = (_object(line, name, number) for number, line in enumerate(lines, start=1))
    if first.get("schema") != SCHEMA:
        what = f"{name} has the format {first.get('schema')!r}, and this version reads {SCHEMA}"
        raise UnknownFactError(Problem("data-format", "error", name, what, (), ("upgrade mlcontainers",)))
    return first, tuple(others)


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        found = None
        cause = (str(error),)
    else:
        cause = ("a line holds one JSON object",)
    if not isinstance(found, dict):
        what = f"line {number} of {name} is no record"
        raise UnknownFactError(Problem("data-format", "error", f"{name}:{number}", what, cause))
    return cast("dict[str, Any]", found)
