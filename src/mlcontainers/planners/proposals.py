"""The nearest questions that have an answer, ranked by how little they change; each has been tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from packaging.version import Version

from mlcontainers.planners.bases import offered_pythons
from mlcontainers.planners.questions import Solution
from mlcontainers.planners.solving import solve
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.wishes import VersionWish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.layers.framework import Wish
    from mlcontainers.planners.questions import Chosen, Question
    from mlcontainers.values.versions import CudaVersion, PythonVersion

MOST = 3
_TRIED = 24
"""Releases of one project that are tried at most: what lies farther off is no neighbour."""


class Proposal(Struct, frozen=True):
    """One thing changed, and the answer that this has."""

    changes: str
    """The change in words: `CUDA 12.6`, `Python 3.13`, `torch 2.8.0`."""
    question: Question
    solution: Solution

    def as_python(self, image: Image) -> str:
        """The change as something to paste."""
        match self.question.accelerator:
            case Cuda(version=version) if version is not None and self.changes.startswith("CUDA"):
                python = f', python="{image.base.python}"' if image.base.python else ""
                return f'{self.changes}: Image.from_cuda("{version}"{python})'
            case _ if self.changes.startswith("Python"):
                return f'{self.changes}: python="{self.solution.python}"'
            case _:
                return f"{self.changes}: {_layer(self.solution.packages[0])}"


def nearest(catalogue: Catalogue, question: Question) -> tuple[Proposal, ...]:
    """Up to three: another CUDA, another Python, another release of the framework; else another release and CUDA."""
    found: list[Proposal] = []
    for variants in (_other_cudas, _other_pythons, _other_releases):
        found += _first(catalogue, variants(catalogue, question))
    return tuple(found[:MOST] or _first(catalogue, _other_releases_and_cudas(catalogue, question)))


def _layer(package: Chosen) -> str:
    """The layer of a package as something to paste."""
    named = {"scikit-learn": "sklearn", "tensorflow-cpu": "tensorflow"}
    name = named.get(package.project, package.project)
    if name in {"torch", "tensorflow", "keras", "jax", "sklearn", "transformers"}:
        return f'add_{name}("{package.version.public}")'
    return f'add_framework("{name}", "{package.version.public}")'


def _first(catalogue: Catalogue, variants: Iterable[tuple[str, Question]]) -> list[Proposal]:
    """The first of them that works, or none."""
    for changes, changed in variants:
        solution = solve(catalogue, changed)
        if isinstance(solution, Solution) and not any(doubt.severity == "warning" for doubt in solution.doubts):
            text = changes if " " in changes else _released(solution, changes)
            return [Proposal(text, changed, solution)]
    return []


def _other_cudas(catalogue: Catalogue, question: Question) -> Iterator[tuple[str, Question]]:
    """The closest CUDA releases first; of two equally close ones the newer."""
    accelerator = question.accelerator
    if not isinstance(accelerator, Cuda) or accelerator.version is None:
        return
    wanted = accelerator.version.release
    known = {toolkit.version.release for toolkit in catalogue.toolkits()} - {wanted}

    def distance(cuda: CudaVersion) -> tuple[int, int]:
        return (
            abs((cuda.major - wanted.major) * 10 + cuda.minor - wanted.minor),
            -(cuda.major * 10 + cuda.minor),
        )

    for cuda in sorted(known, key=distance):
        yield f"CUDA {cuda}", replace(question, accelerator=Cuda(cuda))


def _other_pythons(catalogue: Catalogue, question: Question) -> Iterator[tuple[str, Question]]:
    """The closest Pythons with a base image first."""
    if len(question.pythons) != 1:
        return
    wanted = question.pythons[0]

    def distance(python: PythonVersion) -> tuple[int, int]:
        return (abs((python.major - wanted.major) * 100 + python.minor - wanted.minor), -python.minor)

    for python in sorted(set(offered_pythons(catalogue, question.platform)) - {wanted}, key=distance):
        yield f"Python {python}", replace(question, pythons=(python,))


def _other_releases(catalogue: Catalogue, question: Question) -> Iterator[tuple[str, Question]]:
    """The releases closest to the one that was asked for, of one project at a time; else any of all."""
    versioned = [wish for wish in question.wishes if wish.version]
    for wish in versioned:
        for version in _closest(catalogue, wish):
            other = replace(wish, version=VersionWish(f"=={version}"))
            wishes = tuple(other if one is wish else one for one in question.wishes)
            yield wish.project, replace(question, wishes=wishes)
    if len(versioned) > 1:
        yield "", replace(question, wishes=tuple(replace(wish, version=None) for wish in question.wishes))


def _other_releases_and_cudas(catalogue: Catalogue, question: Question) -> Iterator[tuple[str, Question]]:
    """Where no one change will do: the closest releases, each for the newest CUDA that it is built for."""
    if not isinstance(question.accelerator, Cuda) or question.accelerator.version is None:
        return
    for _, changed in _other_releases(catalogue, replace(question, accelerator=Cuda())):
        solution = solve(catalogue, changed)
        packages = solution.packages if isinstance(solution, Solution) else ()
        cuda = next((package.cuda for package in packages if package.cuda), None)
        if isinstance(solution, Solution) and cuda:
            changes = f"{_released(solution, '')} with CUDA {cuda}"
            yield changes, replace(changed, accelerator=Cuda(cuda))


def _closest(catalogue: Catalogue, wish: Wish) -> list[Version]:
    """Releases by how many others lie between them and the asked one; of two equally close ones the newer."""
    releases = [one for one in catalogue.releases(wish.project) if not (one.yanked or one.version.is_prerelease)]
    assert wish.version is not None
    admitted = [place for place, one in enumerate(releases) if wish.version.specifier.contains(one.version)]
    lowest = _lowest(wish.version)
    older = [place for place, one in enumerate(releases) if lowest is None or one.version < lowest]
    # What does not exist lies between two that do.
    middle = admitted[0] if admitted else (older[0] - 0.5 if older else len(releases) - 1)
    places = sorted(range(len(releases)), key=lambda place: (abs(place - middle), place))
    return [releases[place].version for place in places if place not in admitted][:_TRIED]


def _lowest(wish: VersionWish) -> Version | None:
    bounds = [
        Version(part.version.removesuffix(".*")) for part in wish.specifier if part.operator in {"==", ">=", "~="}
    ]
    return max(bounds, default=None)


def _released(solution: Solution, project: str) -> str:
    """The release that was chosen of a project, or of all, in words."""
    chosen = [package for package in solution.packages if project in {"", package.project}]
    return " with ".join(f"{package.project} {package.version.public}" for package in chosen)
