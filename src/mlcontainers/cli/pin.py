"""`mlcontainers pin REQUIREMENT...`"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json
from mlcontainers.cli.arguments import AsJson
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.optional_values import NEWEST
from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.accelerators import Accelerator, Cpu, Cuda, Rocm
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from mlcontainers.planners.pinning import Answer

SHOWN = 3
"""Facts of a refusal that people are shown; the newest releases come first."""


@answers
def pin(
    requirements: Annotated[
        list[str],
        typer.Argument(metavar="REQUIREMENT...", help="As for pip: torch, 'torch==2.9.*'.", show_default=False),
    ],
    cpu: Annotated[bool, typer.Option("--cpu", help="Without a GPU.")] = False,
    cuda: Annotated[
        str | None, typer.Option(metavar="[V]", help="NVIDIA GPUs; without a version the best.", show_default=False)
    ] = None,
    rocm: Annotated[
        str | None, typer.Option(metavar="[V]", help="AMD GPUs; without a version the best.", show_default=False)
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="V", help="As in 3.12.", show_default=False)] = None,
    platform: Annotated[str, typer.Option(metavar="P", help="linux/amd64 or linux/arm64.")] = "linux/amd64",
    base: Annotated[
        str | None, typer.Option(metavar="REF", help="The base image, by reference.", show_default=False)
    ] = None,
    gpu: Annotated[
        list[str] | None,
        typer.Option("--gpu", metavar="NAME", help="A GPU of the host: H100, 8.9, sm_89.", show_default=False),
    ] = None,
    driver: Annotated[
        str | None, typer.Option(metavar="V", help="The host's NVIDIA driver.", show_default=False)
    ] = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Find versions that work together, or say why not.

    What is left out is chosen. Exit code 1 where there are none, with what is nearest;
    what nobody knows is no error.
    """
    from mlcontainers import pin as pinned

    accelerator = _accelerator(cpu, cuda, rocm)
    answer = pinned(
        *requirements,
        accelerator=accelerator,
        python=python,
        platform=platform,
        base=base,
        gpus=gpu or (),
        driver=driver,
        facts=known(own, as_of),
    )
    if as_json:
        print_json(answer.to_json())
    else:
        show("\n".join(_lines(answer, " ".join(requirements))))
    return NO if answer.verdict == "impossible" else FINE


def _accelerator(cpu: bool, cuda: str | None, rocm: str | None) -> Accelerator | None:
    if cpu + (cuda is not None) + (rocm is not None) > 1:
        what = "--cpu, --cuda and --rocm exclude each other"
        raise InvalidValueError(Problem("one-accelerator", "error", "", what, (), ("keep one of them",)))
    if cuda is not None:
        return Cuda(None if cuda == NEWEST else cuda)
    if rocm is not None:
        return Rocm(None if rocm == NEWEST else rocm)
    return Cpu() if cpu else None


def _lines(answer: "Answer", asked: str) -> Iterator[str]:
    yield f"{answer.verdict}: {_setting(answer, asked)}"
    if answer.verdict == "impossible":
        yield from (f"  because {fact}" for fact in answer.because[:SHOWN])
        if len(answer.because) > SHOWN:
            yield f"  and {len(answer.because) - SHOWN} facts like these (--json shows all)"
    for package in answer.packages:
        size = f", {human_size(package.size)}" if package.size else ""
        name = f"{package.project}[{','.join(package.extras)}]" if package.extras else package.project
        yield f"{name}: {package.version} from {package.index or 'the Python index'}{size}"
        yield from (f"  because {fact}" for fact in package.because)
    if answer.base:
        yield f"base image: {answer.base}"
    if answer.driver_floor:
        yield f"NVIDIA driver: {answer.driver_floor} or newer on the host"
    if answer.capabilities:
        yield f"GPUs of compute capability: {', '.join(answer.capabilities)}"
    for other in answer.alternatives:
        yield f"nearest that works: {other.changes}: {' '.join(other.packages)} on Python {other.python}"
    yield from (str(problem) for problem in answer.problems)
    yield f"facts: as of {answer.facts_date}"


def _setting(answer: "Answer", asked: str) -> str:
    """What was asked, in the setting that was asked for or chosen."""
    parts = [f"for {answer.accelerator}" if answer.accelerator else "", f"on {answer.platform}"]
    if answer.python:
        parts.insert(1, f"with Python {answer.python}")
    return " ".join([asked, *(part for part in parts if part)])
