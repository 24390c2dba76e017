"""`mlcontainers bake FILE MATRIX`"""

import json
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json
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
from mlcontainers.errors import BuildFailedError, EngineError, InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mlcontainers import Image, Matrix
    from mlcontainers.engines import BuiltCell, CellEvent
    from mlcontainers.engines.events import Event

ENGINE_FAILED = EngineError.exit_code


@answers
def bake(
    file: ImageFile,
    matrix: Annotated[
        str, typer.Argument(metavar="MATRIX", help="A TOML file with [axes]: values of fields.", show_default=False)
    ],
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="T", help="A name, as in my-app:py{base.python}.")
    ] = None,
    context: ContextFolder = None,
    host_settings: HostSettings = False,
    wheelhouse: WheelFolder = None,
    mirror: Mirrors = None,
    profile: ProfileFile = None,
    network: BuildNetwork = None,
    secret: Secrets = None,
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
    locked: Locked = False,
    own: OwnFacts = None,
    as_of: AsOf = None,
    progress: HowToShow = Progress.AUTO,
    as_json: AsJson = False,
) -> int:
    """Build an image once for each combination of the values in MATRIX, all in one run of the builder.

    Exit codes: 0 all are built, 1 some are impossible, 3 some have failed; the others are built in any case.
    """
    from mlcontainers import Image
    from mlcontainers.engines import build_all

    options = asked(
        folder=Path(file).parent if context is None else Path(context), host_settings=host_settings,
        wheelhouse=wheelhouse, mirror=mirror, profile=profile, network=network, secret=secret, builder=builder,
        cache=cache, compression=compression, attest=attest, push=push, no_load=no_load, no_verify=no_verify,
        verify_env=verify_env, verify_network=verify_network,
        force=force, lock=lock_of(file, locked),
    )  # fmt: skip
    described = Image.load(file)
    cells = read_matrix(described, matrix).plan(facts=known(own, as_of))
    if as_json and progress is Progress.AUTO:
        progress = Progress.JSON
    else:
        told = (problem for cell in cells if cell.plan for problem in cell.problems)
        complain(tuple(dict.fromkeys(problem for problem in told if problem.severity == "warning")))
    with _shown(progress) as listener:
        built = build_all(cells, **options, tags=tag or (), progress=listener)
    if as_json:
        print_json({"schema": 1, "cells": [answer.to_json() for answer in built]})
    else:
        _tell(built)
    states = {answer.state for answer in built}
    return ENGINE_FAILED if "failed" in states else NO if "impossible" in states else FINE


def read_matrix(image: "Image", file: str) -> "Matrix":
    """The axes that a file gives this image: `schema = 1`, and under `[axes]` a list of values for each field."""
    from mlcontainers import Matrix

    try:
        data = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _wrong(file, f"{file!r} cannot be read as TOML: {reason}") from None
    axes = data.get("axes")
    if not isinstance(axes, dict) or not axes or set(data) - {"schema", "axes"} or data.get("schema") != 1:
        raise _wrong(file, "a matrix has schema = 1 and [axes], and nothing else")
    lists = cast("dict[str, Any]", axes)
    if odd := [field for field, values in lists.items() if not isinstance(values, list)]:
        raise _wrong(file, f"the axis {odd[0]!r} is no list of values; a field with dots stands in quotes")
    return Matrix(image, lists)


def _wrong(file: str, what: str) -> InvalidValueError:
    hint = 'schema = 1, and under [axes] lines like "base.python" = ["3.11", "3.12"]'
    return InvalidValueError(Problem("bad-matrix", "error", file, what, (), (hint,)))


@contextmanager
def _shown(progress: Progress) -> "Generator[Callable[[CellEvent], None]]":
    """As one build is shown, with the cell before each step; what is another cell's too is shown once."""
    from mlcontainers.cli.progress import shown
    from mlcontainers.engines.events import to_json

    if progress is Progress.JSON:
        yield lambda told: _write({"cell": told.cell, "shared": told.shared, **to_json(told.event)})
        return
    with shown(progress) as listener:

        def tell(told: "CellEvent") -> None:
            if not told.shared:
                listener(_labelled(told.cell, told.event))

        yield tell


def _labelled(cell: str, event: "Event") -> "Event":
    step = getattr(event, "step", "")
    if not step:
        return event
    # The builder's housekeeping, which is not shown, is known by how its name begins.
    label = f"{step} ({cell})" if step.startswith("[internal]") else f"{cell} {step}"
    labelled: Event = replace(cast("Any", event), step=label)
    return labelled


def _write(line: dict[str, object]) -> None:
    sys.stderr.write(json.dumps(line) + "\n")


def _tell(built: "tuple[BuiltCell, ...]") -> None:
    for answer in built:
        if answer.built is not None:
            names = " ".join(answer.built.references) or answer.built.digest
            show(f"built: {answer.cell.name}: {names}")
        else:
            show(f"{answer.state}: {answer.cell.name}")
    for answer in built:
        if answer.error is not None:
            show(f"\n{answer.cell.name}", sys.stderr)
            if isinstance(answer.error, BuildFailedError) and answer.error.log_tail:
                show("\n".join(f"  | {line}" for line in answer.error.log_tail), sys.stderr)
            complain(answer.error.problems)
