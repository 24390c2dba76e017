"""What of a folder a builder is sent: what the image takes, without what never belongs into one.

It is a `.dockerignore` made for one Dockerfile, which builders find beside it by its name. The folder's own is part of
it and stays as it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import Add, Copy, Run
from mlcontainers.dockerfile.ignoring import is_ignored, read_patterns
from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Dockerfile

NEVER = (
    ".git", ".hg", ".svn", ".venv", "__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache",
)  # fmt: skip
"""Left out wherever they are: made again from what is there, or of no use in an image."""
SECRETS = (
    ".env", ".env.*", ".netrc", ".pypirc", ".npmrc", ".aws", ".ssh", ".kube", ".git-credentials", "*.key", "*.p12",
    "*.pfx", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "credentials.json", "secrets.toml", "secrets.yaml",
    "secrets.yml",
)  # fmt: skip
"""Names that files with passwords and keys have by convention."""
WEIGHTS = ("*.safetensors", "*.ckpt", "*.gguf", "*.pt", "*.pth", "*.h5", "*.keras", "*.onnx")
"""Names that weights of models have."""
_LEAKS = {
    "files of this name hold secrets, and whoever has the image can read it": tuple(f"**/{name}" for name in SECRETS),
    "files of this name hold weights, which make an image large and every push slow": tuple(
        f"**/{name}" for name in WEIGHTS
    ),
}
"""Why a file of a name like these does not enter unasked."""
_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\*?["})


@dataclass(frozen=True, slots=True)
class Weight:
    """What a builder is sent."""

    files: int
    size: int
    """Bytes of all of them."""
    largest: str = ""
    """The path of the largest one."""
    largest_size: int = 0

    def __str__(self) -> str:
        most = f", the largest {self.largest} with {human_size(self.largest_size)}" if self.files > 1 else ""
        return f"{self.files} {'file' if self.files == 1 else 'files'}, {human_size(self.size)}{most}"


def taken(dockerfile: Dockerfile) -> tuple[str, ...]:
    """The paths of the build context that instructions copy or mount, each once."""
    return tuple(dict.fromkeys(_taken(dockerfile)))


def ignore_file(dockerfile: Dockerfile, folder: Path) -> str:
    """The text of the `.dockerignore` for this Dockerfile in this folder; the last line that matches a path decides."""
    paths = taken(dockerfile)
    lines: list[str] = []
    # What a link on the way leads to is sent too, wherever that is: then nothing is kept away by its place.
    if "." not in paths and not any(_is_behind_a_link(folder, path) for path in paths):
        lines += ["# What the image takes, and nothing else.", "*", *(f"!{_pattern(path)}" for path in paths)]
    own = folder / ".dockerignore"
    if own.is_file():
        lines += [
            "# The folder's own .dockerignore.",
            own.read_text(encoding="utf-8", errors="surrogateescape").rstrip(),
        ]
    lines += ["# What belongs into no image.", *(f"**/{name}" for name in NEVER)]
    return "\n".join(lines) + "\n"


def ignore_patterns(dockerfile: Dockerfile, folder: Path) -> tuple[str, ...]:
    """The same as patterns."""
    return read_patterns(ignore_file(dockerfile, folder))


def refuse_leaks(dockerfile: Dockerfile, folder: Path) -> None:
    """Raise InvalidValueError where secrets, or weights that nobody asked for by name, would enter the image."""
    named = set(taken(dockerfile))
    problems = [
        _leak(path, because)
        for path in _files(dockerfile, folder)
        if path not in named
        for because, patterns in _LEAKS.items()
        if is_ignored(path, patterns)
    ]
    if problems:
        raise InvalidValueError(*problems)


def weight(dockerfile: Dockerfile, folder: Path) -> Weight:
    """How many files a builder is sent, and how large they are."""
    sizes = {path: place.lstat().st_size for path, place in _files(dockerfile, folder).items()}
    largest = max(sizes, key=lambda path: sizes[path], default="")
    return Weight(len(sizes), sum(sizes.values()), largest, sizes.get(largest, 0))


def sent(dockerfile: Dockerfile, folder: Path) -> dict[str, Path]:
    """By its path in the context every file, folder and link that a builder is sent, with where it lies."""
    patterns = ignore_patterns(dockerfile, folder)
    return {path: place for source in taken(dockerfile) for path, place in _below(folder, source, patterns)}


def _files(dockerfile: Dockerfile, folder: Path) -> dict[str, Path]:
    found = sent(dockerfile, folder)
    return {path: place for path, place in found.items() if place.is_symlink() or not place.is_dir()}


def _below(folder: Path, source: str, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """A file, or all that is in a folder; a folder's own mode is not taken along."""
    yield from _links(folder, source)
    start = (folder / source).resolve()
    if not start.is_relative_to(folder.resolve()):
        return
    if start.is_dir():
        yield from _inside("" if source == "." else source + "/", start, patterns)
    elif start.exists() and not is_ignored(source, patterns):
        yield source, start


def _links(folder: Path, source: str) -> Iterator[tuple[str, Path]]:
    """Links on the way to what is named: a builder follows them."""
    path = folder
    for name in Path(source).parts:
        path /= name
        if path.is_symlink():
            yield path.relative_to(folder).as_posix(), path


def _inside(prefix: str, directory: Path, patterns: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    with os.scandir(directory) as entries:
        found = sorted((entry for entry in entries if entry.name not in NEVER), key=lambda entry: entry.name)
    for entry in found:
        path = prefix + entry.name
        ignored = is_ignored(path, patterns)
        if not entry.is_dir(follow_symlinks=False):
            if not ignored:
                yield path, Path(entry)
            continue
        # Below a folder that is kept away, an exception may let something in again.
        inner = list(_inside(path + "/", Path(entry), patterns))
        if inner or not ignored:
            yield path, Path(entry)
        yield from inner


def _taken(dockerfile: Dockerfile) -> Iterator[str]:
    for instruction in dockerfile.instructions:
        match instruction:
            case Copy(from_=None, sources=sources) | Add(sources=sources):
                yield from (_plain(source) for source in sources if isinstance(source, str) and "://" not in source)
            case Run(mounts=mounts):
                bound = (mount for mount in mounts if mount.type == "bind" and mount.get("from") is None)
                yield from (_plain(mount.get("source") or ".") for mount in bound)
            case _:
                pass


def _is_behind_a_link(folder: Path, path: str) -> bool:
    inside = Path(path)
    return any((folder / part).is_symlink() for part in (inside, *inside.parents))


def _plain(source: str) -> str:
    return os.path.normpath(source).lstrip("/") or "."


def _pattern(path: str) -> str:
    """A path as a pattern that stands for it alone: blanks at its ends, which readers cut off, for any character."""
    text = path.translate(_SPECIAL)
    core = text.strip()
    before = len(text) - len(text.lstrip())
    return "?" * before + core + "?" * (len(text) - before - len(core))


def _leak(path: str, because: str) -> Problem:
    hints = (f"a line in .dockerignore keeps it out: {path}", f'add_files("{path}", ...) takes it knowingly')
    return Problem("leak", "error", "context", f"{path} would enter the image", (because,), hints)
