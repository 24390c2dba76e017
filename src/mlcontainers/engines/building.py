"""`build`: from a plan to an image on an engine."""

from __future__ import annotations

import json
import re
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.buildx import run_builder
from mlcontainers.engines.client import docker_program, engine_version
from mlcontainers.engines.events import Event, StepDone, Warned
from mlcontainers.engines.faults import SNAPSHOT_RACE, failure
from mlcontainers.engines.host import host_secrets
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.engines.wheelhouse import wheel_names
from mlcontainers.errors import BuildFailedError, EngineError, InvalidValueError, Problem
from mlcontainers.planners import Plan, plan
from mlcontainers.values.references import ImageReference
from mlcontainers.values.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlcontainers.engines.buildx import Ended
    from mlcontainers.image import Image


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
    builder: str | None = None,
    load: bool = True,
    push: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> BuiltImage:
    """Build an image with `docker buildx build`.

    `host_settings` lends this host's pip and uv settings and CA bundle to the install steps, as build secrets that
    are in no layer. `wheelhouse` is a local folder of wheels that are preferred where they are exactly what was
    planned. `mirrors` are addresses for the frameworks' own indexes, as in `{"pytorch": "https://..."}`. None of
    these changes what the image is.

    Raises ImpossibleError where facts rule the image out, EngineNotFoundError where there is no engine, and
    BuildFailedError with step, layer and log where the build fails.
    """
    references = _references(tags)
    folder, listener = _folder(context), on_event or _ignore
    decided = _decided(image, host_settings, wheelhouse, mirrors)
    engine_version()
    started = time.monotonic()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlcontainers-")))
        command = [*_command(decided, scratch, references, builder)]
        command += _wheelhouse_options(decided, wheelhouse, listener)
        if decided.secrets:
            command += _secret_options(scratch, listener)
        # Loading and pushing at once, the engine may lose a race with itself over the name: one after the other.
        outputs = [output for output, wanted in (("--load", load), ("--push", push)) if wanted]
        ended = _run(decided, [*command, *outputs[:1], str(folder)], folder, listener)
        for output in outputs[1:]:
            _run(decided, [*command, output, str(folder)], folder, listener)
        digest = _digest(scratch / "metadata.json")
    seconds = time.monotonic() - started
    size = _size(references[0] if references else digest) if load else 0
    return BuiltImage(decided, references, digest, size, seconds, _all_cached(ended), tuple(ended.done.values()))


def _decided(
    image: Image | Plan, host_settings: bool, wheelhouse: str | Path | None, mirrors: Mapping[str, str] | None
) -> Plan:
    """The plan with the sources of this build: the decisions are the same, only addresses differ."""
    given = image.sources if isinstance(image, Plan) else Sources()
    sources = replace(
        given,
        host_settings=host_settings or given.host_settings,
        wheelhouse=wheel_names(wheelhouse) if wheelhouse is not None else given.wheelhouse,
        mirrors=tuple(sorted(mirrors.items())) if mirrors is not None else given.mirrors,
    )
    if isinstance(image, Plan):
        return image if sources == given else plan(image.image, sources=sources)
    return plan(image, sources=sources)


def _references(tags: Sequence[str]) -> tuple[str, ...]:
    if isinstance(tags, str):
        what = f"tags are a list, got the text {tags!r}"
        raise InvalidValueError(Problem("list-expected", "error", "tags", what, (), (f'write ["{tags}"]',)))
    return tuple(str(ImageReference.parse(tag)) for tag in tags)


def _folder(context: str | Path) -> Path:
    folder = Path(context).resolve()
    if not folder.is_dir():
        what = f"the build context {str(context)!r} is no folder"
        raise InvalidValueError(
            Problem("no-context", "error", "context", what, (), ("name the folder that holds your files",))
        )
    return folder


def _command(decided: Plan, scratch: Path, references: tuple[str, ...], builder: str | None) -> list[str]:
    dockerfile = scratch / "Dockerfile"
    dockerfile.write_text(decided.dockerfile.render(), encoding="utf-8", newline="")
    options = [f"--tag={reference}" for reference in references]
    options += [f"--builder={builder}"] if builder else []
    return [
        docker_program(),
        "buildx",
        "build",
        "--progress=rawjson",
        f"--file={dockerfile}",
        f"--platform={decided.target.platform}",
        f"--metadata-file={scratch / 'metadata.json'}",
        # Provenance holds a time of its own, so that equal builds would have different digests.
        "--provenance=false",
        *options,
    ]


def _wheelhouse_options(decided: Plan, wheelhouse: str | Path | None, on_event: Callable[[Event], None]) -> list[str]:
    """The folder as the named context that the Dockerfile mounts."""
    if decided.contexts and wheelhouse is None:
        what = "this plan takes wheels from a wheelhouse, and its folder is not named"
        raise InvalidValueError(
            Problem("no-wheelhouse", "error", "wheelhouse", what, (), ("build(..., wheelhouse=FOLDER)",))
        )
    if wheelhouse is not None and not decided.contexts:
        planned = ", ".join(map(str, decided.pins)) or "no framework"
        on_event(Warned(f"no wheel in {str(wheelhouse)!r} is used: what is planned is {planned}"))
    return ["--build-context", f"wheelhouse={Path(wheelhouse).resolve()}"] if decided.contexts and wheelhouse else []


def _secret_options(scratch: Path, on_event: Callable[[Event], None]) -> list[str]:
    """This host's settings as files that live as long as the build; what is left out of them is told."""
    secrets = host_secrets()
    for note in secrets.notes:
        on_event(Warned(note))
    options: list[str] = []
    for name, content in secrets.files:
        file = scratch / f"secret-{name}"
        file.touch(mode=0o600)
        file.write_bytes(content)
        options.append(f"--secret=id={name},src={file}")
    return options


def _run(decided: Plan, command: Sequence[str], folder: Path, on_event: Callable[[Event], None]) -> Ended:
    """Run the builder; once more where it lost a race with itself, which the same build wins."""

    def watch(event: Event) -> None:
        on_event(event)
        if isinstance(event, Warned) and "InvalidBaseImagePlatform" in event.text:
            # The builder only warns, and would label the wrong binaries with the right platform: stop it here.
            raise BuildFailedError(_wrong_platform(decided, event), layer="base")

    for attempt in (1, 2):
        ended = run_builder(command, folder=folder, on_event=watch, environment=_QUIET)
        if ended.code == 0:
            return ended
        if attempt == 1 and SNAPSHOT_RACE.search("\n".join(ended.words)):
            continue
        raise failure(decided, ended.words, ended.failed_step, ended.log)
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


def _ignore(event: Event) -> None:
    return None
