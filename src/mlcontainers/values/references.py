"""Image references: `[host[:port]/]path[:tag][@digest]`."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = (
    r"(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]*[A-Z][A-Za-z0-9-]*|[A-Za-z0-9-]+(?=:))(?::[0-9]+)?"
)
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
).fullmatch
_BARE_ID = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch


class ImageReference(TextValue, frozen=True):
    """The name of an image, as in `python:3.12-slim-bookworm` or `host:5000/team/base@sha256:...`."""

    name: str
    """Registry and path, as written."""
    tag: str | None = None
    digest: str | None = None

    examples: ClassVar[tuple[str, ...]] = ("python:3.12-slim-bookworm",)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference by the rules of the distribution project."""
        match = _REFERENCE(text) if isinstance(text, str) else None
        if match is None or len(match["name"]) > 255 or _BARE_ID(text):
            raise invalid("bad-reference", f"{text!r} is no image reference", "as in 'python:3.12-slim-bookworm'")
        return cls(match["name"], match["tag"], match["digest"])

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return self.name + tag + (f"@{self.digest}" if self.digest else "")
