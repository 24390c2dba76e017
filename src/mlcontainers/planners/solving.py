"""Which releases together? For each Python the best of every project; proved answers before assumed ones."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mlcontainers.planners.questions import Chosen, Refusal, Rejected, Solution
from mlcontainers.planners.releases import candidates, companion
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.facts import Catalogue
    from mlcontainers.layers.framework import Wish
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.versions import PythonVersion


@lru_cache(maxsize=4096)
def solve(catalogue: Catalogue, question: Question) -> Solution | Refusal:
    """The newest releases that fulfil all wishes on the best Python, or what stands against it.

    A combination that rests on facts alone is preferred to a newer one that the facts do not know.
    """
    if not question.wishes:
        return Solution(next(iter(question.pythons), None), ())
    rejected: list[Rejected] = []
    for doubtful in (False, True):
        for python in question.pythons:
            packages = _all_on(catalogue, question, python, doubtful, rejected)
            if packages is not None:
                assumed = {doubt.what for package in packages for doubt in package.doubts}
                passed_over = (one for one in dict.fromkeys(rejected) if one.reason.claim not in assumed)
                return Solution(python, packages, tuple(passed_over))
    return Refusal(tuple(dict.fromkeys(rejected)))


def _all_on(
    catalogue: Catalogue, question: Question, python: PythonVersion, doubtful: bool, rejected: list[Rejected]
) -> tuple[Chosen, ...] | None:
    """Every wish on one Python. Projects do not restrict each other yet, but for companions."""
    leaders = [wish for wish in question.wishes if not wish.companion_of]
    packages: list[Chosen] = []
    for wish in leaders:
        followers = [other for other in question.wishes if other.companion_of == wish.project]
        family = next(_families(catalogue, question, wish, followers, python, doubtful, rejected), None)
        if family is None:
            return None
        packages += family
    return tuple(packages)


def _families(
    catalogue: Catalogue,
    question: Question,
    wish: Wish,
    followers: list[Wish],
    python: PythonVersion,
    doubtful: bool,
    rejected: list[Rejected],
) -> Iterator[list[Chosen]]:
    """A project with its companions, newest first; companions that fail take their leader with them."""
    for judged in candidates(catalogue, question, wish, python):
        if isinstance(judged, Rejected):
            rejected.append(judged)
            continue
        family = [judged]
        for follower in followers:
            found = companion(catalogue, question, follower, judged, python)
            if isinstance(found, Rejected):
                rejected.append(found)
                break
            family.append(found)
        else:
            doubts = [doubt for member in family for doubt in member.doubts if doubt.severity == "warning"]
            if doubtful or not doubts:
                yield family
            else:
                rejected += (
                    Rejected(wish.project, Fact(doubt.what, "", catalogue.as_of), python) for doubt in doubts[:1]
                )
