"""What does an image ask for? Its wishes, as one question to the solver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.layers import Framework
from mlcontainers.layers.bases import CpuBase, CudaBase, ReferenceBase
from mlcontainers.planners.bases import (
    Known,
    cuda_base,
    cuda_pythons,
    newest_cuda,
    newest_glibc,
    offered_pythons,
)
from mlcontainers.planners.questions import Question, Solution
from mlcontainers.planners.solving import solve
from mlcontainers.values.accelerators import Cpu, Cuda

if TYPE_CHECKING:
    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.layers import Wish
    from mlcontainers.values.accelerators import Accelerator


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


def question_of(catalogue: Catalogue, image: Image, known: Known) -> Question:
    """What the image asks the solver: raises ImpossibleError where the Python of its base is not known."""
    accelerator = wished_accelerator(image, known)
    wishes = tuple(wish for group in wishes_of(image, accelerator) for wish in group)
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


def needs_cuda_base(catalogue: Catalogue, image: Image, question: Question) -> bool:
    """Whether CUDA has to come from the base: nothing uses it, or what does brings none of it with its wheels."""
    if not isinstance(image.base, CudaBase):
        return False
    if not question.wishes:
        return True
    solution = solve(catalogue, question)
    return isinstance(solution, Solution) and not brings_cuda(solution)


def brings_cuda(solution: Solution) -> bool:
    """Whether the wheels bring the CUDA that they compute with."""
    return any(package.cuda and not package.cuda_of_base for package in solution.packages)


def on_cuda_base(catalogue: Catalogue, image: Image, question: Question) -> Question:
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


def wishes_of(image: Image, accelerator: Accelerator) -> list[tuple[Wish, ...]]:
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
