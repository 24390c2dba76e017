"""`run`: start an image with what its frameworks ask for, by the very command that can be printed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.built import BuiltImage
from mlcontainers.engines.client import docker_program, engine_version
from mlcontainers.engines.inspecting import image_config
from mlcontainers.errors import EngineError, Problem
from mlcontainers.planners.labelling import Description
from mlcontainers.planners.running import RunSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcontainers.planners import Plan

_REFUSED = 125
"""By which `docker run` says that it was the engine that failed, and not the program."""

_LIMIT = "error setting rlimit"


@dataclass(frozen=True, slots=True)
class Ran:
    """A container that was started."""

    settings: RunSettings
    container: str
    """Its id, while it runs in the background; empty where it has ended and is gone."""
    exit_code: int | None
    """Of the program; None while it runs."""

    def stop(self) -> int:
        """Ask a container in the background to stop, wait, remove it, and return the program's exit code."""
        _docker("stop", self.container)
        code = int(_docker("container", "inspect", "--format={{.State.ExitCode}}", self.container))
        _docker("rm", "--force", "--volumes", self.container)
        return code


def run(
    image: BuiltImage | str,
    *,
    plan: Plan | None = None,
    ports: Sequence[str | int] | None = None,
    gpus: str | int | None = None,
    shm: str | None = None,
    cpus: float | None = None,
    memory: str | None = None,
    read_only: bool = False,
    ulimits: bool = True,
    env: Mapping[str, str | None] | None = None,
    volumes: Sequence[str] = (),
    detach: bool = False,
) -> Ran:
    """Run an image with the settings that its plan asks for, or that its labels do; what you say wins.

    Ports are those of the image, on this machine alone, unless you name others. `gpus` is `all`, `none`, a number or
    UUIDs; an image for CUDA gets all. `env` with the value None lends a variable of this process. In the foreground it
    returns when the program has ended; with `detach` at once.

    Raises InvalidValueError for what no engine would take, EngineNotFoundError where none answers, and EngineError
    where it refuses.
    """
    settings = run_settings(
        image, plan=plan, ports=ports, gpus=gpus, shm=shm, cpus=cpus, memory=memory, read_only=read_only,
        ulimits=ulimits, env=env, volumes=volumes,
    )  # fmt: skip
    return start(settings, detach=detach)


def run_settings(image: BuiltImage | str, *, plan: Plan | None = None, **asked: Any) -> RunSettings:
    """The settings alone, with `docker_run()` and `compose()`; the engine is only asked where there is no plan."""
    if isinstance(image, BuiltImage):
        plan, image = plan or image.plan, image.tags[0] if image.tags else image.id
    if plan is not None:
        return RunSettings.of(image, Description.of(plan), **asked)
    config = image_config(image)
    labels = cast("dict[str, str]", config.get("Labels") or {})
    exposed = sorted(cast("dict[str, Any]", config.get("ExposedPorts") or {}))
    return RunSettings.of(image, Description.read(labels), exposed=exposed, **asked)


def start(settings: RunSettings, *, detach: bool = False) -> Ran:
    """Start what the settings say; see `run`."""
    engine_version()
    if detach:
        return Ran(settings, _started(settings), None)
    code = _foreground((docker_program(), *settings.arguments()))
    if code == _REFUSED:
        what = f"the Docker engine refuses to run {settings.reference}"
        raise EngineError(Problem("engine-refused", "error", "", what, ("docker has said why above",)))
    return Ran(settings, "", code)


def _foreground(command: Sequence[str]) -> int:
    """The exit code of a command. Interrupted, it asks the client to end, which hands that on to the program."""
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise


def _started(settings: RunSettings) -> str:
    """`docker run --detach` in its two steps: one that cannot be started would stay behind."""
    container = _docker("create", *settings.options(), settings.reference)
    try:
        _docker("start", container)
    except BaseException:
        _docker("rm", "--force", "--volumes", container)
        raise
    return container


def _docker(*arguments: str) -> str:
    done = subprocess.run((docker_program(), *arguments), capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        hints = ("this engine may not raise limits: ulimits=False, --no-ulimits",) if _LIMIT in done.stderr else ()
        raise EngineError(Problem("engine-refused", "error", "", "the Docker engine refuses", tuple(said[:1]), hints))
    return done.stdout.strip()
