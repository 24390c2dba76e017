"""The instructions of a Dockerfile, as values. Every constructor refuses what no builder would take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from mlcontainers.dockerfile.forms import ExecForm, ShellForm, json_array
from mlcontainers.dockerfile.mounts import Mount
from mlcontainers.dockerfile.refusals import filled, flag_value, one_line, refuse
from mlcontainers.dockerfile.words import Word
from mlcontainers.errors import Span

Pairs: TypeAlias = Mapping[str, "str | Word"] | Iterable[tuple[str, "str | Word"]]
Flag: TypeAlias = tuple[str, str | None]
"""Name and value of a flag; `None` for a bare one such as `--link`."""

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII).fullmatch
_VARIABLE = re.compile(r"[^\s=]+").fullmatch
_DURATION = re.compile(r"0|(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+", re.ASCII).fullmatch
_EXPOSED = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?|.*\$.*", re.ASCII).fullmatch
_CHMOD = re.compile(r"[0-7]{3,4}|[ugoa]*[-+=][rwxXst]*(?:,[ugoa]*[-+=][rwxXst]*)*|.*\$.*", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction. Equal instructions mean the same, wherever they stand."""

    span: Span | None = field(default=None, compare=False, repr=False)
    """The physical lines it was read from; `None` where it was made."""

    keyword: ClassVar[str]

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The flags, in the order they are written."""
        return ()

    @property
    def arguments(self) -> str:
        """All that follows the keyword and its flags."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class From(Instruction):
    """Starts a stage on a base image, on another stage, or on nothing (`scratch`)."""

    keyword: ClassVar[str] = "FROM"
    image: str
    name: str | None = None
    platform: str | None = None

    def __post_init__(self) -> None:
        if any(blank in filled(self.image, "base image") for blank in " \t"):
            raise refuse("bad-image", f"base image {self.image!r} holds a blank")
        if self.name is not None and not _STAGE_NAME(self.name):
            hint = "lower-case letters, digits and _ . - after a first letter"
            raise refuse("bad-stage-name", f"{self.name!r} is no name of a stage", hint)
        if self.platform is not None:
            flag_value(self.platform, "platform")

    @property
    def flags(self) -> tuple[Flag, ...]:
        return () if self.platform is None else (("platform", self.platform),)

    @property
    def arguments(self) -> str:
        return self.image if self.name is None else f"{self.image} AS {self.name}"


@dataclass(frozen=True, slots=True)
class Run(Instruction):
    """Runs a command while building, and keeps what it changed as a layer."""

    keyword: ClassVar[str] = "RUN"
    command: ShellForm | ExecForm
    mounts: tuple[Mount, ...] = ()
    network: str | None = None

    def __post_init__(self) -> None:
        if self.network not in {None, "default", "none", "host"}:
            raise refuse("bad-network", f"{self.network!r} is no network of a build step", "default, none or host")
        if isinstance(self.command, ShellForm) and self.command.command.startswith("--"):
            raise refuse("flag-like", f"command {self.command.command!r} begins with --, as flags do")
        if isinstance(self.command, ShellForm) and self.command.command.lstrip().startswith("["):
            raise refuse(
                "array-like", f"command {self.command.command!r} begins with [", "write test instead of [",
                because="a text that happens to be a JSON array runs without a shell",
            )

    @classmethod
    def shell(cls, *pieces: str, mounts: Iterable[Mount] = (), network: str | None = None) -> Run:
        """Text for the shell; several pieces are written one below the other, with a blank between."""
        return cls(ShellForm.of(*pieces), tuple(mounts), network)

    @classmethod
    def exec(cls, *argv: str, mounts: Iterable[Mount] = (), network: str | None = None) -> Run:
        """A program and its arguments, without a shell."""
        return cls(ExecForm.of(*argv), tuple(mounts), network)

    @property
    def flags(self) -> tuple[Flag, ...]:
        mounts: tuple[Flag, ...] = tuple(("mount", str(mount)) for mount in self.mounts)
        return mounts if self.network is None else (*mounts, ("network", self.network))

    @property
    def arguments(self) -> str:
        return str(self.command)


@dataclass(frozen=True, slots=True, init=False)
class Env(Instruction):
    """Variables for the steps that follow and for the container."""

    keyword: ClassVar[str] = "ENV"
    pairs: tuple[tuple[str, Word], ...]

    def __init__(self, pairs: Pairs, *, span: Span | None = None) -> None:
        _set_pairs(self, _pairs(pairs, "variable"), span)

    @property
    def arguments(self) -> str:
        return _written(self.pairs)


@dataclass(frozen=True, slots=True, init=False)
class Label(Instruction):
    """Names with values that the image carries for people and programs."""

    keyword: ClassVar[str] = "LABEL"
    pairs: tuple[tuple[str, Word], ...]

    def __init__(self, pairs: Pairs, *, span: Span | None = None) -> None:
        _set_pairs(self, _pairs(pairs, "label"), span)

    @property
    def arguments(self) -> str:
        return _written(self.pairs)


@dataclass(frozen=True, slots=True, init=False)
class Arg(Instruction):
    """A variable that whoever builds may set."""

    keyword: ClassVar[str] = "ARG"
    name: str
    default: Word | None

    def __init__(self, name: str, default: Word | str | None = None, *, span: Span | None = None) -> None:
        if not _VARIABLE(one_line(name, "variable")):
            raise refuse("bad-name", f"{name!r} is no name of a variable")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "default", None if default is None else Word.of(default))
        object.__setattr__(self, "span", span)

    @property
    def arguments(self) -> str:
        return self.name if self.default is None else f"{self.name}={self.default}"


@dataclass(frozen=True, slots=True)
class Copy(Instruction):
    """Copies files of the build context, of a stage or of an image."""

    keyword: ClassVar[str] = "COPY"
    sources: tuple[str, ...]
    destination: str
    from_: str | None = None
    chown: str | None = None
    chmod: str | None = None
    link: bool = False
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_paths(self.sources, self.destination)
        for what, value in (("from", self.from_), ("chown", self.chown), *(("exclude", path) for path in self.exclude)):
            if value is not None:
                flag_value(value, what)
        if self.chmod is not None and not _CHMOD(self.chmod):
            raise refuse("bad-chmod", f"{self.chmod!r} is no file mode", "as in 0644 or u+x")

    @property
    def flags(self) -> tuple[Flag, ...]:
        given: tuple[Flag, ...] = (("from", self.from_), ("chown", self.chown), ("chmod", self.chmod))
        link: tuple[Flag, ...] = (("link", None),) if self.link else ()
        return (*(flag for flag in given if flag[1] is not None), *link, *(("exclude", path) for path in self.exclude))

    @property
    def arguments(self) -> str:
        return _paths((*self.sources, self.destination))


@dataclass(frozen=True, slots=True)
class Add(Instruction):
    """Copies files, unpacks archives and fetches addresses."""

    keyword: ClassVar[str] = "ADD"
    sources: tuple[str, ...]
    destination: str
    chown: str | None = None
    chmod: str | None = None
    checksum: str | None = None
    link: bool = False

    def __post_init__(self) -> None:
        _check_paths(self.sources, self.destination)
        if self.checksum is not None and len(self.sources) > 1:
            raise refuse("checksum-of-many", "--checksum takes one source", because="it is the digest of one file")

    @property
    def flags(self) -> tuple[Flag, ...]:
        given: tuple[Flag, ...] = (("chown", self.chown), ("chmod", self.chmod), ("checksum", self.checksum))
        return (*(flag for flag in given if flag[1] is not None), *((("link", None),) if self.link else ()))

    @property
    def arguments(self) -> str:
        return _paths((*self.sources, self.destination))


@dataclass(frozen=True, slots=True)
class Workdir(Instruction):
    """The directory that the steps that follow and the container work in."""

    keyword: ClassVar[str] = "WORKDIR"
    path: str

    def __post_init__(self) -> None:
        filled(self.path, "path")

    @property
    def arguments(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class User(Instruction):
    """Who runs the steps that follow and the container."""

    keyword: ClassVar[str] = "USER"
    user: str

    def __post_init__(self) -> None:
        filled(self.user, "user")

    @property
    def arguments(self) -> str:
        return self.user


@dataclass(frozen=True, slots=True)
class Expose(Instruction):
    """Ports that the container listens on: `8080`, `53/udp`, `7000-7010`."""

    keyword: ClassVar[str] = "EXPOSE"
    ports: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.ports:
            raise refuse("no-ports", "EXPOSE needs a port")
        for port in self.ports:
            if not _EXPOSED(filled(port, "port")) or any(int(n) > 65535 for n in re.findall("[0-9]+", port)):
                raise refuse("bad-port", f"{port!r} is no port", "as in 8080, 53/udp or 7000-7010")

    @property
    def arguments(self) -> str:
        return " ".join(self.ports)


@dataclass(frozen=True, slots=True)
class Volume(Instruction):
    """Paths that live outside the container's own layer."""

    keyword: ClassVar[str] = "VOLUME"
    paths: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.paths:
            raise refuse("no-paths", "VOLUME needs a path")
        for path in self.paths:
            filled(path, "path")

    @property
    def arguments(self) -> str:
        return json_array(self.paths)


@dataclass(frozen=True, slots=True)
class _Command(Instruction):
    """What CMD and ENTRYPOINT share."""

    command: ShellForm | ExecForm

    def __post_init__(self) -> None:
        if isinstance(self.command, ShellForm) and self.command.command.startswith("--"):
            raise refuse("flag-like", f"command {self.command.command!r} begins with --, as flags do", "use the exec form")

    @property
    def arguments(self) -> str:
        return str(self.command)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Healthcheck(Instruction):
    """A command that tells whether the container is well; `NONE` where there is no command."""

    keyword: ClassVar[str] = "HEALTHCHECK"
    command: ShellForm | ExecForm | None
    interval: str | None = None
    timeout: str | None = None
    start_period: str | None = None
    start_interval: str | None = None
    retries: int | None = None

    def __post_init__(self) -> None:
        for name in ("interval", "timeout", "start_period", "start_interval"):
            value: str | None = getattr(self, name)
            if value is not None and not _DURATION(value):
                raise refuse("bad-duration", f"{name} {value!r} is no duration", "as in 30s or 1m30s")
        if self.retries is not None and self.retries < 0:
            raise refuse("bad-retries", f"retries {self.retries} is below zero")
        if isinstance(self.command, ExecForm) and not self.command.argv:
            raise refuse("empty-command", "a health check needs a command")
        if self.command is None and self.flags:
            raise refuse("flags-of-none", "HEALTHCHECK NONE takes no flags", because="builders drop them without a word")

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
        retries = None if self.retries is None else str(self.retries)
        named = (
            ("interval", self.interval),
            ("timeout", self.timeout),
            ("start-period", self.start_period),
            ("start-interval", self.start_interval),
            ("retries", retries),
        )
        return tuple((name, value) for name, value in named if value is not None)

    @property
    def arguments(self) -> str:
        return "NONE" if self.command is None else f"CMD {self.command}"


@dataclass(frozen=True, slots=True)
class Stopsignal(Instruction):
    """The signal that asks the container to stop."""

    keyword: ClassVar[str] = "STOPSIGNAL"
    signal: str

    def __post_init__(self) -> None:
        if " " in filled(self.signal, "signal") or self.signal == "0":
            raise refuse("bad-signal", f"{self.signal!r} is no signal", "as in SIGTERM")

    @property
    def arguments(self) -> str:
        return self.signal


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Maintainer(Instruction):
    """Deprecated: the label `org.opencontainers.image.authors` says the same."""

    keyword: ClassVar[str] = "MAINTAINER"
    name: str

    def __post_init__(self) -> None:
        filled(self.name, "maintainer")

    @property
    def arguments(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Onbuild(Instruction):
    """An instruction that runs when somebody builds on this image."""

    keyword: ClassVar[str] = "ONBUILD"
    instruction: Instruction

    def __post_init__(self) -> None:
        if isinstance(self.instruction, Onbuild | From | Maintainer):
            raise refuse("bad-trigger", f"ONBUILD takes no {self.instruction.keyword}")

    @property
    def arguments(self) -> str:
        from mlcontainers.dockerfile.render import written

        return written(self.instruction)


def _set_pairs(node: Env | Label, pairs: tuple[tuple[str, Word], ...], span: Span | None) -> None:
    object.__setattr__(node, "pairs", pairs)
    object.__setattr__(node, "span", span)


def _pairs(given: Pairs, what: str) -> tuple[tuple[str, Word], ...]:
    items = tuple(given.items()) if isinstance(given, Mapping) else tuple(given)
    if not items:
        raise refuse("no-pairs", f"no {what} is given")
    for key, _ in items:
        if not _VARIABLE(one_line(key, what)) or any(character in key for character in "'\"\\$") or key.startswith("--"):
            raise refuse("bad-name", f"{key!r} is no name of a {what}")
    return tuple((key, Word.of(value)) for key, value in items)


def _written(pairs: tuple[tuple[str, Word], ...]) -> str:
    return " \\\n    ".join(f"{key}={value}" for key, value in pairs)


def _check_paths(sources: tuple[str, ...], destination: str) -> None:
    if not sources:
        raise refuse("no-sources", "nothing is named to be copied")
    for path in (*sources, destination):
        one_line(path, "path")
        if not path:
            raise refuse("blank", "a path is empty")
    if len(sources) > 1 and not destination.endswith("/"):
        raise refuse(
            "many-sources",
            f"{len(sources)} sources go to {destination!r}, which does not end in /",
            f'write "{destination}/"',
            because="without it the last source silently replaces the others",
        )


def _paths(paths: tuple[str, ...]) -> str:
    """Plain words, or the JSON form where a blank, a bracket or a heredoc mark would be misread."""
    plain = all(not re.search(r"[\s\[\]\"'\\]|<<", path) and not path.startswith("--") for path in paths)
    return " ".join(paths) if plain else json_array(paths)
