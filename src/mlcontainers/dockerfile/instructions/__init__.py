"""The instructions of a Dockerfile, as values. Every constructor refuses what no builder would take."""

from __future__ import annotations

from mlcontainers.dockerfile.instructions.commands import Cmd, Entrypoint, Healthcheck, Onbuild, Run, Shell
from mlcontainers.dockerfile.instructions.files import Add, Copy, Volume, Workdir
from mlcontainers.dockerfile.instructions.instruction import Flag, Instruction, Source, Unreadable
from mlcontainers.dockerfile.instructions.settings import Expose, From, Maintainer, Stopsignal, User
from mlcontainers.dockerfile.instructions.variables import Arg, Env, Label, Pairs

KINDS: dict[str, type[Instruction]] = {
    kind.keyword: kind
    for kind in (
        Add, Arg, Cmd, Copy, Entrypoint, Env, Expose, From, Healthcheck, Label, Maintainer, Onbuild, Run,
        Shell, Stopsignal, User, Volume, Workdir,
    )
}  # fmt: skip
"""Every kind of instruction by its keyword."""

__all__ = [
    "KINDS", "Add", "Arg", "Cmd", "Copy", "Entrypoint", "Env", "Expose", "Flag", "From", "Healthcheck",
    "Instruction", "Label", "Maintainer", "Onbuild", "Pairs", "Run", "Shell", "Source", "Stopsignal",
    "Unreadable", "User", "Volume", "Workdir",
]  # fmt: skip
