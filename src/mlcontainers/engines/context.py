"""What a plan needs to know of the files of a build context."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.planners.reading import wanted_files
from mlcontainers.values.context import ContextFiles

if TYPE_CHECKING:
    from mlcontainers.image import Image


def read_context(image: Image, folder: str | Path) -> ContextFiles:
    """The requirements files, pyprojects and locks that the image names, and those that they name.

    A file that is not there is left out. Raises InvalidValueError for one that cannot be read as text.
    """
    return ContextFiles.of(wanted_files(image, lambda path: _text(Path(folder), path)))


def _text(folder: Path, path: str) -> str | None:
    file = folder / path
    if not file.is_file():
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "") if isinstance(error, OSError) else "it is no UTF-8 text"
        what = f"cannot read {path!r}: {reason.lower()}"
        raise InvalidValueError(Problem("unreadable-file", "error", "context", what)) from None
