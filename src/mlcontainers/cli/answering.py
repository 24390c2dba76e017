"""How every command answers: results out, the rest to standard error, and an exit code that programs can use."""

from __future__ import annotations

import json
import os
import sys
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

import typer

from mlcontainers.cli.drawing import complain
from mlcontainers.errors import MlcontainersError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
FINE, NO, WRONG_USE = 0, 1, 2
INTERRUPTED, BROKEN_PIPE = 128 + 2, 128 + 13


def answers(command: Callable[P, int]) -> Callable[P, None]:
    """A command that returns its exit code, made safe: no traceback for what its user can mend."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = _answered(command, *args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python must not complain about it when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = BROKEN_PIPE
        except KeyboardInterrupt:
            code = INTERRUPTED
        raise typer.Exit(code)

    return run


def _answered(command: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> int:
    try:
        return command(*args, **kwargs)
    except MlcontainersError as error:
        if kwargs.get("as_json"):
            print_json({"problems": problems_json(error.problems)})
        complain(error.problems)
        return error.exit_code


def problems_json(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems as data, the same everywhere."""
    return [problem.to_json() for problem in problems]


def print_json(document: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
