"""The lock beside a description: read where it is asked for."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from mlcontainers.values.locks import Lock

Locked: TypeAlias = Annotated[
    bool, typer.Option("--locked", help="Take base images and packages as the lock file has them.")
]


def lock_file(file: str) -> Path:
    """`image.lock.toml` beside `image.toml`."""
    return Path(file).with_suffix(".lock.toml")


def lock_of(file: str, locked: bool) -> "Lock | None":
    """The lock of a description; None where none is asked for."""
    if not locked:
        return None
    path = lock_file(file)
    if not path.is_file():
        what = f"there is no {str(path)!r}"
        raise InvalidValueError(
            Problem("no-lock", "error", "--locked", what, (), (f"make it: mlcontainers lock {file}",))
        )
    return read_lock(path)


def read_lock(path: Path) -> "Lock":
    """A lock file; what is wrong in it is told with its name."""
    from mlcontainers.values.locks import Lock

    try:
        return Lock.parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InvalidValueError(Problem("bad-lock", "error", str(path), "it is no UTF-8 text")) from None
    except InvalidValueError as error:
        raise InvalidValueError(*(replace(problem, where=str(path)) for problem in error.problems)) from None
