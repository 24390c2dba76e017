"""Ports that a service listens on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, cast

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp|sctp))?", re.ASCII).fullmatch
Protocol = Literal["tcp", "udp", "sctp"]


@dataclass(frozen=True, slots=True, order=True)
class Port(TextValue):
    """A port from 1 to 65535, TCP unless it says otherwise: `8080`, `53/udp`."""

    number: int
    protocol: Protocol = "tcp"

    examples: ClassVar[tuple[str, ...]] = ("8080", "53/udp")

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read `8080` or `53/udp`."""
        match = _PORT(str(text)) if not isinstance(text, bool) else None
        if match is None or not 1 <= int(match[1]) <= 65535:
            hint = "publish a host port when you run the image: docker run -p HOST:CONTAINER" if ":" in str(text) else "as in 8080 or '53/udp'"
            raise invalid("bad-port", f"{text!r} is no port", hint)
        return cls(int(match[1]), cast("Protocol", match[2] or "tcp"))

    def __str__(self) -> str:
        return str(self.number) if self.protocol == "tcp" else f"{self.number}/{self.protocol}"
