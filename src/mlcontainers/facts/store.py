"""The data files: a header line, then one record a line, sorted, so that a refresh is a diff a person can review."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import msgspec

from mlcontainers.errors import Problem, UnknownFactError
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Record: TypeAlias = "Mapping[str, Any]"
Kind: TypeAlias = Literal["pages", "releases", "tables"]
SCHEMA = 1
SUFFIX = ".jsonl"
# A path rather than importlib.resources: that imports tempfile and random, 5 ms that every plan would pay.
SHIPPED = Path(__file__).parent / "data"


class Store:
    """Folders of data files, the shipped one first. Where several have the same record, the last folder wins."""

    __slots__ = ("_files", "_names", "_own", "folders")

    def __init__(self, *folders: Path, own: Mapping[tuple[Kind, str], Sequence[Record]] | None = None) -> None:
        self.folders = folders or (SHIPPED,)
        self._own = own or {}
        self._files: dict[tuple[str, str], tuple[Record, tuple[Record, ...]]] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    @classmethod
    def with_overlay(cls, folder: Path | None, own: Mapping[tuple[Kind, str], Sequence[Record]] | None = None) -> Store:
        """The shipped data, over them where it exists a folder of files, and over these records of one's own."""
        if folder is None or not folder.is_dir() or folder.resolve() == SHIPPED.resolve():
            return cls(own=own)
        return cls(SHIPPED, folder, own=own)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """The projects, or the tables, that there are files of."""
        if kind not in self._names:
            files = (path.name for folder in self.folders for path in (folder / kind).glob("*" + SUFFIX))
            names = {name.removesuffix(SUFFIX) for name in files} | {name for of, name in self._own if of == kind}
            self._names[kind] = tuple(sorted(names))
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
            header, records = self._read(kind, name)
            known = self._files[kind, name] = header, self._with_own(kind, name, records)
        return known

    def _with_own(self, kind: Kind, name: str, records: tuple[Record, ...]) -> tuple[Record, ...]:
        own = self._own.get((kind, name))
        if not own:
            return records
        found = {record["key"]: record for record in records}
        for record in own:
            known = found.get(record["key"])
            found[record["key"]] = record if "sources" not in record else _merged(known, record)
        return tuple(found.values())

    def _read(self, kind: Kind, name: str) -> tuple[Record, tuple[Record, ...]]:
        if name not in self.names(kind):
            what = f"there is no data about {name!r}"
            raise UnknownFactError(Problem("no-facts", "error", "", what, (), did_you_mean(name, self.names(kind))))
        paths = (folder / kind / f"{name}{SUFFIX}" for folder in self.folders)
        files = [decode(path.read_text(encoding="utf-8"), path.name) for path in paths if path.is_file()]
        if not files:  # Nobody but the user has such records.
            return {"pythons": ("3.6", "3.15")}, ()
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
    project = first.get("project")
    return first, tuple({**_identity(project, record["version"]), **record} for record in others) if project else tuple(
        others
    )


def _identity(project: str, version: str) -> Record:
    return {"key": f"{project}=={version}", "package": project}


def brief(project: str, record: Record) -> Record:
    """A release as its file has it: the file's header names the project, once for all."""
    known = _identity(project, record["version"])
    return {field: value for field, value in record.items() if field not in known}


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        found = None
        cause = (str(error),)
    else:
        cause = ("a line holds one JSON object",)
    if not isinstance(found, dict):
        what = f"line {number} of {name} is no record"
        raise UnknownFactError(Problem("data-format", "error", f"{name}:{number}", what, cause))
    return cast("dict[str, Any]", found)


def _merged(base: Record | None, own: Record) -> Record:
    """A shipped record with the user's fields over it, each with its own source."""
    if base is None:
        return own
    source = own["sources"]["*"]
    fields = {key: value for key, value in own.items() if key not in {"key", "sources", "package", "version"}}
    sources = {**base["sources"], **dict.fromkeys(_paths(fields), source)}
    return {**cast("dict[str, Any]", _over(base, fields)), "sources": sources}


def _over(base: Any, own: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    known = cast("dict[str, Any]", base)
    return {**known, **{key: _over(known.get(key), value) for key, value in cast("dict[str, Any]", own).items()}}


def _paths(fields: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """`variants.x86_64`: what a source is named for; two levels are as fine as sources are."""
    for key, value in fields.items():
        if isinstance(value, dict) and not prefix:
            yield from _paths(cast("dict[str, Any]", value), f"{key}.")
            yield key
        else:
            yield f"{prefix}{key}"
