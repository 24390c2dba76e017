"""The user's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from mlcontainers.dockerfile import Copy
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.values.paths import ContextPath, ImagePath

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Comment, Instruction
    from mlcontainers.layers.target import Target


class Files(Layer, frozen=True):
    """A file, or all that is in a folder, copied into a folder of the image; owned by root, readable by all."""

    volatility: ClassVar[Volatility] = Volatility.CODE

    kind: Literal["files"] = "files"
    source: ContextPath
    """A file or folder of the build context."""
    destination: ImagePath
    """The folder of the image that it goes into."""

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """Linked, so that it can be rebuilt on top of layers that are not even pulled."""
        destination = str(self.destination).rstrip("/") + "/"
        return (Copy((str(self.source),), destination, link=True),)
