"""`mlcontainers fmt DOCKERFILE...`"""

import sys
from typing import Annotated, NamedTuple

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json, problems_json
from mlcontainers.cli.arguments import AsJson
from mlcontainers.cli.dockerfiles import named, placed, read, write
from mlcontainers.cli.drawing import show
from mlcontainers.dockerfile.drawing import draw
from mlcontainers.errors import InvalidDockerfileError, Problem

_Files = Annotated[
    list[str],
    typer.Argument(metavar="DOCKERFILE...", help="Dockerfiles; - reads standard input.", show_default=False),
]
_OnlyCheck = Annotated[
    bool, typer.Option("--check", help="Change nothing; exit code 1 where a file is not in canonical form.")
]


class _Formatted(NamedTuple):
    """What became of one file."""

    file: str
    before: bytes
    after: bytes | None
    """`None` where it cannot be formatted."""
    problems: tuple[Problem, ...] = ()

    @property
    def changed(self) -> bool:
        return self.after is not None and self.after != self.before


@answers
def fmt(files: _Files, only_check: _OnlyCheck = False, as_json: AsJson = False) -> int:
    """Write Dockerfiles in canonical form.

    Each file is replaced whole or not at all; - writes to standard output.
    Comments inside an instruction move above it. Exit code 1 where a file cannot be read.
    """
    formatted = [_formatted(file, read(file)) for file in dict.fromkeys(files)]
    if not only_check:
        for each in formatted:
            if each.file != "-" and each.changed and each.after is not None:
                write(each.file, each.after)
    if as_json:
        print_json([_json(each) for each in formatted])
    else:
        for each in formatted:
            _tell(each, only_check=only_check)
    failed = any(each.after is None or (only_check and each.changed) for each in formatted)
    return NO if failed else FINE


def _formatted(file: str, content: bytes) -> _Formatted:
    from mlcontainers.dockerfile import Dockerfile

    try:
        return _Formatted(file, content, Dockerfile.parse(content).formatted().encode())
    except InvalidDockerfileError as error:
        problems = tuple(placed(problem, named(file)) for problem in error.problems)
        return _Formatted(file, content, None, problems)


def _json(each: _Formatted) -> dict[str, object]:
    text = each.after.decode("utf-8", "surrogateescape") if each.file == "-" and each.after is not None else None
    answer: dict[str, object] = {"file": each.file, "changed": each.changed, "problems": problems_json(each.problems)}
    return answer if text is None else {**answer, "dockerfile": text}


def _tell(each: _Formatted, *, only_check: bool) -> None:
    name = named(each.file)
    if each.after is None:
        text = each.before.decode("utf-8", "replace")
        show("\n".join(draw(problem, text) for problem in each.problems), sys.stderr)
        show(f"{name}: cannot be formatted", sys.stderr)
        return
    if each.file == "-" and not only_check:
        sys.stdout.flush()
        sys.stdout.buffer.write(each.after)
        return
    state = ("would be changed" if only_check else "changed") if each.changed else "in canonical form already"
    show(f"{name}: {state}", sys.stderr)
