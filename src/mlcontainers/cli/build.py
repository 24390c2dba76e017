"""`mlcontainers build FILE`"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlcontainers.cli.answering import FINE, answers, print_json, problems_json
from mlcontainers.cli.arguments import (
    AsJson,
    Attest,
    BuilderName,
    BuildNetwork,
    Caches,
    ContextFolder,
    Force,
    HostSettings,
    HowToShow,
    ImageFile,
    LayerCompression,
    Mirrors,
    NoLoad,
    NoVerify,
    ProfileFile,
    Progress,
    Push,
    Secrets,
    VerifyEnv,
    VerifyNetwork,
    WheelFolder,
)
from mlcontainers.cli.asked import asked
from mlcontainers.cli.drawing import complain, show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.locks import Locked, lock_of
from mlcontainers.errors import BuildFailedError, MlcontainersError
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from mlcontainers.engines import BuiltImage
    from mlcontainers.planners import Plan


@answers
def build(
    file: ImageFile,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", metavar="T", help="A name for the image.")] = None,
    context: ContextFolder = None,
    host_settings: HostSettings = False,
    wheelhouse: WheelFolder = None,
    mirror: Mirrors = None,
    profile: ProfileFile = None,
    network: BuildNetwork = None,
    secret: Secrets = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(metavar="P", help="Build for it instead; several make one image of the registry."),
    ] = None,
    builder: BuilderName = None,
    cache: Caches = None,
    compression: LayerCompression = None,
    attest: Attest = None,
    push: Push = False,
    no_load: NoLoad = False,
    no_verify: NoVerify = False,
    verify_env: VerifyEnv = None,
    verify_network: VerifyNetwork = None,
    force: Force = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what changed since the image of this name.")] = False,
    locked: Locked = False,
    own: OwnFacts = None,
    as_of: AsOf = None,
    progress: HowToShow = Progress.AUTO,
    as_json: AsJson = False,
) -> int:
    """Build an image unless it is there, verify it, and name it.

    With --json what happens is told on standard error as one JSON object a line.
    """
    from mlcontainers import Image
    from mlcontainers import build as built
    from mlcontainers import plan as planned
    from mlcontainers.cli.progress import shown
    from mlcontainers.engines.context import read_context

    folder = Path(file).parent if context is None else Path(context)
    options = asked(
        folder=folder, host_settings=host_settings, wheelhouse=wheelhouse, mirror=mirror, profile=profile,
        network=network, secret=secret, builder=builder, cache=cache, compression=compression, attest=attest,
        push=push, no_load=no_load, no_verify=no_verify,
        verify_env=verify_env, verify_network=verify_network, force=force, lock=lock_of(file, locked),
    )  # fmt: skip
    described = Image.load(file)
    files = read_context(described, folder)
    decided = planned(described, facts=known(own, as_of), context=files, lock=lock_of(file, locked))
    if as_json and progress is Progress.AUTO:
        progress = Progress.JSON
    _warn(decided, progress)
    try:
        with shown(progress, decided.forecast.download) as listener:
            image = built(decided, **options, tags=tag or (), platforms=platform, progress=listener)
    except MlcontainersError as error:
        if progress is Progress.JSON:
            return _failed(error, as_json)
        if isinstance(error, BuildFailedError) and progress is not Progress.PLAIN and error.log_tail:
            show("\n".join(f"  | {line}" for line in error.log_tail), sys.stderr)
        raise
    if as_json:
        print_json(image.to_json())
    else:
        show("\n".join(_lines(image, explain)))
    return FINE


def _failed(error: MlcontainersError, as_json: bool) -> int:
    """The last line for a program that reads them: what people are told, as data."""
    told: dict[str, object] = {"problems": problems_json(error.problems)}
    if isinstance(error, BuildFailedError):
        told |= {"step": error.step, "layer": error.layer, "log_tail": list(error.log_tail)}
    sys.stderr.write(json.dumps({"event": "failed", **told}) + "\n")
    if as_json:
        print_json(told)
    return error.exit_code


def _warn(decided: "Plan", progress: Progress) -> None:
    warnings = [problem for problem in decided.problems if problem.severity == "warning"]
    if progress is Progress.JSON:
        for problem in warnings:
            sys.stderr.write(json.dumps({"event": "warned", "problem": problem.to_json()}) + "\n")
    elif warnings:
        complain(warnings)


def _lines(image: "BuiltImage", explain: bool) -> list[str]:
    if not image.reused:
        how = f"{sum(step.cached for step in image.steps)} steps from the cache"
    else:
        how = "all from the cache" if image.steps else "nothing to build"
    changes = [f"changed: {words}" for words in image.changes] or ["changed: nothing that is known of"]
    return [
        *(f"tag: {tag}" for tag in image.references),
        *([f"digest: {image.digest}"] if image.digest else []),
        *([f"size: {human_size(image.size)}"] if image.size else []),
        *(changes if explain else []),
        f"time: {image.seconds:.1f} s, {how}",
    ]
