"""Lengths of time as Docker writes them."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h))+", re.ASCII).fullmatch
_PART = re.compile(r"([0-9.]+)(ms|s|m|h)", re.ASCII)
_LONGEST = 366 * 24 * 3_600_000
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


class Duration(TextValue, frozen=True):
    """A length of time from a millisecond to a year, with its unit: `30s`, `1m30s`, `500ms`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("30s", "1m30s", "500ms")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a duration in Go's notation, as BuildKit does; a unit is required."""
        if not isinstance(text, str) or not _DURATION(text) or not 1 <= cls(text).milliseconds <= _LONGEST:
            hint = f'write "{text}s"' if str(text).isdigit() and str(text) != "0" else "as in '30s' or '1m30s'"
            raise invalid("bad-duration", f"{text!r} is no duration from a millisecond to a year", hint)
        return cls(text)

    @property
    def milliseconds(self) -> float:
        """How long it is."""
        return sum(float(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(self.text))

    @property
    def seconds(self) -> str:
        """In seconds alone, such as `90s` or `0.5s`: hadolint stops at other units and at two of them."""
        return f"{self.milliseconds / 1000:.12g}s"

    def __str__(self) -> str:
        return self.text
