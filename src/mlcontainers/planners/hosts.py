"""Can the machine that will run it use this build: its driver, its GPUs?"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlcontainers.errors import Problem
from mlcontainers.facts import Known
from mlcontainers.planners.questions import Chosen, Rejected
from mlcontainers.values.drivers import Driver
from mlcontainers.values.gpus import capability
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcontainers.facts import Catalogue, Release
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.gpus import GpuModel
    from mlcontainers.values.versions import PythonVersion


def on_host(
    catalogue: Catalogue, question: Question, release: Release, chosen: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    """The same build, with what the stated driver and GPUs say about it."""
    refused = _driver(catalogue, question, chosen, python) or _gpus(catalogue, question, release, chosen, python)
    return refused or replace(chosen, doubts=(*chosen.doubts, *_unknown_gpus(catalogue, question, release, chosen)))


@lru_cache(maxsize=1024)
def served(catalogue: Catalogue, packages: tuple[Chosen, ...], machine: str) -> tuple[str, ...]:
    """The compute capabilities in the build of torch that was chosen; none where nobody has listed them."""
    for package in packages:
        release = catalogue.release(package.project, package.version.public)
        build = catalogue.build(release, package.cuda.label, machine) if release and package.cuda else None
        if build:
            return build.capabilities
    return ()


def _driver(catalogue: Catalogue, question: Question, chosen: Chosen, python: PythonVersion) -> Rejected | None:
    if question.driver is None or chosen.cuda is None:
        return None
    floor, fact = catalogue.driver_floor(chosen.cuda)
    if floor is None or fact is None or Driver.parse(floor) <= question.driver:
        return None
    # Whether a build of which nobody knows exists is not to be claimed.
    built = (
        f"{chosen.project} {chosen.version} is built with" if not chosen.doubts else f"{chosen.project} is asked for"
    )
    why = replace(fact, claim=f"{built} CUDA {chosen.cuda}; {fact.claim}")
    return Rejected(chosen.project, why, python, by_build=True)


def capability_of(catalogue: Catalogue, gpu: str) -> str | None:
    """The compute capability of a GPU that is named by it or by its model; None for a model nobody has listed."""
    known = capability(gpu)
    model = None if known else catalogue.gpu(gpu)
    return known or (model.capability if model else None)


def spoken_capabilities(catalogue: Catalogue, gpus: Iterable[GpuModel]) -> tuple[Fact, ...]:
    """For each GPU that is named the fact that says which compute capability it has."""
    models = filter(None, (catalogue.gpu(str(gpu)) for gpu in gpus))
    return tuple(model.why("capability", f"{model.name} has compute capability {model.capability}") for model in models)


def _gpus(
    catalogue: Catalogue, question: Question, release: Release, chosen: Chosen, python: PythonVersion
) -> Rejected | None:
    if chosen.cuda is None:
        return None
    machine = question.platform.machine
    for gpu in question.gpus:
        wanted = capability_of(catalogue, gpu)
        build = catalogue.build(release, chosen.cuda.label, machine)
        if wanted and build and build.runs_on(wanted) is Known.NO:
            compiled = ", ".join(build.capabilities)
            claim = f"torch {release.version} for CUDA {chosen.cuda} is compiled for compute capabilities {compiled}"
            return Rejected(
                chosen.project, build.why("*", f"{claim}, not {_spoken(gpu, wanted)}"), python, by_build=True
            )
        if wanted and (gone := catalogue.dropped(wanted, chosen.cuda)):
            claim = f"CUDA {gone.last_cuda} is the last that compiles for {_spoken(gpu, wanted)}"
            return Rejected(chosen.project, gone.why("last_cuda", claim), python, by_build=True)
    return None


def _spoken(gpu: str, wanted: str) -> str:
    return wanted if capability(gpu) else f"{wanted} ({gpu})"


def _unknown_gpus(catalogue: Catalogue, question: Question, release: Release, chosen: Chosen) -> tuple[Problem, ...]:
    if chosen.cuda is None:
        return ()
    return tuple(
        Problem(
            "unknown-gpu",
            "warning",
            "",
            f"whether {chosen.project} {chosen.version} runs on {gpu} is not known",
            (),
            () if wanted else (*_close(catalogue, gpu), "give its compute capability, as in '8.9'"),
        )
        for gpu in question.gpus
        if (wanted := capability_of(catalogue, gpu)) is None
        or catalogue.runs_on(release, chosen.cuda.label, question.platform.machine, wanted) is Known.UNKNOWN
    )


def _close(catalogue: Catalogue, gpu: str) -> tuple[str, ...]:
    return did_you_mean(gpu, (model.name for model in catalogue.gpus()))
