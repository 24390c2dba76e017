"""From an image to its plan."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlcontainers.dockerfile import Add, Copy, Run, Workdir
from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.facts import catalogue as shipped_catalogue
from mlcontainers.layers import Conda, Extension, Framework, Other, Pin, Pip, Shell, Target
from mlcontainers.layers.bases import CpuBase, CudaBase, ReferenceBase
from mlcontainers.layers.conda import CONDA_PYTHON, MICROMAMBA, MICROMAMBA_SOURCE
from mlcontainers.layers.installing import HashedTool
from mlcontainers.planners.assembling import Decided, assemble
from mlcontainers.planners.bases import (
    Base,
    Known,
    chosen_base,
    cuda_base,
    cuda_pythons,
    known_base,
    newest_cuda,
    newest_glibc,
    offered_pythons,
    slim_base,
)
from mlcontainers.planners.builds import RULE
from mlcontainers.planners.cudas import cuda_problem
from mlcontainers.planners.environments import (
    conda_packages,
    cuda_taken,
    on_conda_python,
    python_taken,
)
from mlcontainers.planners.forecasting import forecast
from mlcontainers.planners.hosts import served, spoken_capabilities
from mlcontainers.planners.installs import beside_the_lock, installs, locked_packages
from mlcontainers.planners.offline import offline_problems
from mlcontainers.planners.ordering import depths, too_late, written_order
from mlcontainers.planners.plans import Decision, Extensions, Plan
from mlcontainers.planners.proposals import nearest
from mlcontainers.planners.questions import Question, Refusal, Solution
from mlcontainers.planners.reading import read_files
from mlcontainers.planners.releases import COMPANIONS
from mlcontainers.planners.remarks import remarks
from mlcontainers.planners.routing import routes
from mlcontainers.planners.solving import core, solve, why_not_newer
from mlcontainers.planners.source_only import source_only_frameworks
from mlcontainers.planners.system_libraries import system_needs
from mlcontainers.planners.wheels import in_wheelhouse
from mlcontainers.values.accelerators import Cpu, Cuda
from mlcontainers.values.context import ContextFiles
from mlcontainers.values.evidence import Fact
from mlcontainers.values.sources import Sources
from mlcontainers.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlcontainers.dockerfile import Dockerfile
    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.layers import Wish
    from mlcontainers.layers.target import Routed
    from mlcontainers.planners.questions import Chosen
    from mlcontainers.values.accelerators import Accelerator
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
    _refuse_contradictions(image, known)
    question = _question(catalogue, image, known)
    if _needs_cuda_base(catalogue, image, question):
        question = _on_cuda_base(catalogue, image, question)
    cuda = question.accelerator.version if isinstance(question.accelerator, Cuda) else None
    about_cuda = cuda_problem(catalogue, cuda) if cuda else None
    if about_cuda is not None and about_cuda.severity == "error":
        raise ImpossibleError(about_cuda)
    solution = solve(catalogue, question)
    if isinstance(solution, Refusal):
        raise ImpossibleError(_impossible(catalogue, image, question, solution))
    accelerator = _decided_accelerator(question.accelerator, solution)
    conda = conda_packages(image, read)
    base = on_conda_python(catalogue, image, _base(catalogue, image, solution, accelerator, known), conda)
    groups = tuple(tuple(wish.project for wish in group) for group in _wishes(image, accelerator))
    order = written_order(image.layers, depths(groups, solution.packages))
    if late := too_late(groups, order, solution.packages):
        raise ImpossibleError(_needed_earlier(image, *late))
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
        *((image.installer.program,) if _installs(image) or base.distribution_python else ()),
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
        *_decisions(catalogue, question, image, base, solution, accelerator, floor, floor_fact),
        *compiled.decisions,
        system.decision,
        _lock(lock),
        _installer(catalogue, base, image),
        _micromamba(image),
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


def wished_accelerator(image: Image, known: Known) -> Accelerator:
    """What the user asked to compute on."""
    match image.base:
        case CpuBase():
            return Cpu()
        case CudaBase(version=version):
            return Cuda(version)
        case ReferenceBase(cuda=version):
            cuda = version or known.cuda
            return Cuda(cuda) if cuda else Cpu()


def _question(catalogue: Catalogue, image: Image, known: Known) -> Question:
    accelerator = wished_accelerator(image, known)
    wishes = tuple(wish for group in _wishes(image, accelerator) for wish in group)
    gpus = tuple(map(str, image.gpus))
    if isinstance(image.base, ReferenceBase):
        python = image.base.python or known.python
        if python is None and wishes:
            raise ImpossibleError(_unknown_python(image.base))
        glibc = known.suite.glibc if known.suite else None
        return Question(wishes, accelerator, image.platform, (python,) if python else (), glibc, gpus=gpus)
    pythons = (image.base.python,) if image.base.python else offered_pythons(catalogue, image.platform)
    glibc = newest_glibc(catalogue, pythons, image.platform)
    return Question(wishes, accelerator, image.platform, pythons, glibc, gpus=gpus)


def _needs_cuda_base(catalogue: Catalogue, image: Image, question: Question) -> bool:
    """Whether CUDA has to come from the base: nothing uses it, or what does brings none of it with its wheels."""
    if not isinstance(image.base, CudaBase):
        return False
    if not question.wishes:
        return True
    solution = solve(catalogue, question)
    return isinstance(solution, Solution) and not _brings_cuda(solution)


def _brings_cuda(solution: Solution) -> bool:
    return any(package.cuda and not package.cuda_of_base for package in solution.packages)


def _on_cuda_base(catalogue: Catalogue, image: Image, question: Question) -> Question:
    """The same question for the Pythons and the CUDA of an `nvidia/cuda` image."""
    assert isinstance(image.base, CudaBase)
    version = image.base.version
    if version is None and question.wishes and isinstance(solution := solve(catalogue, question), Solution):
        version = next((package.base_cuda for package in solution.packages if package.base_cuda), None)
    version = version or newest_cuda(catalogue, image.platform)
    pythons = (image.base.python,) if image.base.python else cuda_pythons(catalogue, version, image.platform)
    if not pythons:
        cuda_base(catalogue, version, None, image.platform)  # which says why there is none
    return replace(question, accelerator=Cuda(version), pythons=pythons, glibc=None)


def _wishes(image: Image, accelerator: Accelerator) -> list[tuple[Wish, ...]]:
    """For each layer what it wishes for. A package that another layer is about is that layer's to install."""
    machine = image.platform.machine
    groups = [layer.wishes(accelerator, machine) if isinstance(layer, Framework) else () for layer in image.layers]
    leaders = {group[0].project for group in groups if group}
    seen: set[str] = set()
    found: list[tuple[Wish, ...]] = []
    for group in groups:
        own = tuple(w for n, w in enumerate(group) if w.project not in seen and (n == 0 or w.project not in leaders))
        seen |= {wish.project for wish in own}
        found.append(own)
    return found


def _unknown_python(base: ReferenceBase) -> Problem:
    return Problem(
        "unknown-python",
        "error",
        "base.python",
        f"which Python is inside {base.reference} is not known",
        ("wheels are chosen for one Python",),
        (f'say it: Image.from_base("{base.reference}", python="3.12")',),
    )


def _refuse_contradictions(image: Image, known: Known) -> None:
    problems = [
        Problem(
            "twice",
            "error",
            f"layers ({kind})",
            f"{kind} is added {count} times",
            (),
            ("add it once, with all its options",),
        )
        for kind, count in Counter(
            _subject(layer) for layer in image.layers if isinstance(layer, Framework | Extension)
        ).items()
        if count > 1
    ]
    if sum(isinstance(layer, Conda) for layer in image.layers) > 1:
        what, hint = "conda is added more than once", "add it once: one environment is solved as a whole"
        problems.append(Problem("twice", "error", "layers (conda)", what, (), (hint,)))
    base = image.base
    if (
        isinstance(base, ReferenceBase)
        and base.python
        and known.python
        and known.official_python
        and base.python != known.python
    ):
        what = f"{base.reference} has Python {known.python}, not {base.python}"
        problems.append(Problem("python-mismatch", "error", "base.python", what, (), ("leave python= out",)))
    if problems:
        raise ImpossibleError(*problems)


def _subject(layer: Framework | Extension) -> str:
    if isinstance(layer, Extension):
        return str(layer.package)
    return layer.name if isinstance(layer, Other) else str(type(layer).model_fields["kind"].default)


def _impossible(catalogue: Catalogue, image: Image, question: Question, refusal: Refusal) -> Problem:
    wanted = " with ".join(
        f"{wish.project}{' ' + str(wish.version) if wish.version else ''}"
        for wish in question.wishes
        if not wish.companion_of
    )
    pythons = f"Python {question.pythons[0]}" if len(question.pythons) == 1 else "any Python that has a base image"
    gpus = f" on {', '.join(question.gpus)}" if question.gpus and not isinstance(question.accelerator, Cpu) else ""
    what = f"{wanted} cannot be had for {question.accelerator}{gpus} with {pythons} on {question.platform}"
    hints = tuple(proposal.as_python(image) for proposal in nearest(catalogue, question))
    smallest = solve(catalogue, core(catalogue, question))
    refusal = smallest if isinstance(smallest, Refusal) else refusal
    place = next(
        (f"layers[{n}] ({layer.kind})" for n, layer in enumerate(image.layers) if isinstance(layer, Framework)),
        "",
    )
    return Problem("no-wheel", "error", place, what, tuple(map(str, refusal.reasons[:4])), hints)


def _needed_earlier(image: Image, user: int, owner: int, project: str) -> Problem:
    first, second = (f"layers[{n}] ({image.layers[n].kind})" for n in (user, owner))
    what = f"{first} needs {project}, which {second} installs behind a shell command"
    because = ("nothing moves past a command that nobody knows", f"without it the first brings another {project}")
    return Problem("needed-earlier", "error", first, what, because, (f"add {project} before the command",))


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
    if isinstance(accelerator, Cuda) and not _brings_cuda(solution):
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


def _decisions(
    catalogue: Catalogue,
    question: Question,
    image: Image,
    base: Base,
    solution: Solution,
    accelerator: Accelerator,
    floor: str | None,
    floor_fact: Fact | None,
) -> list[Decision]:
    decisions = [
        Decision("base image", str(base.reference), base.because),
        Decision("Python", str(base.python or "unknown"), _why_python(image, base, solution)),
    ]
    if not isinstance(accelerator, Cpu):
        driver = (floor_fact,) if floor and floor_fact else ()
        decisions.append(
            Decision("accelerator", str(accelerator), (_why_accelerator(image, solution, accelerator), *driver))
        )
    else:
        decisions.append(Decision("accelerator", "CPU", (_why_accelerator(image, solution, accelerator),)))
    if image.gpus:
        decisions.append(Decision("GPUs", ", ".join(map(str, image.gpus)), spoken_capabilities(catalogue, image.gpus)))
    for package in solution.packages:
        origin = f" from {package.index.url}" if package.index else " from the Python index"
        decisions.append(
            Decision(
                package.project,
                f"{package.version}{origin}",
                (*package.because, *_skipped(catalogue, question, solution, package)),
            )
        )
    for code, reason in image.assumptions:
        decisions.append(Decision("assumption", code, (Fact(reason, "you said so"),)))
    return decisions


def _why_python(image: Image, base: Base, solution: Solution) -> tuple[Fact, ...]:
    if base.interpreter == CONDA_PYTHON:
        return (Fact("the conda environment brings it, and its programs come first in PATH", RULE),)
    if image.base.python is not None:
        return (Fact("you asked for it", "image"),)
    if isinstance(image.base, ReferenceBase) or base.distribution_python:
        return (Fact(f"it is the Python of {base.reference}", RULE),)
    rule = Fact("it is the newest that has a base image still rebuilt, and wheels of everything here", RULE)
    newer = [one.reason for one in solution.rejected if solution.python and one.python > solution.python]
    return (rule, *newer[-1:])


def _why_accelerator(image: Image, solution: Solution, accelerator: Accelerator) -> Fact:
    match image.base:
        case CudaBase(version=None):
            leader = next((package for package in solution.packages if package.cuda), None)
            why = (
                f"{leader.project} {leader.version} is made for it"
                if leader
                else "it is the newest in NVIDIA's list of images"
            )
            return Fact(why, RULE)
        case ReferenceBase(cuda=None):
            cuda = isinstance(accelerator, Cuda)
            return Fact(
                "the base you asked for has it" if cuda else "neither you nor the base's name speak of CUDA", RULE
            )
        case _:
            return Fact("you asked for it", "image")


def _skipped(catalogue: Catalogue, question: Question, solution: Solution, package: Chosen) -> tuple[Fact, ...]:
    """Why it is not a newer one, in the words of the newest that was passed over."""
    newer = [one.reason for one in solution.rejected if (one.project, one.python) == (package.project, solution.python)]
    asked = {wish.project for wish in question.wishes}
    follows = package.project in COMPANIONS and "torch" in asked
    if newer or follows or solution.python is None or package.project not in asked:
        return () if follows else tuple(newer[:1])
    told = why_not_newer(catalogue, question, package, solution.python)
    return (told,) if told else ()


def _lock(lock: Lock | None) -> Decision | None:
    if lock is None:
        return None
    because = (Fact("every base image is named by its digest, and no file is dated later than that day", RULE),)
    if lock.packages is None:
        return Decision("lock", f"of {lock.date}, of base images alone", because)
    each = Fact("each step installs the files that are locked and no others, checked against their hashes", RULE)
    count = sum(len(step.packages) for step in lock.packages.steps)
    return Decision("lock", f"of {lock.date}, with {count} package{'' if count == 1 else 's'}", (*because, each))


def _installs(image: Image) -> bool:
    return any(isinstance(layer, Pip | Framework | Extension) for layer in image.layers)


def _installer(catalogue: Catalogue, base: Base, image: Image) -> Decision | None:
    if not _installs(image):
        return None
    tool = catalogue.tool(image.installer.program)
    compiled = "bytecode is compiled while building, since a user who is not root cannot keep it later"
    bytecode = Fact(compiled, RULE) if image.installer.bytecode else Fact("bytecode is left out: you asked", "image")
    name = image.installer.program
    because = (tool.why("*", f"{name} {tool.version} was the newest release"), bytecode)
    return Decision("installer", f"{name} {tool.version}", because)


def _micromamba(image: Image) -> Decision | None:
    if not any(isinstance(layer, Conda) for layer in image.layers):
        return None
    newest = Fact("it was the newest image of micromamba", MICROMAMBA_SOURCE)
    machine = Fact("what it chooses depends on the image, and not on the CPU or GPU of the machine that builds", RULE)
    return Decision("conda", str(MICROMAMBA), (newest, machine))


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
