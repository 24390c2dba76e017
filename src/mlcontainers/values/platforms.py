"""Where an image runs."""

from __future__ import annotations

from typing import ClassVar, Self

from mlcontainers.values.text import did_you_mean, invalid
from mlcontainers.values.text_value import TextValue

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_SYNONYMS = {"x86_64": "amd64", "aarch64": "arm64"}


class Platform(TextValue, frozen=True):
    """Where an image runs, as builders write it: `linux/amd64` or `linux/arm64`."""

    arch: str

    examples: ClassVar[tuple[str, ...]] = ("linux/amd64", "linux/arm64")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `linux/amd64` or `linux/arm64`; `x86_64` and `aarch64` are understood."""
        system, slash, arch = text.partition("/")
        arch = _SYNONYMS.get(arch, arch)
        if slash and system == "linux" and arch in _MACHINES:
            return cls(arch)
        hints = did_you_mean(text, cls.examples) or (f"one of {', '.join(cls.examples)}",)
        raise invalid("bad-platform", f"{text!r} is no platform that wheels of ML frameworks exist for", *hints)

    @property
    def machine(self) -> str:
        """The machine as wheel tags name it: `x86_64` or `aarch64`."""
        return _MACHINES[self.arch]

    def __str__(self) -> str:
        return f"linux/{self.arch}"
