"""The nearest questions that have an answer, ranked by how little they change; each has been tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlcontainers.planners.bases import offered_pythons
from mlcontainers.planners.questions import Solution
from mlcontainers.planners.solving import solve
from mlcontainers.values.accelerators import Cuda

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.versions import CudaVersion, PythonVersion

MOST = 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing changed, and the answer that this has."""

    changes: str
    """The change in words: `CUDA 12.6`, `Python 3.13`, `torch 2.8.0`."""
    question: Question
    solution: Solution

    def as_python(self, image: Image) -> str:
        """The change as something to paste."""
        match self.question.accelerator:
            case Cuda(version=version) if version is not None and "CUDA" in self.changes:
                python = f', python="{image.base.python}"' if image.base.python else ""
                return f'{self.changes}: Image.from_cuda("{version}"{python})'
            case _ if self.changes.startswith("Python"):
                return f'{self.changes}: python="{self.solution.python}"'
            case _:
                leader = self.solution.packages[0]
                method = "add_sklearn" if leader.project == "scikit-learn" else f"add_{leader.project}"
                return f'{self.changes}: {method}("{leader.version.public}")'


def nearest(catalogue: Catalogue, question: Question) -> tuple[Proposal, ...]:
    """Up to three: another CUDA, another Python, another release of the framework."""
    found: list[Proposal] = []
    for variants in (
        _other_cudas(catalogue, question),
        _other_pythons(catalogue, question),
        _other_releases(question),
    ):
        for changes, changed in variants:
            solution = solve(catalogue, changed)
            if isinstance(solution, Solution) and not any(doubt.severity == "warning" for doubt in solution.doubts):
                text = changes or f"{solution.packages[0].project} {solution.packages[0].version.public}"
                found.append(Proposal(text, changed, solution))
                break
    return tuple(found[:MOST])


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


def _other_releases(question: Question) -> Iterator[tuple[str, Question]]:
    """Any release of what was asked for."""
    if any(wish.version for wish in question.wishes):
        yield "", replace(question, wishes=tuple(replace(wish, version=None) for wish in question.wishes))
