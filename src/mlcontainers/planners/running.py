"""How an image is best run: what its frameworks ask of an engine, as a `docker run` line and as a compose file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct, field

from mlcontainers.errors import InvalidImageError
from mlcontainers.image import Image
from mlcontainers.values.gpus import GpuRequest
from mlcontainers.values.memory import Memory
from mlcontainers.values.names import env_name
from mlcontainers.values.published import PublishedPort
from mlcontainers.values.quoting import shell
from mlcontainers.values.text import invalid, line
from mlcontainers.values.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlcontainers.planners.labelling import Description
    from mlcontainers.values.durations import Duration

SHARED_MEMORY = Memory("1g")
"""For torch: workers of a DataLoader hand batches over in it, and a container gets 64 MB."""
CUDA_LIMITS = (("memlock", -1), ("stack", 67_108_864))
"""What NVIDIA's own containers ask for when they start: pinned memory, and deep stacks."""
_STEP = "  "


class RunSettings(Struct, frozen=True):
    """All that is said when a container is started."""

    reference: str
    ports: tuple[PublishedPort, ...] = ()
    gpus: GpuRequest = field(default_factory=lambda: GpuRequest(0))
    shm: Memory | None = None
    """Size of `/dev/shm`; Docker's 64 MB where it is None."""
    ulimits: tuple[tuple[str, int], ...] = ()
    init: bool = False
    """An init of the engine's, which passes signals on and reaps: not where the image has its own."""
    stop_timeout: int | None = None
    """Seconds between SIGTERM and SIGKILL; Docker's 10 where it is None."""
    cpus: float | None = None
    """Limit of processors. Images of ours start as many threads as it allows."""
    memory: Memory | None = None
    read_only: bool = False
    """Nothing can be written but `/tmp`, which is in memory, and volumes."""
    env: tuple[tuple[str, str | None], ...] = ()
    """None is the value that the variable has where the container is started: so that no secret is written down."""
    volumes: tuple[Volume, ...] = ()

    @classmethod
    def of(
        cls,
        reference: str,
        told: Description,
        *,
        exposed: Sequence[str] = (),
        ports: Sequence[str | int] | None = None,
        gpus: str | int | None = None,
        shm: str | None = None,
        cpus: float | None = None,
        memory: str | None = None,
        read_only: bool = False,
        ulimits: bool = True,
        env: Mapping[str, str | None] | None = None,
        volumes: Sequence[str] = (),
    ) -> RunSettings:
        """What an image asks for, and over it what the user does.

        `exposed` are the ports that the image itself names, where its description does not. Without `ulimits` the
        engine's own stay, which an engine without root's rights may not raise. Raises InvalidValueError.
        """
        image = _image(told)
        serve = image.serve if image else None
        own = [*image.ports, *([serve.port] if serve else [])] if image else [*exposed]
        wanted = dict.fromkeys(map(str, own)) if ports is None else ports
        on_cuda = told.accelerator.startswith("CUDA")
        has_torch = "torch" in dict(told.packages)
        return cls(
            reference=line(reference, "reference"),
            ports=tuple(PublishedPort.parse(port) for port in wanted),
            gpus=GpuRequest.parse(("all" if on_cuda else "none") if gpus is None else gpus),
            shm=Memory.of(shm) if shm else SHARED_MEMORY if has_torch else None,
            ulimits=CUDA_LIMITS if on_cuda and ulimits else (),
            init=serve is None,
            stop_timeout=_seconds(serve.stop_grace) if serve else None,
            cpus=_cpus(cpus),
            memory=Memory.of(memory) if memory else None,
            read_only=read_only,
            env=tuple(sorted((env_name(name), _value(value)) for name, value in (env or {}).items())),
            volumes=tuple(Volume.of(volume) for volume in volumes),
        )

    def arguments(self, *, detach: bool = False) -> tuple[str, ...]:
        """What follows `docker` on its command line."""
        # One that ends in the background is kept: its log says why it ended.
        return ("run", *(("--detach",) if detach else ("--rm",)), *self.options(), self.reference)

    def options(self) -> Iterator[str]:
        """Those of `docker run` and `docker create` alike."""
        if self.init:
            yield "--init"
        yield from (f"--publish={port}" for port in self.ports)
        if self.gpus.wanted:
            yield f"--gpus={_gpus(self.gpus)}"
        if self.shm:
            yield f"--shm-size={self.shm}"
        yield from (f"--ulimit={name}={limit}" for name, limit in self.ulimits)
        if self.stop_timeout is not None:
            yield f"--stop-timeout={self.stop_timeout}"
        if self.cpus is not None:
            yield f"--cpus={self.cpus:g}"
        if self.memory:
            yield f"--memory={self.memory}"
        if self.read_only:
            yield "--read-only"
            yield "--tmpfs=/tmp:exec,mode=1777"
        yield from (f"--env={name}" if value is None else f"--env={name}={value}" for name, value in self.env)
        yield from (f"--volume={volume}" for volume in self.volumes)

    def docker_run(self, *, detach: bool = False) -> str:
        """The command to paste into a shell, an option on each line."""
        first, *options = ("docker run", *self.arguments(detach=detach)[1:])
        return " \\\n    ".join((first, *map(shell, options))) + "\n"

    def compose(self, service: str = "app") -> str:
        """The same as a compose file. A `$` is written as two, since compose would take it for a variable."""
        content: dict[str, object] = {"services": {service: dict(self._service())}}
        if named := [volume.source for volume in self.volumes if volume.named]:
            content["volumes"] = dict.fromkeys(named)
        return "\n".join(_yaml(content)) + "\n"

    def _service(self) -> Iterator[tuple[str, Any]]:
        yield "image", self.reference
        if self.init:
            yield "init", True
        if self.ports:
            yield "ports", [str(port) for port in self.ports]
        if self.shm:
            yield "shm_size", str(self.shm)
        if self.ulimits:
            yield "ulimits", dict(self.ulimits)
        if self.stop_timeout is not None:
            yield "stop_grace_period", f"{self.stop_timeout}s"
        if self.cpus is not None:
            yield "cpus", self.cpus
        if self.memory:
            yield "mem_limit", str(self.memory)
        if self.read_only:
            yield "read_only", True
            yield "tmpfs", ["/tmp:exec,mode=1777"]
        if self.env:
            yield "environment", dict(self.env)
        if self.volumes:
            yield "volumes", [str(volume) for volume in self.volumes]
        if self.gpus.wanted:
            which = {"device_ids": list(self.gpus.uuids)} if self.gpus.uuids else {"count": self.gpus.count or "all"}
            device = {"driver": "nvidia", **which, "capabilities": ["gpu"]}
            yield "deploy", {"resources": {"reservations": {"devices": [device]}}}


def _image(told: Description) -> Image | None:
    """The description that was built; None where there is none, or one of another version of the format."""
    try:
        return Image.parse(told.image, "json") if told.image else None
    except InvalidImageError:
        return None


def _seconds(duration: Duration) -> int:
    """In whole seconds, of which Docker wants at least one here."""
    return max(1, round(duration.milliseconds / 1000))


def _cpus(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0.01 <= given <= 4096:
        raise invalid("bad-cpus", f"{given!r} is no number of processors", "as in 2 or 1.5")
    return given


def _value(given: object) -> str | None:
    return None if given is None else line(given, "value")


def _gpus(request: GpuRequest) -> str:
    """In Docker's words: several devices stand in quotes, or their commas would end the field."""
    if not request.uuids:
        return str(request)
    devices = f"device={request}"
    return f'"{devices}"' if "," in devices else devices


def _yaml(content: dict[str, object], indent: str = "") -> Iterator[str]:
    """Nested tables and lists as YAML; every text stands in quotes as JSON has them, which YAML reads as well."""
    for key, value in content.items():
        head = f"{indent}{_key(key)}:"
        if isinstance(value, dict):
            yield head
            yield from _yaml(cast("dict[str, object]", value), indent + _STEP)
        elif isinstance(value, list):
            yield head
            yield from _items(cast("list[object]", value), indent + _STEP)
        else:
            yield f"{head} {_scalar(value)}"


def _items(content: list[object], indent: str) -> Iterator[str]:
    for item in content:
        if isinstance(item, dict):
            lines = _yaml(cast("dict[str, object]", item), indent + _STEP)
            yield f"{indent}- {next(lines).lstrip()}"
            yield from lines
        else:
            yield f"{indent}- {_scalar(item)}"


def _key(name: str) -> str:
    """Names of variables stand in quotes: YAML takes NO for a truth value."""
    return name if name.replace("_", "").islower() and name.isidentifier() else json.dumps(name)


def _scalar(value: object) -> str:
    """A variable without a value is null: compose then takes it from where it is started."""
    return json.dumps(value.replace("$", "$$") if isinstance(value, str) else value)
