"""Which GPUs of a host a container gets, and which models an image is for."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid, word
from mlcontainers.values.text_value import TextValue

_UUID = re.compile(r"(?:GPU|MIG)-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII).fullmatch
_COUNT = re.compile(r"[1-9][0-9]{0,3}", re.ASCII).fullmatch
_CAPABILITY = re.compile(r"(?:sm_?)?([0-9]{1,2})\.?([0-9])", re.ASCII).fullmatch
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()/+-]{0,60}", re.ASCII).fullmatch


class GpuRequest(TextValue, frozen=True):
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


def capability(gpu: str) -> str | None:
    """The compute capability that `8.9`, `sm_89` or `89` names; None for a name of a GPU."""
    match = _CAPABILITY(word(gpu, "GPU"))
    return f"{match[1]}.{match[2]}" if match else None


class GpuModel(TextValue, frozen=True, order=True):
    """A GPU that an image is for: by its name, `RTX 4090`, or by its compute capability, `8.9`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("H100", "RTX 4090", "8.9")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name or a compute capability; `sm_89` is the same as `8.9`. Which names there are is for the facts."""
        name = word(text, "GPU")
        if not _MODEL(name):
            raise invalid("bad-gpu", f"{name!r} is no GPU", "as in 'H100', 'RTX 4090' or '8.9'")
        return cls(capability(name) or name)

    def __str__(self) -> str:
        return self.text
