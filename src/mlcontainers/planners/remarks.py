"""What a careful reader would say about an image that can be built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.layers import Pip, Shell
from mlcontainers.layers.framework import build_for
from mlcontainers.planners.environments import conda_problems
from mlcontainers.planners.routing import applies, index_problems
from mlcontainers.planners.source_only import source_only_package
from mlcontainers.values.accelerators import Cpu, Cuda

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.planners.bases import Base
    from mlcontainers.planners.questions import Chosen, Solution
    from mlcontainers.planners.reading import LayerFiles
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.sources import Sources
    from mlcontainers.values.wishes import PackageRequirement

LAYER_OF = {
    "torch": "add_torch()",
    "torchvision": "add_torch(vision=True)",
    "torchaudio": "add_torch(audio=True)",
}
"""Packages that come in several builds: which one is decided by a layer of theirs."""


def remarks(
    catalogue: Catalogue,
    image: Image,
    base: Base,
    solution: Solution,
    accelerator: Accelerator,
    read: Sequence[LayerFiles],
    sources: Sources,
) -> tuple[Problem, ...]:
    """Warnings and remarks about the whole image; raises ImpossibleError for what contradicts a decision."""
    found = (
        *_packages(catalogue, image, solution, accelerator, read, sources),
        *index_problems(image, read, solution.packages),
        *(problem for files in read for problem in files.problems),
        *conda_problems(catalogue, image, base, solution, accelerator, read),
        *_cuda_twice(base, solution),
        *_cuda_unused(image, base, accelerator),
        *_gpus_unused(image, accelerator),
        *_escape_hatches(image),
        *_root(image),
        *_no_command(image),
    )
    errors = tuple(problem for problem in found if problem.severity == "error")
    if errors:
        raise ImpossibleError(*errors)
    return found


def _packages(
    catalogue: Catalogue,
    image: Image,
    solution: Solution,
    accelerator: Accelerator,
    read: Sequence[LayerFiles],
    sources: Sources,
) -> Iterator[Problem]:
    decided = {package.project: package for package in solution.packages}
    for position, (layer, files) in enumerate(zip(image.layers, read, strict=True)):
        if isinstance(layer, Pip):
            named = [(package, f"layers[{position}] (pip)") for package in layer.packages]
            asked = [(one.package, one.where) for one in (*files.asked, *files.locked)]
            for package, where in (*named, *asked):
                if applies(image, package, solution.python):
                    yield from _package(catalogue, package, decided, where, accelerator)
                    yield from _other_build(image, package, decided, where, accelerator)
                    yield from source_only_package(catalogue, image, sources, package, where)
            for one in files.constraints:
                if one.package.name in decided and applies(image, one.package, solution.python):
                    yield from _package(catalogue, one.package, decided, one.where, accelerator)


def _other_build(
    image: Image, package: PackageRequirement, decided: dict[str, Chosen], where: str, accelerator: Accelerator
) -> Iterator[Problem]:
    """A framework that is published under several names, asked for by the wrong one for this image."""
    if package.name in decided or package.name in LAYER_OF:
        return
    fitting = build_for(package.name, accelerator, image.platform.machine)
    if fitting in decided and fitting != package.name:
        what = f"{package.name} would be written over {fitting} {decided[fitting].version}: both are the same modules"
        yield Problem("framework-twice", "error", where, what, (), (f"leave {package.name} out of the packages",))
    elif fitting != package.name or (isinstance(accelerator, Cuda) and package.name in _WITH_CUDA_BY_EXTRA):
        what = f"{package.name} comes in several builds, and by its name alone not in the one for {accelerator}"
        added = _ADDED_BY.get(package.name) or f'add_framework("{package.name}")'
        hint = f"use {added}"
        yield Problem("framework-by-name", "warning", where, what, (), (hint,))


_ADDED_BY = {"tensorflow": "add_tensorflow()", "jax": "add_jax()"}
_WITH_CUDA_BY_EXTRA = frozenset(("tensorflow", "jax"))
"""Their CUDA libraries or plugins come with an extra."""


def _package(
    catalogue: Catalogue,
    package: PackageRequirement,
    decided: dict[str, Chosen],
    where: str,
    accelerator: Accelerator,
) -> Iterator[Problem]:
    chosen = decided.get(package.name)
    if chosen is not None:
        if not package.requirement.specifier.contains(chosen.version, prereleases=True):
            what = f"{package} contradicts {chosen.project} {chosen.version}, which an earlier layer installs"
            hint = f"ask for it there, or leave {chosen.project} out of the packages"
            yield Problem("contradiction", "error", where, what, tuple(map(str, chosen.because)), (hint,))
    elif package.name in LAYER_OF:
        because = (
            f"{package.name} comes in several builds, and pip takes the default one whatever the image computes on",
        )
        hint = f"use {LAYER_OF[package.name]}"
        yield Problem(
            "framework-in-pip",
            "error",
            where,
            f"which build of {package.name} is wanted is not said",
            because,
            (hint,),
        )
    elif "torch" not in decided and isinstance(accelerator, Cpu) and (needs := _needs_torch(catalogue, package)):
        what = f"{package.name} needs torch, and pip will take the CUDA build of it into this CPU image"
        yield Problem("pulls-cuda", "warning", where, what, (needs,), ("add_torch() before it",))


def _needs_torch(catalogue: Catalogue, package: PackageRequirement) -> str:
    """The fact that the newest release this requirement admits needs torch, or nothing."""
    if not catalogue.knows(package.name):
        return ""
    for release in catalogue.releases(package.name):
        if release.requires is None or not package.requirement.specifier.contains(release.version):
            continue
        if "torch" in release.requires:
            return str(release.why("requires", f"{release.project} {release.version} needs torch"))
        return ""
    return ""


def _cuda_twice(base: Base, solution: Solution) -> Iterator[Problem]:
    leader = next((package for package in solution.packages if package.cuda), None)
    if base.cuda and leader:
        what = f"CUDA will be in this image twice: in {base.reference} and in the wheels of {leader.project}"
        hint = f'Image.from_cuda("{leader.cuda}") takes a base without it'
        yield Problem("cuda-twice", "warning", "base.reference", what, tuple(map(str, leader.because)), (hint,))


def _cuda_unused(image: Image, base: Base, accelerator: Accelerator) -> Iterator[Problem]:
    if isinstance(accelerator, Cuda) and base.reference.name == "nvidia/cuda" and image.base.kind == "cuda":
        what = f"no framework here uses CUDA, so {base.reference} brings it for whatever else does"
        yield Problem("cuda-from-base", "info", "base", what, (), ("add the framework that uses it: add_torch()",))


def _gpus_unused(image: Image, accelerator: Accelerator) -> Iterator[Problem]:
    if image.gpus and isinstance(accelerator, Cpu):
        what = f"it is to run on {', '.join(map(str, image.gpus))}, and it computes on the CPU"
        yield Problem("gpus-unused", "warning", "gpus", what, (), ("Image.from_cuda()", "or leave with_gpus() out"))


def _escape_hatches(image: Image) -> Iterator[Problem]:
    for position, layer in enumerate(image.layers):
        if isinstance(layer, Shell):
            what = f"nothing is known about {', '.join(map(repr, layer.commands))}"
            yield Problem("unchecked-command", "info", f"layers[{position}] (run)", what)


def _root(image: Image) -> Iterator[Problem]:
    if image.user is not None and image.user.uid == 0:
        hint = "leave with_user() out: 1000:1000 can write to its home and caches"
        yield Problem("root-user", "warning", "user", "the container runs as root", (), (hint,))


def _no_command(image: Image) -> Iterator[Problem]:
    if not image.entrypoint and not image.cmd and not image.serve:
        hint = 'with_entrypoint("python", "-m", "serve")'
        yield Problem("no-command", "info", "", "nothing is said about what the container runs", (), (hint,))
