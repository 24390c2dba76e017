"""Dockerfiles as values: useful alone, and knowing nothing of machine learning."""

from __future__ import annotations

from mlcontainers.dockerfile.document import Dockerfile, Stage
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
]
