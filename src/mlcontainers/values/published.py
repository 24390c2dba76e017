"""Ports of a container, made reachable from outside."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.ports import Port
from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_PUBLISHED = re.compile(
    r"(?:(?:(?P<host>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:]+\]):)?(?P<outside>[0-9]{1,5}):)?(?P<inside>[0-9a-z/]+)",
    re.ASCII,
).fullmatch
LOOPBACK = "127.0.0.1"


class PublishedPort(TextValue, frozen=True):
    """`8080`, `80:8080` or `0.0.0.0:80:8080`: a port of the host, and that of the container which it leads to.

    Where no address is named it is this machine's alone: Docker would open it to everybody, past most firewalls.
    """

    inside: Port
    outside: int
    address: str = LOOPBACK

    examples: ClassVar[tuple[str, ...]] = ("8080", "80:8080", "0.0.0.0:80:8080")

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read it as `docker run --publish` does, without ranges."""
        match = _PUBLISHED(str(text))
        if match is None or isinstance(text, bool):
            raise invalid("bad-port", f"{text!r} is no published port", "as in 8080, '80:8080', '0.0.0.0:80:8080'")
        inside = Port.parse(match["inside"])
        outside = Port.parse(match["outside"]).number if match["outside"] else inside.number
        return cls(inside, outside, match["host"] or LOOPBACK)

    def __str__(self) -> str:
        return f"{self.address}:{self.outside}:{self.inside}"
