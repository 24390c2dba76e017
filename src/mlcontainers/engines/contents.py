"""The files of a build context that an image takes, with all about them that can change it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.ignoring import is_ignored
from mlcontainers.engines.ignoring import ignore_patterns, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Dockerfile


def contents(dockerfile: Dockerfile, folder: Path) -> dict[str, str]:
    """By path what a Dockerfile takes from this folder: mode and digest of a file, mode of a folder, target of a link.

    Owners and times are left out: a builder copies everything as root's, and takes a file of another time for the same.
    """
    patterns = ignore_patterns(dockerfile, folder)
    return {path: state for source in taken(dockerfile) for path, state in _below(folder, source, patterns)}


def _below(folder: Path, source: str, patterns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """A file, or all that is in a folder; a folder's own mode is not taken along."""
    yield from _links(folder, source)
    start = (folder / source).resolve()
    if not start.is_relative_to(folder.resolve()):
        return
    if start.is_dir():
        yield from _inside(folder, "" if source == "." else source + "/", start, patterns)
    elif start.exists() and not is_ignored(source, patterns):
        yield source, _state(start)


def _links(folder: Path, source: str) -> Iterator[tuple[str, str]]:
    """Links on the way to what is named: a builder follows them."""
    path = folder
    for name in Path(source).parts:
        path /= name
        if path.is_symlink():
            yield str(path.relative_to(folder)), _state(path)


def _inside(folder: Path, prefix: str, directory: Path, patterns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    exceptions = any(pattern.startswith("!") for pattern in patterns)
    with os.scandir(directory) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = prefix + entry.name
        ignored = bool(patterns) and is_ignored(path, patterns)
        if not entry.is_dir(follow_symlinks=False):
            if not ignored:
                yield path, _state(Path(entry))
            continue
        # Below a folder that is kept away, an exception may let something in again.
        inner = [] if ignored and not exceptions else list(_inside(folder, path + "/", Path(entry), patterns))
        if inner or not ignored:
            yield path, _state(Path(entry))
        yield from inner


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
