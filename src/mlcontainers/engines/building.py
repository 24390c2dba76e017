"""`build`: from a plan to an image on an engine."""

from __future__ import annotations

import json
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.buildx import run_builder
from mlcontainers.engines.client import engine_version
from mlcontainers.engines.events import Event, StepDone, Warned
from mlcontainers.engines.faults import SNAPSHOT_RACE, failure
from mlcontainers.engines.options import BuildOptions, BuildRequest, arguments, metadata_file
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.errors import BuildFailedError, EngineError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcontainers.engines.buildx import Ended
    from mlcontainers.engines.events import Progress
    from mlcontainers.image import Image
    from mlcontainers.planners import Plan


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that an engine has built."""

    plan: Plan
    """The plan that was built, with the sources that were used."""
    tags: tuple[str, ...]
    digest: str
    """`sha256:...` of what a registry would hold."""
    size: int
    """Bytes of its layers as the engine keeps them; 0 where it was not loaded into the engine."""
    seconds: float
    reused: bool
    """Nothing had to be done: every step came from the cache."""
    steps: tuple[StepDone, ...]
    """The steps in the order they ended."""


def build(
    image: Image | Plan,
    *,
    context: str | Path = ".",
    tags: Sequence[str] = (),
    host_settings: bool = False,
    wheelhouse: str | Path | None = None,
    mirrors: Mapping[str, str] | None = None,
    secrets: Mapping[str, str | Path] | None = None,
    builder: str | None = None,
    load: bool = True,
    push: bool = False,
    progress: Progress | None = None,
) -> BuiltImage:
    """Build an image with `docker buildx build`.

    `progress` is called with every event, while it happens. `host_settings` lends this host's pip and uv settings and
    CA bundle to the install steps, as build secrets that are in no layer. `wheelhouse` is a local folder of wheels that
    are preferred where they are exactly what was planned. `mirrors` are addresses for the frameworks' own indexes, as
    in `{"pytorch": "https://..."}`. None of these changes what the image is.
    `secrets` says for each secret of the image where it comes from: a `Path` is a file, a text `$NAME` a variable of
    this process.

    Raises ImpossibleError where facts rule the image out, EngineNotFoundError where there is no engine, and
    BuildFailedError with step, layer and log where the build fails.
    """
    options = BuildOptions(
        context=context,
        tags=tags,
        host_settings=host_settings,
        wheelhouse=wheelhouse,
        mirrors=mirrors,
        secrets=secrets,
        builder=builder,
        load=load,
        push=push,
        progress=progress,
    )
    return build_request(BuildRequest.of(image, options))


def build_request(request: BuildRequest) -> BuiltImage:
    """Build what was asked for."""
    engine_version()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlcontainers-") as folder:
        scratch = Path(folder)
        names = [f"--tag={reference}" for reference in request.references]
        # Loading and pushing at once, the engine may lose a race with itself over the name: one after the other.
        outputs = [output for output, wanted in (("--load", request.load), ("--push", request.push)) if wanted]
        ended = _run(request, arguments(request, scratch, [*names, *outputs[:1]]))
        for output in outputs[1:]:
            _run(request, arguments(request, scratch, [*names, output]))
        digest = _digest(metadata_file(scratch))
    seconds = time.monotonic() - started
    tags = tuple(map(str, request.references))
    size = _size(tags[0] if tags else digest) if request.load else 0
    return BuiltImage(request.plan, tags, digest, size, seconds, _all_cached(ended), tuple(ended.done.values()))


def _run(request: BuildRequest, command: Sequence[str]) -> Ended:
    """Run the builder; once more where it lost a race with itself, which the same build wins."""

    def watch(event: Event) -> None:
        request.progress(event)
        if isinstance(event, Warned) and "InvalidBaseImagePlatform" in event.text:
            # The builder only warns, and would label the wrong binaries with the right platform: stop it here.
            raise BuildFailedError(_wrong_platform(request.plan, event), layer="base")

    for attempt in (1, 2):
        ended = run_builder(command, folder=request.folder, on_event=watch, environment=_QUIET)
        if ended.code == 0:
            return ended
        if attempt == 1 and SNAPSHOT_RACE.search("\n".join(ended.words)):
            continue
        raise failure(request.plan, ended.words, ended.failed_step, ended.log)
    raise AssertionError("unreachable")


_QUIET = {"BUILDX_METADATA_PROVENANCE": "disabled", "DOCKER_CLI_HINTS": "false", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def _wrong_platform(decided: Plan, warned: Warned) -> Problem:
    what = f"the base image on this engine is not for {decided.target.platform}"
    hint = "remove it (docker rmi) and let the build fetch the right one"
    return Problem("wrong-platform", "error", "base", what, (warned.text,), (hint,))


def _digest(metadata: Path) -> str:
    found = cast("dict[str, Any]", json.loads(metadata.read_text(encoding="utf-8"))) if metadata.exists() else {}
    return str(found.get("containerimage.digest", ""))


def _size(reference: str) -> int:
    """What the engine says of the image; 0 where the Docker SDK is not installed."""
    try:
        with docker_sdk() as client:
            return int(client.images.get(reference).attrs["Size"])
    except EngineError:
        return 0


def _all_cached(ended: Ended) -> bool:
    """Steps of the file itself: the builder's own, such as loading the context, are never cached."""
    own = [step for step in ended.done.values() if _OWN_STEP(step.step)]
    return bool(own) and all(step.cached for step in own)


_OWN_STEP = re.compile(r"\[(?:\S+ )?[0-9]+/[0-9]+\] (?!FROM )").match
