"""A run of the builder for one request: watched while it runs, and what came of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.attesting import no_sbom
from mlcontainers.engines.buildx import run_builder
from mlcontainers.engines.built import BuiltStep
from mlcontainers.engines.client import engine_version
from mlcontainers.engines.contents import contents
from mlcontainers.engines.events import StepCached, StepDone, Warned
from mlcontainers.engines.faults import SNAPSHOT_RACE, failure, last_word, origin_of
from mlcontainers.engines.options import arguments, metadata_file
from mlcontainers.engines.registry import silent_one
from mlcontainers.engines.room import disk_room
from mlcontainers.errors import BuildFailedError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from mlcontainers.engines.buildx import Ended
    from mlcontainers.engines.events import Event
    from mlcontainers.engines.options import BuildRequest
    from mlcontainers.errors import EngineError
    from mlcontainers.planners import Plan


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the builder says of an image that it has built."""

    digest: str
    """Of what a registry would hold; empty where no image came out."""
    config_digest: str
    bases: frozenset[str]
    """Digests of the images that it was made from; none where the builder does not tell."""
    steps: tuple[BuiltStep, ...]

    @property
    def all_cached(self) -> bool:
        """Steps of the file itself: the builder's own, such as loading the context, are never cached."""
        own = [step for step in self.steps if _OWN_STEP(step.step)]
        return bool(own) and all(step.cached for step in own)


_OWN_STEP = re.compile(r"\[(?:\S+ )?[0-9]+/[0-9]+\] (?!FROM )").match
_CONTEXT_LOADED = "[internal] load build context"
QUIET = {"DOCKER_CLI_HINTS": "false", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def attempt(request: BuildRequest, scratch: Path, outputs: Sequence[str]) -> Attempt:
    """Build once; a second time where the builder lost a race with itself, which the same build wins.

    Raises BuildFailedError, also where a file changed while the builder read it.
    """
    command, check = arguments(request, scratch, outputs), checking(request)

    def watch(event: Event) -> None:
        request.progress(event)
        check(event)

    for tries_left in (1, 0):
        ended = run_builder(
            command,
            folder=request.folder,
            on_event=watch,
            environment=QUIET,
            stop=request.stop,
            silent_registry=silent_registry([request]),
        )
        if ended.code == 0:
            return read_attempt(request.plan, read_metadata(scratch), ended)
        if not (tries_left and SNAPSHOT_RACE.search("\n".join(ended.words))):
            break
    raise failed(request, ended)


def silent_registry(requests: Collection[BuildRequest]) -> Callable[[], str] | None:
    """What to ask while a builder pushes and says nothing; of a builder elsewhere nobody knows what it reaches."""
    names = [request.references[0] for request in requests if request.push and request.references]
    if not names or any(request.builder for request in requests):
        return None
    return partial(silent_one, names)


def checking(request: BuildRequest) -> Callable[[Event], None]:
    """Hears a build's events, and raises BuildFailedError at what the builder itself would not stop at."""
    before = contents(request.plan.dockerfile, request.folder)

    def check(event: Event) -> None:
        match event:
            case Warned(text) if "InvalidBaseImagePlatform" in text:
                # The builder only warns, and would label the wrong binaries with the right platform: stop it here.
                raise BuildFailedError(_wrong_platform(request.plan, event), layer="base")
            case StepDone(step) | StepCached(step) if step == _CONTEXT_LOADED:
                _check_unchanged(before, contents(request.plan.dockerfile, request.folder))
            case _:
                pass

    return check


def failed(request: BuildRequest, ended: Ended) -> EngineError:
    """The error for a build that ended badly; raises EngineNotFoundError where nothing could begin."""
    if not ended.done and not ended.failed_step:
        engine_version()  # Nothing began: without engine or buildx this says so better than the builder.
    error = failure(request.plan, ended.words, ended.failed_step, ended.log, partial(disk_room, request.builder))
    if isinstance(error, BuildFailedError) and (
        problem := no_sbom(request.attestations, ended.failed_step, last_word(ended.words))
    ):
        return BuildFailedError(problem, step=ended.failed_step, log_tail=error.log_tail)
    return error


def read_metadata(scratch: Path) -> dict[str, Any]:
    """What the builder wrote of what it has built."""
    file = metadata_file(scratch)
    return cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def read_attempt(plan: Plan, found: Mapping[str, Any], ended: Ended) -> Attempt:
    """What the builder says of one image."""
    provenance: Any = found.get("buildx.build.provenance") or {}
    materials: list[Any] = provenance.get("materials") or []
    digests: list[str] = [material.get("digest", {}).get("sha256", "") for material in materials]
    return Attempt(
        digest=str(found.get("containerimage.digest", "")),
        config_digest=str(found.get("containerimage.config.digest", "")),
        bases=frozenset(f"sha256:{digest}" for digest in digests if digest),
        steps=tuple(_step(plan, step) for step in ended.done.values()),
    )


def _step(plan: Plan, ended: StepDone | StepCached) -> BuiltStep:
    _, origin = origin_of(plan, ended.step)
    return BuiltStep(ended.step, getattr(ended, "seconds", 0.0), isinstance(ended, StepCached), origin)


def _check_unchanged(before: dict[str, str], after: dict[str, str]) -> None:
    """What the builder was sent is what the fingerprint is of; later changes do not matter to it."""
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        what = f"{changed[0]}{more} changed while the builder read the build context"
        because = ("the image would hold neither the old files nor the new ones",)
        raise BuildFailedError(Problem("context-changed", "error", "context", what, because, ("build again",)))


def _wrong_platform(plan: Plan, warned: Warned) -> Problem:
    what = f"the base image on this engine is not for {plan.target.platform}"
    hint = "remove it (docker rmi) and let the build fetch the right one"
    return Problem("wrong-platform", "error", "base", what, (warned.text,), (hint,))
