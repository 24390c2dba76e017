"""Versions of Python and of CUDA. Package versions are `packaging.version.Version`."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_TWO = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})", re.ASCII).fullmatch
_THREE = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})(?:\.(0|[1-9][0-9]{0,3}))?", re.ASCII).fullmatch


class PythonVersion(TextValue, frozen=True, order=True):
    """A Python feature release, such as `3.12`. Patches come from the base image."""

    major: int
    minor: int

    examples: ClassVar[tuple[str, ...]] = ("3.12",)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `3.12`."""
        if isinstance(text, str) and (match := _TWO(text)):
            return cls(int(match[1]), int(match[2]))
        if isinstance(text, str) and (match := _THREE(text)):
            raise invalid(
                "bad-python",
                f"Python {text!r} names a patch release",
                f'write "{match[1]}.{match[2]}"',
                because=("the base image brings the newest patch, and wheels do not depend on it",),
            )
        hint = f'write "{text}" in quotes' if isinstance(text, float) else 'write it as "3.12"'
        raise invalid("bad-python", f"{text!r} is no Python version", hint)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class CudaVersion(TextValue, frozen=True, order=True):
    """A CUDA release, `12.8`, or one of its updates, `12.8.1`."""

    major: int
    minor: int
    patch: int | None = None

    examples: ClassVar[tuple[str, ...]] = ("12.8", "13.0")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `12.8` or `12.8.1`."""
        if isinstance(text, str) and (match := _THREE(text)):
            return cls(int(match[1]), int(match[2]), int(match[3]) if match[3] else None)
        if isinstance(text, str) and (match := re.fullmatch(r"cu([0-9]{2})([0-9])", text, re.ASCII)):
            raise invalid("bad-cuda", f"{text!r} is the label of a wheel", f'write "{match[1]}.{match[2]}"')
        hint = f'write "{text}" in quotes' if isinstance(text, float) else 'write it as "12.8"'
        raise invalid("bad-cuda", f"{text!r} is no CUDA version", hint)

    @property
    def release(self) -> CudaVersion:
        """Without the update: what wheels are built for."""
        return CudaVersion(self.major, self.minor)

    @property
    def label(self) -> str:
        """The local version label of wheels for this release, such as `cu128`."""
        return f"cu{self.major}{self.minor}"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}" + ("" if self.patch is None else f".{self.patch}")
