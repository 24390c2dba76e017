"""Which GPUs of a host a container gets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_UUID = re.compile(r"(?:GPU|MIG)-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII).fullmatch
_COUNT = re.compile(r"[1-9][0-9]{0,3}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class GpuRequest(TextValue):
    """How many GPUs, or which: `all`, `none`, `2`, `GPU-3a1b5c7d-...` with commas between several."""

    count: int | None
    """None is all of them."""
    uuids: tuple[str, ...] = ()

    examples: ClassVar[tuple[str, ...]] = ("all", "none", "2")

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read a number of GPUs, or UUIDs as `nvidia-smi -L` prints them.

        An index is refused: which GPU is the first can change when the host starts.
        """
        given = str(text)
        if given in {"all", "none"}:
            return cls(None if given == "all" else 0)
        uuids = tuple(given.split(","))
        if all(map(_UUID, uuids)):
            return cls(len(uuids), uuids)
        if isinstance(text, bool) or not _COUNT(given):
            indices = re.search(r"[0-9],|device=", given)
            because = ("an index may mean another GPU when the host starts anew",) if indices else ()
            raise invalid("bad-gpus", f"{text!r} says no GPUs", "as in 'all', '2' or 'GPU-<UUID>'", because=because)
        return cls(int(given))

    @property
    def wanted(self) -> bool:
        """Whether it asks for any."""
        return self.count != 0

    def __str__(self) -> str:
        return ",".join(self.uuids) or ("all" if self.count is None else str(self.count) if self.count else "none")
