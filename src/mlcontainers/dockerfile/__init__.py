"""Dockerfiles as values: useful alone, and knowing nothing of machine learning."""

from __future__ import annotations

from mlcontainers.dockerfile.document import Blank, Comment, Dockerfile, Item, Stage
from mlcontainers.dockerfile.forms import ExecForm, ShellForm
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
from mlcontainers.dockerfile.mounts import Mount
from mlcontainers.dockerfile.words import Word

__all__ = [
    "Add",
    "Arg",
    "Blank",
    "Cmd",
    "Comment",
    "Copy",
    "Dockerfile",
    "Entrypoint",
    "Env",
    "ExecForm",
    "Expose",
    "From",
    "Healthcheck",
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
