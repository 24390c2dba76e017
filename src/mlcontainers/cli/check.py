"""`mlcontainers check DOCKERFILE`"""

import sys
from collections import Counter
from typing import Annotated

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json, problems_json
from mlcontainers.cli.arguments import AsJson, DockerfilePath
from mlcontainers.cli.dockerfiles import ignored, named, placed, read
from mlcontainers.cli.drawing import show
from mlcontainers.dockerfile.drawing import draw
from mlcontainers.errors import InvalidDockerfileError, Problem

_Frontend = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION", help="The Dockerfile frontend that shall read the file, as in 1.7.  [default: newest]"
    ),
]
_Context = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="The folder it is built with; what its .dockerignore keeps out cannot be copied.  [default: none]",
    ),
]


@answers
def check(file: DockerfilePath, frontend: _Frontend = None, context: _Context = None, as_json: AsJson = False) -> int:
    """Find what is wrong with a Dockerfile.

    Any Dockerfile will do. Exit code 1 where something is an error.
    """
    name, content = named(file), read(file)
    problems = tuple(placed(problem, name) for problem in _problems(content, frontend, ignored(file, context)))
    if as_json:
        print_json(problems_json(problems))
    elif problems:
        text = content.decode("utf-8", "replace")
        show("\n".join(draw(problem, text) for problem in problems))
    if not as_json:
        show(_summary(name, problems), sys.stderr)
    return NO if any(problem.severity == "error" for problem in problems) else FINE


def _problems(text: bytes, frontend: str | None, ignore: tuple[str, ...]) -> tuple[Problem, ...]:
    from mlcontainers.dockerfile import check as checked

    try:
        return checked(text, frontend=frontend, ignore=ignore)
    except InvalidDockerfileError as error:
        return error.problems


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
