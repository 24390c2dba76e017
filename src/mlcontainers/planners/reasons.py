"""What was decided, and why: the decisions that a plan explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.layers import Conda, Extension, Framework, Pip
from mlcontainers.layers.bases import CudaBase, ReferenceBase
from mlcontainers.layers.conda import CONDA_PYTHON, MICROMAMBA, MICROMAMBA_SOURCE
from mlcontainers.planners.builds import RULE
from mlcontainers.planners.hosts import spoken_capabilities
from mlcontainers.planners.plans import Decision
from mlcontainers.planners.releases import COMPANIONS
from mlcontainers.planners.solving import why_not_newer
from mlcontainers.values.accelerators import Cpu, Cuda
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.planners.bases import Base
    from mlcontainers.planners.questions import Chosen, Question, Solution
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.locks import Lock


def decisions_of(
    catalogue: Catalogue,
    question: Question,
    image: Image,
    base: Base,
    solution: Solution,
    accelerator: Accelerator,
    floor: str | None,
    floor_fact: Fact | None,
) -> list[Decision]:
    """Base, Python, accelerator and every package, each with the facts that it rests on."""
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


def lock_decision(lock: Lock | None) -> Decision | None:
    """That the plan is of a lock, where it is."""
    if lock is None:
        return None
    because = (Fact("every base image is named by its digest, and no file is dated later than that day", RULE),)
    if lock.packages is None:
        return Decision("lock", f"of {lock.date}, of base images alone", because)
    each = Fact("each step installs the files that are locked and no others, checked against their hashes", RULE)
    count = sum(len(step.packages) for step in lock.packages.steps)
    return Decision("lock", f"of {lock.date}, with {count} package{'' if count == 1 else 's'}", (*because, each))


def installs_packages(image: Image) -> bool:
    """Whether anything of the image comes by way of the installer."""
    return any(isinstance(layer, Pip | Framework | Extension) for layer in image.layers)


def installer_decision(catalogue: Catalogue, base: Base, image: Image) -> Decision | None:
    """The installer, where anything is installed."""
    if not installs_packages(image):
        return None
    tool = catalogue.tool(image.installer.program)
    compiled = "bytecode is compiled while building, since a user who is not root cannot keep it later"
    bytecode = Fact(compiled, RULE) if image.installer.bytecode else Fact("bytecode is left out: you asked", "image")
    name = image.installer.program
    because = (tool.why("*", f"{name} {tool.version} was the newest release"), bytecode)
    return Decision("installer", f"{name} {tool.version}", because)


def micromamba_decision(image: Image) -> Decision | None:
    """What makes the conda environment, where there is one."""
    if not any(isinstance(layer, Conda) for layer in image.layers):
        return None
    newest = Fact("it was the newest image of micromamba", MICROMAMBA_SOURCE)
    machine = Fact("what it chooses depends on the image, and not on the CPU or GPU of the machine that builds", RULE)
    return Decision("conda", str(MICROMAMBA), (newest, machine))
