"""What stands in a Dockerfile beside instructions: comments, blank lines, directives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from mlcontainers.dockerfile.instructions.instruction import Instruction
from mlcontainers.dockerfile.refusals import filled, one_line, refuse


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line of its own, without its `#` and the blank behind it."""

    text: str
    written: str | None = field(default=None, init=False, compare=False, repr=False)
    """The line it was read from; `None` where it was made."""

    def __post_init__(self) -> None:
        one_line(self.text, "comment")

    def __str__(self) -> str:
        # A blank after the first #, but not within `##` and `#!`, which mean something to people and programs.
        return f"#{self.text}" if self.text[:1] in {"", "#", "!"} else f"# {self.text}"


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line."""

    written: str | None = field(default=None, init=False, compare=False, repr=False)
    """The line it was read from; `None` where it was made."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Directive:
    """A line at the very top that steers how the file is read: `syntax`, `escape` or `check`."""

    name: str
    value: str
    written: str | None = field(default=None, init=False, compare=False, repr=False)
    """The line it was read from; `None` where it was made."""

    def __post_init__(self) -> None:
        if self.name not in {"syntax", "escape", "check"}:
            raise refuse("bad-directive", f"there is no directive {self.name!r}", "syntax, escape or check")
        if self.name == "escape" and self.value not in {"\\", "`"}:
            raise refuse("bad-escape", f"escape must be a backslash or a backtick, got {self.value!r}")
        if self.name != "escape":
            filled(self.value, "directive")

    def __str__(self) -> str:
        return f"# {self.name}={self.value}"


Item: TypeAlias = Instruction | Comment | Blank | Directive
"""What a document is made of, in order."""


def trusted_comment(text: str) -> Comment:
    """A comment that was read from a file, whatever it holds."""
    comment = object.__new__(Comment)
    object.__setattr__(comment, "text", text)
    object.__setattr__(comment, "written", None)
    return comment


T = TypeVar("T", Comment, Blank, Directive)


def as_written(item: T, text: str) -> T:
    """The item, with the line it was read from."""
    object.__setattr__(item, "written", text)
    return item
