"""Paths inside an image and inside a build context."""

from __future__ import annotations

import re
from posixpath import normpath
from typing import ClassVar, Self

from mlcontainers.values.text import invalid, word
from mlcontainers.values.text_value import TextValue


def _path(text: object) -> str:
    """One line without what a builder changes in a path: it expands variables and removes quotes there."""
    path = word(text, "path")
    if found := [character for character in "$\\\"'" if character in path]:
        raise invalid(
            "unreadable-path",
            f"path {path!r} holds {found[0]}",
            "choose a path without $, quotes and backslashes",
            because=("builders expand variables and remove quotes and backslashes in paths",),
        )
    return path


_MOUNTABLE = re.compile(r"[!-~]+", re.ASCII).fullmatch


class ImagePath(TextValue, frozen=True):
    """An absolute path inside the image, such as `/app`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("/app",)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an absolute path; it is brought to its shortest form."""
        path = _path(text)
        if not path.startswith("/"):
            raise invalid("relative-path", f"{path!r} is not absolute", f'write "/{path}"')
        return cls("/" + normpath(path).lstrip("/"))

    def __str__(self) -> str:
        return self.text


class ContextPath(TextValue, frozen=True):
    """A file or folder inside the build context, such as `src` or `requirements.txt`; `.` is all of it."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("src", "requirements.txt")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path relative to the build context that does not leave it."""
        path = _path(text)
        shortest = normpath(path)
        if path.startswith(("/", "~")) or shortest.startswith(".."):
            raise invalid(
                "outside-context",
                f"{path!r} lies outside the build context",
                "name it relative to the folder that is built, and build from a folder that holds it",
                because=("a builder only sees the files below its context",),
            )
        if "://" in path or path.startswith("-"):
            raise invalid("not-a-file", f"{path!r} is no file of the build context")
        if shortest.startswith("!"):
            because = ("a builder takes a name that begins with ! for one to leave out, and does not find it",)
            raise invalid("unreadable-path", f"path {path!r} begins with !", "give it another name", because=because)
        if any(character in path for character in "*?[") or "<<" in path:
            raise invalid(
                "pattern",
                f"{path!r} is a pattern, not a path",
                "name the folder, or each file in a call of its own",
                because=("a pattern that matches nothing copies nothing, and the build stays green",),
            )
        return cls(shortest)

    def __str__(self) -> str:
        return self.text


class MountedPath(ContextPath, frozen=True):
    """A file of the build context that a build step sees without a layer keeping it, such as `requirements.txt`."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path that can stand in a mount of a build step."""
        path = super().parse(text)
        if not _MOUNTABLE(path.text) or any(sign in path.text for sign in ",`"):
            raise invalid(
                "unmountable-path",
                f"path {path.text!r} holds a blank, a comma, a backtick or a character beyond ASCII",
                "give the file another name",
                because=("a build step mounts it, and builders do not agree on how such a name is written there",),
            )
        return path
