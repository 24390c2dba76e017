"""`RUN`, `CMD`, `ENTRYPOINT`, `SHELL`, `HEALTHCHECK`, `ONBUILD`: instructions that run something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mlcontainers.dockerfile.forms import Command, ExecForm, ShellForm, check_command, json_array
from mlcontainers.dockerfile.heredocs import Heredoc, marks
from mlcontainers.dockerfile.instructions.instruction import Flag, Instruction, Unreadable
from mlcontainers.dockerfile.instructions.lines import line
from mlcontainers.dockerfile.instructions.settings import From, Maintainer
from mlcontainers.dockerfile.refusals import flag_value, one_line, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcontainers.dockerfile.mounts import Mount

NETWORKS = ("default", "none", "host")
SECURITIES = ("sandbox", "insecure")
_DURATION = re.compile(r"\+?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)").fullmatch
_PART = re.compile(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)").findall
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}


@dataclass(frozen=True)
class Run(Instruction):
    """Runs a command while building, and keeps what it changed as a layer."""

    keyword: ClassVar[str] = "RUN"
    command: Command
    mounts: tuple[Mount, ...] = ()
    network: str | None = None
    security: str | None = None
    devices: tuple[str, ...] = ()
    bodies: tuple[Heredoc, ...] = ()
    """The heredocs that the command opens, in order."""

    def __post_init__(self) -> None:
        if self.network not in {None, *NETWORKS}:
            raise refuse("bad-network", f"{self.network!r} is no network of a build step", "default, none or host")
        if self.security not in {None, *SECURITIES}:
            raise refuse("bad-security", f"{self.security!r} is no security of a build step", "sandbox or insecure")
        for value in (*map(str, self.mounts), *self.devices):
            flag_value(value, "flag")
        check_command(self.command, heredocs=bool(self.bodies))
        if self.bodies:
            self._check_heredocs()

    @classmethod
    def shell(cls, *pieces: str, mounts: Iterable[Mount] = (), network: str | None = None) -> Run:
        """Text for the shell; several pieces are written one below the other, with a blank between."""
        return cls(ShellForm.of(*pieces), tuple(mounts), network)

    @classmethod
    def exec(cls, *argv: str, mounts: Iterable[Mount] = (), network: str | None = None) -> Run:
        """A program and its arguments, without a shell."""
        return cls(ExecForm.of(*argv), tuple(mounts), network)

    @classmethod
    def script(
        cls, body: str, *, delimiter: str = "EOF", mounts: Iterable[Mount] = (), network: str | None = None
    ) -> Run:
        """Lines of a script for the stage's shell, or for the program that its first line `#!` names."""
        heredoc = Heredoc(body, delimiter)
        return cls(ShellForm((heredoc.mark,)), tuple(mounts), network, bodies=(heredoc,))

    @property
    def flags(self) -> tuple[Flag, ...]:
        mounts = [("mount", str(mount)) for mount in self.mounts]
        devices = [("device", device) for device in self.devices]
        given: tuple[Flag, ...] = (("network", self.network), ("security", self.security))
        return (*mounts, *[flag for flag in given if flag[1] is not None], *devices)

    @property
    def arguments(self) -> str:
        return str(self.command)

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        return self.bodies

    def _check_heredocs(self) -> None:
        asked = [(doc.delimiter, doc.expand, doc.chomp, doc.descriptor) for doc in self.bodies]
        opened = marks(f"RUN {self.command.command}") if isinstance(self.command, ShellForm) else []
        if asked != opened:
            names = ", ".join(doc.mark for doc in self.bodies)
            raise refuse("heredoc-mismatch", f"the command does not open just the heredocs {names}", names)


@dataclass(frozen=True)
class _Command(Instruction):
    """What CMD and ENTRYPOINT share."""

    command: Command

    def __post_init__(self) -> None:
        # A heredoc mark means nothing here, but a person would take it for one.
        check_command(self.command)

    @property
    def arguments(self) -> str:
        return str(self.command)


@dataclass(frozen=True)
class Cmd(_Command):
    """The default command, or the default arguments of the entrypoint."""

    keyword: ClassVar[str] = "CMD"

    @classmethod
    def exec(cls, *argv: str) -> Cmd:
        """A program and its arguments, without a shell."""
        return cls(ExecForm.of(*argv))

    @classmethod
    def shell(cls, *pieces: str) -> Cmd:
        """Text for the stage's shell, which is then the process that gets the signals."""
        return cls(ShellForm.of(*pieces))


@dataclass(frozen=True)
class Entrypoint(_Command):
    """The program that the container runs."""

    keyword: ClassVar[str] = "ENTRYPOINT"

    @classmethod
    def exec(cls, *argv: str) -> Entrypoint:
        """A program and its arguments, without a shell."""
        return cls(ExecForm.of(*argv))

    @classmethod
    def shell(cls, *pieces: str) -> Entrypoint:
        """Text for the stage's shell, which is then the process that gets the signals."""
        return cls(ShellForm.of(*pieces))


@dataclass(frozen=True)
class Healthcheck(Instruction):
    """A command that tells whether the container is well; `NONE` where there is no command."""

    keyword: ClassVar[str] = "HEALTHCHECK"
    command: Command | None
    interval: str | None = None
    timeout: str | None = None
    start_period: str | None = None
    start_interval: str | None = None
    retries: int | None = None

    def __post_init__(self) -> None:
        for name, value in self.flags:
            if name != "retries" and not is_duration(value or ""):
                raise refuse("bad-duration", f"{name} {value!r} is no duration", "as in 30s or 1m30s")
        if self.retries is not None and self.retries < 0:
            raise refuse("bad-retries", f"retries {self.retries} is below zero")
        if self.command is None:
            if self.flags:
                because = "builders drop them without a word"
                raise refuse("flags-of-none", "HEALTHCHECK NONE takes no flags", because=because)
            return
        check_command(self.command)
        if isinstance(self.command, ExecForm) and not self.command.argv:
            raise refuse("empty-command", "a health check needs a command")

    @classmethod
    def exec(
        cls,
        *argv: str,
        interval: str | None = None,
        timeout: str | None = None,
        start_period: str | None = None,
        start_interval: str | None = None,
        retries: int | None = None,
    ) -> Healthcheck:
        """A program and its arguments: exit code 0 means healthy."""
        return cls(ExecForm.of(*argv), interval, timeout, start_period, start_interval, retries)

    @classmethod
    def none(cls) -> Healthcheck:
        """No health check, not even that of the base image."""
        return cls(None)

    @property
    def flags(self) -> tuple[Flag, ...]:
        named = (
            ("interval", self.interval),
            ("timeout", self.timeout),
            ("start-period", self.start_period),
            ("start-interval", self.start_interval),
            ("retries", None if self.retries is None else str(self.retries)),
        )
        return tuple([flag for flag in named if flag[1] is not None])

    @property
    def arguments(self) -> str:
        return "NONE" if self.command is None else f"CMD {self.command}"


@dataclass(frozen=True)
class Shell(Instruction):
    """The shell for the shell forms that follow in this stage."""

    keyword: ClassVar[str] = "SHELL"
    argv: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.argv:
            raise refuse("empty-command", "SHELL needs a program")
        for argument in self.argv:
            one_line(argument, "argument")

    @property
    def arguments(self) -> str:
        return json_array(self.argv)


@dataclass(frozen=True)
class Onbuild(Instruction):
    """An instruction that runs when somebody builds on this image."""

    keyword: ClassVar[str] = "ONBUILD"
    instruction: Instruction

    def __post_init__(self) -> None:
        if isinstance(self.instruction, Onbuild | From | Maintainer | Unreadable):
            raise refuse("bad-trigger", f"ONBUILD takes no {self.instruction.keyword or 'unknown instruction'}")

    @property
    def arguments(self) -> str:
        return line(self.instruction)

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        return self.instruction.heredocs


def is_duration(text: str) -> bool:
    """Whether this is a duration as builders read it: a unit is required, 0 or at least a millisecond."""
    if not _DURATION(text):
        return False
    try:
        total = sum(float(number) * _MILLISECONDS[unit] for number, unit in _PART(text))
    except ValueError:
        return False
    return total == 0 or 1 <= total < 9.2e12
