"""From an image to its plan."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import Add, Copy, Run, Workdir
from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.facts import catalogue as shipped_catalogue
from mlcontainers.layers import Conda, Extension, Pin, Shell, Target
from mlcontainers.layers.bases import ReferenceBase
from mlcontainers.layers.installing import HashedTool
from mlcontainers.planners.asking import brings_cuda, needs_cuda_base, on_cuda_base, question_of, wishes_of
from mlcontainers.planners.assembling import Decided, assemble
from mlcontainers.planners.bases import Base, Known, chosen_base, cuda_base, known_base, slim_base
from mlcontainers.planners.cudas import cuda_problem
from mlcontainers.planners.environments import conda_packages, cuda_taken, on_conda_python, python_taken
from mlcontainers.planners.forecasting import forecast
from mlcontainers.planners.hosts import served
from mlcontainers.planners.installs import beside_the_lock, installs, locked_packages
from mlcontainers.planners.offline import offline_problems
from mlcontainers.planners.ordering import depths, too_late, written_order
from mlcontainers.planners.plans import Extensions, Plan
from mlcontainers.planners.questions import Refusal, Solution
from mlcontainers.planners.reading import read_files
from mlcontainers.planners.reasons import (
    decisions_of,
    installer_decision,
    installs_packages,
    lock_decision,
    micromamba_decision,
)
from mlcontainers.planners.refusing import impossible, needed_earlier, refuse_contradictions
from mlcontainers.planners.remarks import remarks
from mlcontainers.planners.routing import routes
from mlcontainers.planners.solving import solve
from mlcontainers.planners.source_only import source_only_frameworks
from mlcontainers.planners.system_libraries import system_needs
from mlcontainers.planners.wheels import in_wheelhouse
from mlcontainers.values.accelerators import Cpu, Cuda
from mlcontainers.values.context import ContextFiles
from mlcontainers.values.sources import Sources
from mlcontainers.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlcontainers.dockerfile import Dockerfile
    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.layers.target import Routed
    from mlcontainers.planners.questions import Chosen
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.locks import Lock


def plan(
    image: Image,
    *,
    sources: Sources | None = None,
    facts: Catalogue | None = None,
    context: Mapping[str, str] | ContextFiles | None = None,
    lock: Lock | None = None,
) -> Plan:
    """Decide everything that public facts can decide, and write the Dockerfile that follows.

    `sources` says where packages come from on this machine, which never changes what the image is.
    `context` holds the texts of the requirements files, pyprojects and locks that the image names, by their paths;
    what they ask for is compared too. `mlcontainers.engines.read_context` reads them from a folder.
    `lock` has the digests of base images and every package: with it every base is named by its digest, each step
    installs exactly those files, and a build of the plan makes equal layers each time. One that is of another image
    is refused. `mlcontainers.engines.locking.lock` makes one.
    Raises InvalidValueError for what a file cannot say, and ImpossibleError with all reasons and the nearest images
    that work.
    """
    files = context if context is None or isinstance(context, ContextFiles) else ContextFiles.of(context)
    return planned(image, sources or Sources(), facts or shipped_catalogue(), files, lock)


@lru_cache(maxsize=128)
def planned(
    image: Image, sources: Sources, catalogue: Catalogue, files: ContextFiles | None, lock: Lock | None
) -> Plan:
    """The plan, made once for equal images: commands, matrices and services ask for it again and again."""
    read = read_files(image, files)
    if without_wheels := tuple(source_only_frameworks(catalogue, image)):
        raise ImpossibleError(*without_wheels)
    known = known_base(catalogue, image.base.reference) if isinstance(image.base, ReferenceBase) else Known()
    refuse_contradictions(image, known)
    question = question_of(catalogue, image, known)
    if needs_cuda_base(catalogue, image, question):
        question = on_cuda_base(catalogue, image, question)
    cuda = question.accelerator.version if isinstance(question.accelerator, Cuda) else None
    about_cuda = cuda_problem(catalogue, cuda) if cuda else None
    if about_cuda is not None and about_cuda.severity == "error":
        raise ImpossibleError(about_cuda)
    solution = solve(catalogue, question)
    if isinstance(solution, Refusal):
        raise ImpossibleError(impossible(catalogue, image, question, solution))
    accelerator = _decided_accelerator(question.accelerator, solution)
    conda = conda_packages(image, read)
    base = on_conda_python(catalogue, image, _base(catalogue, image, solution, accelerator, known), conda)
    groups = tuple(tuple(wish.project for wish in group) for group in wishes_of(image, accelerator))
    order = written_order(image.layers, depths(groups, solution.packages))
    if late := too_late(groups, order, solution.packages):
        raise ImpossibleError(needed_earlier(image, *late))
    pins = _pins(image, solution, groups, order, sources)
    compiled = _extensions(catalogue, image, base, solution, accelerator, order, pins)
    target = Target(
        base.reference,
        image.platform,
        base.python,
        accelerator,
        base.interpreter,
        sources,
        installer=image.installer,
        reproducible=lock is not None,
        python_taken=python_taken(image, base, read, conda),
        cuda_taken=cuda_taken(base, solution, accelerator),
    )
    names = (
        *((image.installer.program,) if installs_packages(image) or base.distribution_python else ()),
        *(("dumb-init",) if image.has_init else ()),
    )
    tools = tuple(_tool(catalogue, name) for name in names)
    compiles = any(compiled.compiling) and image.installer.program != "pip"
    builder = _tool(catalogue, "pip") if compiles else None
    header = (
        f"Written by mlcontainers {__version__} from facts of {catalogue.as_of}; edit the description, not this file."
    )
    all_pins = tuple(pin for group in pins for pin in group)
    if unreachable := tuple(offline_problems(image, base, all_pins, tools, sources)):
        raise ImpossibleError(*unreachable)
    readings = tuple(files.reading() for files in read)
    routed = routes(image, read, base.python)
    system = system_needs(catalogue, image, base.suite, solution, read)
    steps = installs(image, order, pins, routed, read)
    locked = locked_packages(lock, steps, len(image.layers), image.platform, base.python)
    decided = Decided(
        image,
        base,
        target,
        order,
        pins,
        readings,
        routed,
        compiled.compiling,
        tools,
        builder,
        header,
        system,
        lock,
        locked,
    )
    dockerfile, origins = assemble(decided)
    floor, floor_fact = _driver_floor(catalogue, accelerator)
    required = _required_secrets(image, (routed for group in decided.routed for routed in group))
    decisions = (
        *decisions_of(catalogue, question, image, base, solution, accelerator, floor, floor_fact),
        *compiled.decisions,
        system.decision,
        lock_decision(lock),
        installer_decision(catalogue, base, image),
        micromamba_decision(image),
    )
    return Plan(
        image=image,
        target=target,
        sources=sources,
        context=files,
        lock=lock,
        dockerfile=dockerfile,
        origins=origins,
        pins=all_pins,
        installs=steps,
        decisions=tuple(decision for decision in decisions if decision is not None),
        problems=_answered(
            image,
            (
                *((about_cuda,) if about_cuda else ()),
                *base.problems,
                *solution.doubts,
                *remarks(catalogue, image, base, solution, accelerator, read, sources),
                *system.problems,
                *compiled.problems,
                *beside_the_lock(lock, image, steps, locked),
            ),
        ),
        expiry=base.expiry,
        forecast=forecast(catalogue, image, solution.packages, _layers(dockerfile)),
        driver_floor=floor,
        capabilities=served(catalogue, solution.packages, image.platform.machine),
        secrets=(*required, *_host_secrets(sources)),
        required_secrets=required,
        contexts=("wheelhouse",) if sources.offline or any(pin.local for pin in all_pins) else (),
        facts_date=catalogue.as_of,
        facts=catalogue,
    )


def _decided_accelerator(asked: Accelerator | None, solution: Solution) -> Accelerator:
    """CUDA without a version becomes the one that the first framework is made for."""
    if isinstance(asked, Cuda) and asked.version is None:
        for package in solution.packages:
            if package.cuda is not None:
                return Cuda(package.cuda)
    return asked or Cpu()


def _base(catalogue: Catalogue, image: Image, solution: Solution, accelerator: Accelerator, known: Known) -> Base:
    if isinstance(image.base, ReferenceBase):
        return chosen_base(catalogue, image.base.reference, known, solution.python)
    if isinstance(accelerator, Cuda) and not brings_cuda(solution):
        assert accelerator.version is not None
        cudnn = any(package.cuda_of_base for package in solution.packages)
        return cuda_base(catalogue, accelerator.version, solution.python, image.platform, cudnn)
    needed = max((package.glibc for package in solution.packages if package.glibc), default=None)
    assert solution.python is not None
    return slim_base(catalogue, solution.python, image.platform, needed)


def _extensions(
    catalogue: Catalogue,
    image: Image,
    base: Base,
    solution: Solution,
    accelerator: Accelerator,
    order: tuple[int, ...],
    pins: tuple[tuple[Pin, ...], ...],
) -> Extensions:
    """What is compiled; most images compile nothing, and need not know how."""
    if not any(isinstance(layer, Extension) for layer in image.layers):
        return Extensions((None,) * len(image.layers))
    from mlcontainers.planners.compiling import extensions

    return extensions(catalogue, image, base, solution, accelerator, order, pins)


def _pins(
    image: Image, solution: Solution, groups: tuple[tuple[str, ...], ...], order: tuple[int, ...], sources: Sources
) -> tuple[tuple[Pin, ...], ...]:
    """What each layer installs. What the frameworks need besides comes with the first of them that is written."""
    chosen = {package.project: package for package in solution.packages}
    wished = {project for group in groups for project in group}
    besides = [package for package in solution.packages if package.project not in wished]
    first = next((position for position in order if groups[position]), None)
    pins: list[tuple[Pin, ...]] = []
    for position, group in enumerate(groups):
        packages = [*(chosen[project] for project in group), *(besides if position == first else ())]
        pins.append(tuple(_pin(image, package, solution, sources) for package in packages))
    return tuple(pins)


def _pin(image: Image, chosen: Chosen, solution: Solution, sources: Sources) -> Pin:
    python = solution.python
    local = python is not None and in_wheelhouse(sources, chosen, python, image.platform)
    cuda = chosen.cuda or chosen.base_cuda
    return Pin(chosen.project, chosen.version, chosen.index, local, chosen.extras, cuda, chosen.cudnn, chosen.also)


@lru_cache(maxsize=256)
def _tool(catalogue: Catalogue, name: str) -> HashedTool:
    tool = catalogue.tool(name)
    digests = (tool.sha256(machine) for machine in ("x86_64", "aarch64"))
    return HashedTool(f"{name}=={tool.version}", tuple(dict.fromkeys(digest for digest in digests if digest)))


@lru_cache(maxsize=256)
def _driver_floor(catalogue: Catalogue, accelerator: Accelerator) -> tuple[str | None, Fact | None]:
    if not isinstance(accelerator, Cuda) or accelerator.version is None:
        return None, None
    return catalogue.driver_floor(accelerator.version)


def _answered(image: Image, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Warnings that the user has answered become remarks that say so."""
    answers = dict(image.assumptions)
    return tuple(
        problem
        if problem.severity != "warning" or problem.code not in answers
        else Problem(
            problem.code,
            "info",
            problem.where,
            problem.what,
            (*problem.because, f"you said: {answers[problem.code]}"),
        )
        for problem in problems
    )


def _layers(dockerfile: Dockerfile) -> int:
    """How many layers the instructions of the last stage add, and of those that it stands on."""
    own = (one for stage in dockerfile.lineage for one in stage.instructions)
    return sum(isinstance(one, Run | Copy | Add | Workdir) for one in own)


def _required_secrets(image: Image, taken: Iterable[Routed]) -> tuple[str, ...]:
    of_commands = (secret.id for layer in image.layers if isinstance(layer, Shell) for secret in layer.secrets)
    of_channels = (layer.credentials.id for layer in image.layers if isinstance(layer, Conda) and layer.credentials)
    of_indexes = (routed.credentials for routed in taken if routed.credentials)
    return tuple(dict.fromkeys((*of_commands, *of_channels, *of_indexes)))


def _host_secrets(sources: Sources) -> tuple[str, ...]:
    from mlcontainers.layers.installing import HOST_SECRETS

    return tuple(name for name, _ in HOST_SECRETS) if sources.host_settings else ()
