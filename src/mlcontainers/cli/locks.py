"""The lock beside a description: read where it is asked for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from mlcontainers.values.locks import Lock

Locked: TypeAlias = Annotated[bool, typer.Option("--locked", help="Take base images by the digests of the lock file.")]


def lock_file(file: str) -> Path:
    """`image.lock.toml` beside `image.toml`."""
    return Path(file).with_suffix(".lock.toml")


def lock_of(file: str, locked: bool) -> "Lock | None":
    """The lock of a description; None where none is asked for."""
    from mlcontainers.values.locks import Lock

    if not locked:
        return None
    path = lock_file(file)
    if not path.is_file():
        what = f"there is no {str(path)!r}"
        raise InvalidValueError(
            Problem("no-lock", "error", "--locked", what, (), (f"make it: mlcontainers lock {file}",))
        )
    return Lock.parse(path.read_text(encoding="utf-8"))
