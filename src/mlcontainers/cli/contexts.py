"""Files of a build context that an image names, for commands that build nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcontainers import Image
    from mlcontainers.values.context import ContextFiles


def files_of(image: "Image", file: str, folder: str | None) -> "ContextFiles | None":
    """What a plan reads of the folder; without one, what lies beside the image's own file, if anything does."""
    from mlcontainers.engines.context import read_context

    found = read_context(image, Path(file).parent if folder is None else folder)
    return found if found.texts or folder is not None else None
