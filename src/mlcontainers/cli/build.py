"""`mlcontainers build FILE`"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, ImageFile, Progress
from mlcontainers.cli.drawing import complain, show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.errors import BuildFailedError, InvalidValueError, Problem
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from mlcontainers.engines import BuiltImage


@answers
def build(
    file: ImageFile,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", metavar="T", help="A name for the image.")] = None,
    context: Annotated[
        str | None, typer.Option(metavar="DIR", help="The folder with your files; that of FILE without it.")
    ] = None,
    host_settings: Annotated[
        bool, typer.Option("--host-settings", help="Lend it this host's pip and uv settings and CA bundle.")
    ] = False,
    wheelhouse: Annotated[
        str | None, typer.Option(metavar="DIR|auto", help="A folder of wheels; auto: the one of pip's find-links.")
    ] = None,
    mirror: Annotated[
        list[str] | None, typer.Option(metavar="NAME=URL", help="Another address for an index, as pytorch=https://...")
    ] = None,
    secret: Annotated[
        list[str] | None, typer.Option(metavar="id=ID,src=FILE|env=NAME", help="Where a secret of the image is.")
    ] = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    progress: Annotated[Progress, typer.Option(help="How to show what it does.")] = Progress.AUTO,
    as_json: AsJson = False,
) -> int:
    """Build an image, and tag it.

    Nothing of the options changes what the image is, only where things come from.
    """
    from mlcontainers import Image
    from mlcontainers import build as built
    from mlcontainers import plan as planned
    from mlcontainers.cli.progress import shown

    mirrors, secrets = _mirrors(mirror or []), _secrets(secret or [])
    decided = planned(Image.load(file), facts=known(own, as_of))
    warnings = [problem for problem in decided.problems if problem.severity == "warning"]
    if warnings:
        complain(warnings)
    try:
        with shown(progress) as listener:
            image = built(
                decided,
                context=Path(file).parent if context is None else context,
                tags=tag or (),
                host_settings=host_settings,
                wheelhouse=_wheelhouse(wheelhouse),
                mirrors=mirrors,
                secrets=secrets,
                progress=listener,
            )
    except BuildFailedError as error:
        if progress is not Progress.PLAIN and error.log_tail:
            show("\n".join(f"  | {line}" for line in error.log_tail), sys.stderr)
        raise
    if as_json:
        print_json(_json(image))
    else:
        show("\n".join(_lines(image)))
    return FINE


def _mirrors(given: Sequence[str]) -> dict[str, str] | None:
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


def _secrets(given: Sequence[str]) -> dict[str, str | Path]:
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


def _wheelhouse(given: str | None) -> str | Path | None:
    from mlcontainers.engines.host import find_links

    if given != "auto":
        return given
    folder = next((folder for folder in find_links() if any(folder.glob("*.whl"))), None)
    if folder is None:
        what = "pip's find-links setting names no folder that holds wheels"
        raise InvalidValueError(Problem("no-wheelhouse", "error", "--wheelhouse", what, (), ("name the folder",)))
    return folder


def _lines(image: "BuiltImage") -> list[str]:
    how = "all from the cache" if image.reused else f"{sum(step.cached for step in image.steps)} steps from the cache"
    return [
        *(f"tag: {tag}" for tag in image.tags),
        f"digest: {image.digest}",
        *([f"size: {human_size(image.size)}"] if image.size else []),
        f"time: {image.seconds:.1f} s, {how}",
    ]


def _json(image: "BuiltImage") -> dict[str, object]:
    return {
        "schema": 1,
        "tags": list(image.tags),
        "digest": image.digest,
        "size": image.size or None,
        "seconds": round(image.seconds, 3),
        "reused": image.reused,
        "steps": [{"step": step.step, "seconds": step.seconds, "cached": step.cached} for step in image.steps],
    }
