"""The files of a build context that an image takes, with all about them that can change it."""

from __future__ import annotations

import hashlib
import stat
from typing import TYPE_CHECKING

from mlcontainers.engines.ignoring import sent

if TYPE_CHECKING:
    from pathlib import Path

    from mlcontainers.dockerfile import Dockerfile


def contents(dockerfile: Dockerfile, folder: Path) -> dict[str, str]:
    """By path what a Dockerfile takes from this folder: mode and digest of a file, mode of a folder, target of a link.

    Owners and times are left out: a builder copies everything as root's, and takes a file of another time for the same.
    """
    return {path: _state(place) for path, place in sent(dockerfile, folder).items()}


def _state(path: Path) -> str:
    about = path.lstat()
    mode = f"{stat.S_IMODE(about.st_mode):04o}"
    if stat.S_ISLNK(about.st_mode):
        return f"link to {path.readlink()}"
    if stat.S_ISDIR(about.st_mode):
        return f"folder {mode}"
    if not stat.S_ISREG(about.st_mode):
        return "neither file nor folder"
    with path.open("rb") as stream:
        return f"{mode} sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
