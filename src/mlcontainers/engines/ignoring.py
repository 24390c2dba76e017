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
        _leak(path, kind)
        for path in sent(dockerfile, folder)
        if path not in named
        for kind, names in (("a secret", SECRETS), ("the weights of a model", WEIGHTS))
        if is_ignored(path, tuple(f"**/{name}" for name in names))
    ]
    if problems:
        raise InvalidValueError(*problems)


def weight(dockerfile: Dockerfile, folder: Path) -> Weight:
    """How many files a builder is sent, and how large they are."""
    sizes = {path: (folder / path).lstat().st_size for path in sent(dockerfile, folder)}
    largest = max(sizes, key=lambda path: sizes[path], default="")
    return Weight(len(sizes), sum(sizes.values()), largest, sizes.get(largest, 0))


def sent(dockerfile: Dockerfile, folder: Path) -> Iterator[str]:
    """The files that a builder is sent, by their paths."""
    patterns = ignore_patterns(dockerfile, folder)
    found: dict[str, None] = {}
    for source in taken(dockerfile):
        start = folder / source
        paths = _files(folder, start) if start.is_dir() else [source] if start.is_file() else []
        found |= dict.fromkeys(path for path in paths if not is_ignored(path, patterns))
    yield from sorted(found)


def _files(folder: Path, start: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(start):
        folders[:] = [name for name in folders if name not in NEVER]
        yield from (Path(parent, name).relative_to(folder).as_posix() for name in names)


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


def _leak(path: str, kind: str) -> Problem:
    because = (f"its name is one that {kind} has, and whoever has the image could read it",)
    if kind != "a secret":
        because = (f"its name is one that {kind} have, which make an image large and every push slow",)
    hints = (f"a line in .dockerignore keeps it out: {path}", f'add_files("{path}", ...) takes it knowingly')
    return Problem("leak", "error", "context", f"{path} would enter the image", because, hints)
