"""Records and where they come from."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mlcontainers.facts.store import load
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from mlcontainers.facts.store import Record


class Sourced:
    """A record that can say, for each of its fields, where it was read and when."""

    __slots__ = ("record",)

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def key(self) -> str:
        """Its name in the catalogue."""
        key: str = self.record["key"]
        return key

    def why(self, field: str, claim: str) -> Fact:
        """`claim` with the source of this field, or of the nearest field above it."""
        ids: dict[str, str] = self.record["sources"]
        path = field
        while path not in ids and path:
            path = path.rpartition(".")[0]
        name, _, stamp = ids.get(path, ids.get("*", next(iter(ids.values())))).partition("@")
        source, date = _source(name)
        return Fact(claim, source, stamp.rpartition(" ")[2] if " " in stamp else date)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.record == other.record

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"


@cache
def _source(name: str) -> tuple[str, str]:
    """How a source is called in a sentence, and its date."""
    for record in load("tables", "sources")[1]:
        if record["key"] == name:
            spoken = f"{record['repo']} {record.get('path', '')}".strip() if "repo" in record else _SPOKEN.get(name, name)
            return spoken, str(record["date"])
    raise LookupError(name)


_SPOKEN = {
    "index": "Python index",
    "metadata": "wheel metadata",
    "wheel-content": "wheel content",
    "cuda-toolkit-wheels": "cuda-toolkit wheel metadata",
    "cuda-release-notes": "CUDA release notes",
    "image-use": "public Dockerfiles",
    "distribution-python": "distribution packages",
}
