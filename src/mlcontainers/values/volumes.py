"""Folders and volumes of a host inside a container."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.paths import ImagePath
from mlcontainers.values.text import invalid, word
from mlcontainers.values.text_value import TextValue

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII).fullmatch


class Volume(TextValue, frozen=True):
    """`models:/models`, `./data:/data:ro`: a volume by name, or a folder of the host by a path."""

    source: str
    target: ImagePath
    read_only: bool = False

    examples: ClassVar[tuple[str, ...]] = ("models:/models", "./data:/data:ro")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it as `docker run --volume` does; a path begins with `/`, `./` or `../`."""
        parts = word(text, "volume").split(":")
        if len(parts) not in {2, 3} or parts[2:] not in ([], ["ro"], ["rw"]):
            raise invalid("bad-volume", f"{text!r} is no volume", "as in 'models:/models' or './data:/data:ro'")
        source, target = parts[0], ImagePath.parse(parts[1])
        if not source.startswith(("/", "./", "../")) and source not in {".", ".."} and not _NAME(source):
            hint = f"a folder begins with a dot or a slash: './{source}'"
            raise invalid("bad-volume", f"{source!r} is neither the name of a volume nor the path of a folder", hint)
        return cls(source, target, parts[2:] == ["ro"])

    @property
    def named(self) -> bool:
        """Whether it is a volume of the engine's, not a folder."""
        return not self.source.startswith((".", "/"))

    def __str__(self) -> str:
        return f"{self.source}:{self.target}{':ro' if self.read_only else ''}"
