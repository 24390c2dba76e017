"""`mlcontainers build FILE`"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from mlcontainers.cli.answering import FINE, answers, print_json, problems_json
from mlcontainers.cli.arguments import (
    AsJson,
    BuilderName,
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
    Progress,
    Push,
    Secrets,
    WheelFolder,
)
from mlcontainers.cli.drawing import complain, show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.locks import Locked, lock_of
from mlcontainers.errors import BuildFailedError, InvalidValueError, MlcontainersError, Problem
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from mlcontainers.engines import BuiltImage
    from mlcontainers.engines.options import Compression
    from mlcontainers.planners import Plan


@answers
def build(
    file: ImageFile,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", metavar="T", help="A name for the image.")] = None,
    context: ContextFolder = None,
    host_settings: HostSettings = False,
    wheelhouse: WheelFolder = None,
    mirror: Mirrors = None,
    profile: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where things come from here; MLCONTAINERS_PROFILE without it.")
    ] = None,
    network: Annotated[
        str | None, typer.Option(metavar="none", help="Build without a network, from the wheelhouse alone.")
    ] = None,
    secret: Secrets = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(metavar="P", help="Build for it instead; several make one image of the registry."),
    ] = None,
    builder: BuilderName = None,
    cache: Caches = None,
    compression: LayerCompression = None,
    push: Push = False,
    no_load: NoLoad = False,
    no_verify: NoVerify = False,
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

    mirrors, secrets = given_mirrors(mirror or []), given_secrets(secret or [])
    described = Image.load(file)
    folder = Path(file).parent if context is None else Path(context)
    files, held = read_context(described, folder), lock_of(file, locked)
    decided = planned(described, facts=known(own, as_of), context=files, lock=held)
    if as_json and progress is Progress.AUTO:
        progress = Progress.JSON
    _warn(decided, progress)
    try:
        with shown(progress, decided.forecast.download) as listener:
            image = built(
                decided,
                context=folder,
                tags=tag or (),
                host_settings=host_settings,
                wheelhouse=given_wheelhouse(wheelhouse),
                mirrors=mirrors,
                profile=profile,
                network=cast("Literal['none'] | None", network),
                secrets=secrets,
                platforms=platform,
                builder=builder,
                cache=cache or "local",
                compression=cast("Compression | None", compression),
                push=push,
                load=not no_load,
                verify=not no_verify,
                force=force,
                progress=listener,
            )
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


def given_mirrors(given: Sequence[str]) -> dict[str, str] | None:
    """What `--mirror` says."""
    mirrors: dict[str, str] = {}
    for text in given:
        name, equals, url = text.partition("=")
        if not (name and equals and url):
            what = f"--mirror {text!r} is no NAME=URL"
            raise InvalidValueError(
                Problem("bad-mirror", "error", "--mirror", what, (), ("as in pytorch=https://...",))
            )
        mirrors[name] = url
    return mirrors or None


def given_secrets(given: Sequence[str]) -> dict[str, str | Path]:
    """Docker's own words for it. What is wrong is not repeated: it may be a secret."""
    secrets: dict[str, str | Path] = {}
    for text in given:
        parts = (part.partition("=") for part in text.split(","))
        words = {key: value for key, _, value in parts}
        source = words.get("src") or words.get("source")
        if words.get("id") and source:
            secrets[words["id"]] = Path(source)
        elif words.get("id") and words.get("env"):
            secrets[words["id"]] = f"${words['env']}"
        else:
            hints = ("--secret id=hf-token,src=FILE", "--secret id=hf-token,env=HF_TOKEN")
            what = "a secret has an id, and a file or a variable that it comes from"
            raise InvalidValueError(Problem("bad-secret", "error", "--secret", what, (), hints))
    return secrets


def given_wheelhouse(given: str | None) -> str | Path | None:
    """What `--wheelhouse` says: a folder, also the one that this host's settings name."""
    from mlcontainers.engines.host import find_links

    if given != "auto":
        return given
    folder = next((folder for folder in find_links() if any(folder.glob("*.whl"))), None)
    if folder is None:
        what = "pip's find-links setting names no folder that holds wheels"
        raise InvalidValueError(Problem("no-wheelhouse", "error", "--wheelhouse", what, (), ("name the folder",)))
    return folder


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
