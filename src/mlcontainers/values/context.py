"""Texts of a build context: what plans know of the files that an image names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ContextFiles:
    """Files of a build context by their paths in it, as text. A path that is not here has no file."""

    texts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> ContextFiles:
        """The same files, whatever order they are given in."""
        return cls(tuple(sorted(texts.items())))

    def get(self, path: str) -> str | None:
        """The text of a file; None where there is none."""
        return dict(self.texts).get(path)
