"""`FROM` and the instructions that set one thing about the image: EXPOSE, USER, STOPSIGNAL, MAINTAINER."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from mlcontainers.dockerfile.instructions.instruction import Flag, Instruction
from mlcontainers.dockerfile.refusals import expandable, filled, flag_value, refuse

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII).fullmatch
_PORT = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(?:tcp|udp|sctp))?", re.ASCII).fullmatch
_SIGNAL = re.compile(r"(?:SIG)?[A-Z]+[A-Z0-9]*(?:[+-][0-9]+)?|[1-9][0-9]*", re.ASCII).fullmatch


@dataclass(frozen=True)
class From(Instruction):
    """Starts a stage on a base image, on another stage, or on nothing (`scratch`)."""

    keyword: ClassVar[str] = "FROM"
    image: str
    name: str | None = None
    platform: str | None = None

    def __post_init__(self) -> None:
        if any(blank in filled(self.image, "base image") for blank in " \t") or self.image.startswith("--"):
            raise refuse("bad-image", f"base image {self.image!r} holds a blank or begins as a flag does")
        if self.name is not None and not _STAGE_NAME(self.name):
            hint = "lower-case letters, digits and _ . - after a first letter"
            raise refuse("bad-stage-name", f"{self.name!r} is no name of a stage", hint)
        expandable(self.image, "base image")
        if self.platform is not None:
            expandable(flag_value(self.platform, "platform"), "platform")

    @property
    def flags(self) -> tuple[Flag, ...]:
        return () if self.platform is None else (("platform", self.platform),)

    @property
    def arguments(self) -> str:
        return self.image if self.name is None else f"{self.image} AS {self.name}"


@dataclass(frozen=True)
class Expose(Instruction):
    """Ports that the container listens on: `8080`, `53/udp`, `7000-7010`."""

    keyword: ClassVar[str] = "EXPOSE"
    ports: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.ports:
            raise refuse("no-ports", "EXPOSE needs a port")
        for port in self.ports:
            _check_port(filled(port, "port"))

    @property
    def arguments(self) -> str:
        return " ".join(self.ports)


@dataclass(frozen=True)
class User(Instruction):
    """Who runs the steps that follow and the container."""

    keyword: ClassVar[str] = "USER"
    user: str

    def __post_init__(self) -> None:
        _not_a_flag(expandable(filled(self.user, "user"), "user"), "user")

    @property
    def arguments(self) -> str:
        return self.user


@dataclass(frozen=True)
class Stopsignal(Instruction):
    """The signal that asks the container to stop."""

    keyword: ClassVar[str] = "STOPSIGNAL"
    signal: str

    def __post_init__(self) -> None:
        if "$" not in filled(self.signal, "signal") and not _SIGNAL(self.signal):
            raise refuse("bad-signal", f"{self.signal!r} is no signal", "as in SIGTERM")
        _not_a_flag(expandable(self.signal, "signal"), "signal")

    @property
    def arguments(self) -> str:
        return self.signal


@dataclass(frozen=True)
class Maintainer(Instruction):
    """Deprecated: the label `org.opencontainers.image.authors` says the same."""

    keyword: ClassVar[str] = "MAINTAINER"
    name: str

    def __post_init__(self) -> None:
        _not_a_flag(filled(self.name, "maintainer"), "maintainer")

    @property
    def arguments(self) -> str:
        return self.name


def _not_a_flag(text: str, what: str) -> None:
    if text.startswith("--"):
        raise refuse("flag-like", f"{what} {text!r} begins with --, as flags do")


def _check_port(port: str) -> None:
    if "$" in port and not any(blank in port for blank in " \t") and not port.startswith("--"):
        expandable(port, "port")
        return
    match = _PORT(port)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= 65_535:
        raise refuse("bad-port", f"{port!r} is no port", "as in 8080, 53/udp or 7000-7010")
