"""`mlcontainers check DOCKERFILE`"""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json, problems_json
from mlcontainers.cli.arguments import AsJson
from mlcontainers.cli.drawing import show
from mlcontainers.errors import InvalidDockerfileError, InvalidValueError, Problem

_File = Annotated[
    str,
    typer.Argument(metavar="DOCKERFILE", help="The file to check; - reads standard input.", show_default=False),
]


@answers
def check(file: _File, as_json: AsJson = False) -> int:
    """Find what is wrong with a Dockerfile.

    Any Dockerfile will do. Exit code 1 where something is an error.
    """
    name = "standard input" if file == "-" else file
    problems = tuple(_placed(problem, name) for problem in _problems(_read(file)))
    if as_json:
        print_json(problems_json(problems))
    elif problems:
        show("\n".join(str(problem) for problem in problems))
    if not as_json:
        show(_summary(name, problems), sys.stderr)
    return NO if any(problem.severity == "error" for problem in problems) else FINE


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        what = f"cannot read {file!r}: {reason.lower()}"
        raise InvalidValueError(Problem("unreadable", "error", file, what)) from error


def _problems(text: bytes) -> tuple[Problem, ...]:
    from mlcontainers.dockerfile import check as checked

    try:
        return checked(text)
    except InvalidDockerfileError as error:
        return error.problems


def _placed(problem: Problem, name: str) -> Problem:
    """Said with file and line, as editors and terminals make links of it."""
    if problem.span is None:
        return problem if problem.where else replace(problem, where=name)
    return replace(problem, where=f"{name}:{problem.span.start_line}")


def _summary(name: str, problems: tuple[Problem, ...]) -> str:
    if not problems:
        return f"{name}: no problems"
    counted = Counter(problem.severity for problem in problems)
    parts = [
        f"{counted[severity]} {severity}{'s' if counted[severity] > 1 and severity != 'info' else ''}"
        for severity in ("error", "warning", "info")
        if counted[severity]
    ]
    return f"{name}: {', '.join(parts)}"
