"""Dockerfiles that commands are given: how they are read, and how problems name them."""

import sys
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


def placed(problem: Problem, name: str) -> Problem:
    """Said with file and line, as editors and terminals make links of it."""
    if problem.span is None:
        return problem if problem.where else replace(problem, where=name)
    return replace(problem, where=f"{name}:{problem.span.start_line}")
