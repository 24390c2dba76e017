"""Records and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from mlcontainers.facts.store import Record, Store


class Source(Struct, frozen=True):
    """Where a field was read."""

    name: str
    """The id that records use, such as `index` or `uv-drivers`."""
    title: str
    """How it is called in a sentence."""
    date: str
    """When it was read or what it knows until, as exact as it is itself; empty where it does not say."""
    commit: str = ""
    """The state of the repository it was read in, where it is one."""


class Sources:
    """What the ids in records stand for."""

    __slots__ = ("_known", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Source] = {}

    def named(self, text: str) -> Source:
        """The source behind an id, or behind one with a state of its own: `test-infra-matrix@f563b660a3 2025-10-14`."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._look_up(text)
        return known

    def _look_up(self, text: str) -> Source:
        name, _, stamp = text.partition("@")
        commit, _, date = stamp.partition(" ")
        for record in self._store.records("tables", "sources"):
            if record["key"] == name:
                date, commit = date or record.get("as_of", ""), commit or record.get("commit", "")
                return Source(name, record["title"], date, commit)
        return Source(name, name, date, commit)


class Origin(Struct, frozen=True):
    """What all records of one file share."""

    header: Record
    sources: Sources


class Sourced:
    """A record that can say, for each of its fields, where it was read and when. Treat it as frozen."""

    def __init__(self, record: Record, origin: Origin) -> None:
        self.record = record
        self.origin = origin

    @property
    def key(self) -> str:
        """Its name in the catalogue."""
        return str(self.record["key"])

    def source(self, field: str = "*") -> Source:
        """Where this field was read, or the nearest field above it: `linux.x86_64.build`, `linux.x86_64`, `linux`."""
        ids: dict[str, str] = self.record["sources"]
        path = field
        while path and path not in ids:
            path = path.rpartition(".")[0]
        return self.origin.sources.named(ids.get(path) or ids.get("*") or next(iter(ids.values())))

    def why(self, field: str, claim: str) -> Fact:
        """`claim` with the source and date of this field."""
        source = self.source(field)
        return Fact(claim, source.title, source.date)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.record == other.record

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"
