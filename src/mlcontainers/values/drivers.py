"""Versions of NVIDIA drivers."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_DRIVER = re.compile(r"[0-9]{3}(?:\.[0-9]{1,3}){0,2}", re.ASCII).fullmatch


class Driver(TextValue, frozen=True, order=True):
    """The version of an NVIDIA driver, such as `570.86.10`."""

    numbers: tuple[int, ...]

    examples: ClassVar[tuple[str, ...]] = ("570.86.10", "580")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one to three numbers, as `nvidia-smi` shows them."""
        if not isinstance(text, str) or not _DRIVER(text):
            raise invalid("bad-driver", f"{text!r} is no NVIDIA driver version", "as in '570.86.10' or '580'")
        return cls(tuple(map(int, text.split("."))))

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers))
