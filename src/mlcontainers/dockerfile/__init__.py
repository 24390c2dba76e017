"""Dockerfiles as values: useful alone, and knowing nothing of machine learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.dockerfile import Dockerfile
from mlcontainers.dockerfile.document import Stage
from mlcontainers.dockerfile.forms import ExecForm, ShellForm
from mlcontainers.dockerfile.heredocs import Heredoc
from mlcontainers.dockerfile.instructions import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from mlcontainers.dockerfile.items import Blank, Comment, Directive, Item
from mlcontainers.dockerfile.mounts import Mount
from mlcontainers.dockerfile.words import Word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcontainers.errors import Problem

__all__ = [
    "Add",
    "Arg",
    "Blank",
    "Cmd",
    "Comment",
    "Copy",
    "Directive",
    "Dockerfile",
    "Entrypoint",
    "Env",
    "ExecForm",
    "Expose",
    "From",
    "Healthcheck",
    "Heredoc",
    "Instruction",
    "Item",
    "Label",
    "Maintainer",
    "Mount",
    "Onbuild",
    "Run",
    "Shell",
    "ShellForm",
    "Stage",
    "Stopsignal",
    "User",
    "Volume",
    "Word",
    "Workdir",
    "check",
]


def check(
    dockerfile: Dockerfile | str | bytes, *, frontend: str | None = None, ignore: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """Every problem, from the top of the file down; errors are what a builder refuses in some stage.

    `frontend` is the version of BuildKit's Dockerfile frontend that shall read the file, such as `1.7`;
    the newest one that we know of if it is left out. A `# syntax=` line that names one comes first.
    `ignore` are the lines of the build context's `.dockerignore`. A document that was made is checked as its text.
    """
    # The rules are loaded when somebody asks for them: rendering needs none.
    from mlcontainers.dockerfile.checking import check_all
    from mlcontainers.dockerfile.frontends import NEWEST
    from mlcontainers.dockerfile.ignoring import read_patterns

    patterns = read_patterns("\n".join(ignore))
    return check_all(dockerfile, frontend=NEWEST if frontend is None else frontend, ignore=patterns)
