"""`COPY` and `ADD` name files that `.dockerignore` lets into the build."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.ignoring import is_ignored
from mlcontainers.dockerfile.instructions import Add, Copy
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View

_EVERYTHING = frozenset(("*", "**", "**/*"))


def _find(view: View) -> Iterator[Finding]:
    # With an exception among the patterns nobody can tell without the files.
    if not view.ignore or any(pattern.startswith("!") for pattern in view.ignore):
        return
    for place in view.places:
        node = place.node
        if not isinstance(node, Copy | Add) or (isinstance(node, Copy) and node.from_):
            continue
        for source in node.sources:
            if (
                isinstance(source, str)
                and "$" not in source
                and "://" not in source
                and _kept_away(source, view.ignore)
            ):
                yield place, f"{source!r} is kept out of the build by .dockerignore", ()


def _kept_away(source: str, patterns: tuple[str, ...]) -> bool:
    if posixpath.normpath(source) in {".", "/"}:
        return not _EVERYTHING.isdisjoint(patterns)
    return is_ignored(source, patterns)


RULE = Rule("CopyIgnoredFile", "copy-ignored-file", "a build finds no such file, whatever is in the folder", _find)
