"""Dockerfiles that commands are given: how they are read, and how problems name them."""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from mlcontainers.errors import InvalidValueError, Problem


def named(file: str) -> str:
    """What people call the file."""
    return "standard input" if file == "-" else file


def read(file: str) -> bytes:
    """The file's bytes, or what standard input holds."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        what = f"cannot read {file!r}: {reason.lower()}"
        raise InvalidValueError(Problem("unreadable", "error", file, what)) from error


def ignored(file: str, context: str | None) -> tuple[str, ...]:
    """The lines that keep files of a build context out: those of `FILE.dockerignore`, else of its `.dockerignore`."""
    if context is None:
        return ()
    if not Path(context).is_dir():
        raise InvalidValueError(Problem("unreadable", "error", context, f"{context!r} is no folder"))
    own = Path(f"{file}.dockerignore")
    path = own if file != "-" and own.exists() else Path(context, ".dockerignore")
    return tuple(read(str(path)).decode("utf-8", "replace").splitlines()) if path.exists() else ()


def write(file: str, content: bytes) -> None:
    """Put the content into the file, whole or not at all; its permissions stay, and a link goes on pointing to it."""
    path = Path(file).resolve()
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(temporary).chmod(_mode(path))
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        what = f"cannot write {file!r}: {(error.strerror or str(error)).lower()}"
        raise InvalidValueError(Problem("unwritable", "error", file, what)) from error


def _mode(path: Path) -> int:
    """The permissions of a file, or those that a new one gets."""
    if path.exists():
        return path.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def placed(problem: Problem, name: str) -> Problem:
    """Said with file and line, as editors and terminals make links of it."""
    if problem.span is None:
        return problem if problem.where else replace(problem, where=name)
    return replace(problem, where=f"{name}:{problem.span.start_line}")
