"""Texts of a build context: what plans know of the files that an image names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class ContextFiles(Struct, frozen=True):
    """Files of a build context by their paths in it, as text. A path that is not here has no file."""

    texts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> ContextFiles:
        """The same files, whatever order they are given in."""
        return cls(tuple(sorted(texts.items())))

    def get(self, path: str) -> str | None:
        """The text of a file; None where there is none."""
        return dict(self.texts).get(path)
