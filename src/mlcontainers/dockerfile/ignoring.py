"""Patterns of a `.dockerignore` file: which paths of the build context they keep away."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read_patterns(text: str) -> tuple[str, ...]:
    """The patterns of a file, one a line; blank lines and comments left out, paths made plain."""
    return tuple(_patterns(text.removeprefix("\ufeff").split("\n")))


def _patterns(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("#"):
            continue
        pattern = line.strip()
        if not pattern:
            continue
        exception = "!" if pattern.startswith("!") else ""
        path = posixpath.normpath(pattern.removeprefix("!").strip() or ".")
        # A path from the root is one from the context.
        yield exception + (path.lstrip("/") if len(path) > 1 else path)


def is_ignored(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a path, or a folder it is in, is kept away; the last pattern that matches decides."""
    path = posixpath.normpath(path).lstrip("/")
    parents = [path, *(path[: match.start()] for match in re.finditer("/", path))]
    found = False
    for pattern in patterns:
        exception = pattern.startswith("!")
        if any(_compiled(pattern.removeprefix("!")).fullmatch(parent) for parent in parents):
            found = not exception
    return found


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_regex(pattern), re.DOTALL)


def _regex(pattern: str) -> str:
    """`**` stands for any folders, `*` and `?` for anything but `/`; a backslash takes the next character as it is."""
    out: list[str] = []
    position = 0
    while position < len(pattern):
        if pattern.startswith("**", position):
            position += 2
            if pattern.startswith("/", position):
                position += 1
                out.append("(?:.*/)?")
            else:
                out.append(".*")
            continue
        character = pattern[position]
        position += 1
        if character == "\\" and position < len(pattern):
            character = re.escape(pattern[position])
            position += 1
            out.append(character)
        elif character == "[" and (end := pattern.find("]", position + 1)) > 0:
            out.append("[" + pattern[position:end].replace("\\", "\\\\") + "]")
            position = end + 1
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(character) or re.escape(character))
    return "".join(out)
