"""Amounts of memory as Docker writes them."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_MEMORY = re.compile(r"([1-9][0-9]{0,11})([bkmg])", re.ASCII).fullmatch
_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Memory(TextValue, frozen=True):
    """An amount of memory with its unit, in powers of 1024: `512m`, `1g`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("512m", "1g")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number and one of b, k, m, g; a unit is required."""
        if not isinstance(text, str) or not _MEMORY(text.lower()):
            raise invalid("bad-memory", f"{text!r} is no amount of memory", "as in '512m' or '1g'")
        return cls(text.lower())

    @property
    def bytes(self) -> int:
        """How much it is."""
        return int(self.text[:-1]) * _UNITS[self.text[-1]]

    def __str__(self) -> str:
        return self.text
