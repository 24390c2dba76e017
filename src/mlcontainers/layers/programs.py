"""What a container runs: programs without a shell in between, services, and how their health is asked."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from mlcontainers.layers.model import Model
from mlcontainers.values.durations import Duration
from mlcontainers.values.ports import Port
from mlcontainers.values.text import invalid, line

Words: TypeAlias = Annotated[
    tuple[Annotated[str, BeforeValidator(lambda text: line(text, "argument"))], ...], Field(strict=False)
]


def program(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A program and its arguments: the whole command in one text is no program."""
    if argv and (not argv[0].strip() or " " in argv[0].strip()):
        words = ", ".join(f'"{word}"' for word in argv[0].split())
        because = ("no shell is in between that could cut it into words",)
        hint = f"write each word as a text of its own: {words}" if words else "name a program"
        raise invalid("shell-like", f"there is no program {argv[0]!r}", hint, because=because)
    return argv


_URL_PATH = re.compile(r"/[A-Za-z0-9._~/?=&%-]*", re.ASCII).fullmatch
Program: TypeAlias = Annotated[Words, AfterValidator(program)]


def _url_path(text: str) -> str:
    path = line(text, "path")
    if not _URL_PATH(path):
        raise invalid("bad-url-path", f"{path!r} is no path of a URL", "as in '/healthz'")
    return path


class Healthcheck(Model, frozen=True):
    """A program that Docker runs now and then: exit code 0 means healthy."""

    command: Annotated[Program, Field(min_length=1)]
    """Program and arguments, without a shell."""
    interval: Duration | None = None
    timeout: Duration | None = None
    start_period: Duration | None = None
    """How long failures do not count: the time to load a model."""
    retries: Annotated[int, Field(ge=1, le=1000)] | None = None


class Serve(Model, frozen=True):
    """A program that serves HTTP: under an init that passes signals on and reaps, with a check of its health."""

    command: Annotated[Program, Field(min_length=1)]
    """Program and arguments, without a shell."""
    port: Port = Port(8080)
    """The TCP port that it listens on."""
    health: Annotated[str, BeforeValidator(_url_path)] = "/"
    """The path that answers with success while the service is well."""
    start_period: Duration = Duration("60s")
    """How long failures do not count: the time to load a model."""
    stop_grace: Duration = Duration("30s")
    """How long it may take to finish what it is doing after SIGTERM, for whoever stops the container."""
