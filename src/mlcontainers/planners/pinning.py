"""The same questions without an image: does this combination work, and exactly which versions are it?"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, structs
from msgspec.structs import asdict

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.facts import catalogue as shipped_catalogue
from mlcontainers.layers.framework import Wish
from mlcontainers.planners.bases import Known, ends_of_support, known_base, newest_glibc, offered_pythons, slim_base
from mlcontainers.planners.cudas import cuda_problem
from mlcontainers.planners.forecasting import weigh
from mlcontainers.planners.hosts import served
from mlcontainers.planners.proposals import nearest
from mlcontainers.planners.questions import Question, Refusal
from mlcontainers.planners.solving import core, solve
from mlcontainers.planners.source_only import source_of, source_only
from mlcontainers.values.accelerators import Cpu, Cuda, Rocm
from mlcontainers.values.drivers import Driver
from mlcontainers.values.platforms import Platform
from mlcontainers.values.references import ImageReference
from mlcontainers.values.text import did_you_mean, word
from mlcontainers.values.versions import PythonVersion
from mlcontainers.values.wishes import PackageRequirement, VersionWish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

    from mlcontainers.facts import Catalogue
    from mlcontainers.planners.questions import Chosen, Solution
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.versions import CudaVersion

Verdict = Literal["works", "impossible", "unknown"]


class Package(Struct, frozen=True):
    """One package of an answer."""

    project: str
    version: Version
    """With the local label, where the wheel has one: `2.9.1+cu126`."""
    index: str | None
    """The wheel index of the framework's own that has it; None is the Python index."""
    cuda: CudaVersion | None
    cudnn: str | None
    size: int | None
    """Bytes of the wheel, where they are known."""
    because: tuple[Fact, ...]
    extras: tuple[str, ...] = ()
    """As in `tensorflow[and-cuda]`."""

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.project}{extras}=={self.version}"


class Alternative(Struct, frozen=True):
    """A question close to the one that was asked, which works."""

    changes: str
    packages: tuple[str, ...]
    python: PythonVersion | None
    accelerator: Accelerator | None


class Answer(Struct, frozen=True):
    """What the facts say about a combination."""

    verdict: Verdict
    """`unknown` means that the facts do not say, never that it fails."""
    packages: tuple[Package, ...] = ()
    python: PythonVersion | None = None
    platform: Platform | None = None
    accelerator: Accelerator | None = None
    base: ImageReference | None = None
    driver_floor: str | None = None
    capabilities: tuple[str, ...] = ()
    """The compute capabilities that torch's build has code for; none where nobody has listed them."""
    download: int = 0
    """Bytes of the wheels and of all that they bring, as far as they were measured."""
    unpacked: int = 0
    """The same, unpacked."""
    unmeasured: tuple[str, ...] = ()
    """Packages that come on top of both."""
    expiry: tuple[Fact, ...] = ()
    """Until when base, distribution and Python are supported."""
    because: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    facts_date: str = ""

    def to_json(self) -> dict[str, Any]:
        """The answer as data for programs."""
        return {
            "schema": 1,
            "verdict": self.verdict,
            "packages": [
                {
                    "project": package.project,
                    "version": str(package.version),
                    "extras": list(package.extras),
                    "index": package.index,
                    "cuda": _text(package.cuda),
                    "cudnn": package.cudnn,
                    "size": package.size,
                    "because": [asdict(fact) for fact in package.because],
                }
                for package in self.packages
            ],
            "python": _text(self.python),
            "platform": _text(self.platform),
            "accelerator": _text(self.accelerator),
            "base": _text(self.base),
            "driver_floor": self.driver_floor,
            "capabilities": list(self.capabilities),
            "download": self.download,
            "unpacked": self.unpacked,
            "unmeasured": list(self.unmeasured),
            "expiry": [asdict(fact) for fact in self.expiry],
            "because": [asdict(fact) for fact in self.because],
            "problems": [problem.to_json() for problem in self.problems],
            "alternatives": [
                {
                    "changes": alternative.changes,
                    "packages": list(alternative.packages),
                    "python": _text(alternative.python),
                    "accelerator": _text(alternative.accelerator),
                }
                for alternative in self.alternatives
            ],
            "facts_date": self.facts_date,
        }


def pin(
    *requirements: str,
    accelerator: Accelerator | None = None,
    python: str | PythonVersion | None = None,
    platform: str | Platform = "linux/amd64",
    base: str | ImageReference | None = None,
    gpus: Sequence[str] = (),
    driver: str | None = None,
    facts: Catalogue | None = None,
) -> Answer:
    """Exact versions and indexes for these requirements, or the facts that stand against them.

    `gpus` (compute capabilities such as `8.9`) and `driver` are those of the machine that will run it. What is left
    out is chosen. Raises InvalidValueError for text that is no requirement, version or platform.
    """
    asked = _Asked(
        tuple(PackageRequirement.parse(text) for text in requirements),
        accelerator,
        Platform.of(platform),
        None if python is None else PythonVersion.of(python),
        None if base is None else ImageReference.of(base),
        None if driver is None else Driver.parse(driver),
        tuple(word(gpu, "GPU") for gpu in gpus),
    )
    return _answer(facts or shipped_catalogue(), asked)


class _Asked(Struct, frozen=True):
    wanted: tuple[PackageRequirement, ...]
    accelerator: Accelerator | None
    platform: Platform
    python: PythonVersion | None
    base: ImageReference | None
    driver: Driver | None
    gpus: tuple[str, ...]

    def answer(self, verdict: Verdict, facts_date: str, *problems: Problem) -> Answer:
        """An answer without packages."""
        return Answer(
            verdict, platform=self.platform, accelerator=self.accelerator, problems=problems, facts_date=facts_date
        )


def _answer(catalogue: Catalogue, asked: _Asked) -> Answer:
    known = known_base(catalogue, asked.base) if asked.base else Known()
    python = asked.python or known.python
    pythons = (python,) if python else offered_pythons(catalogue, asked.platform)
    wishes = _wishes(asked.wanted, pythons[0], asked.platform)
    if answer := _source_only(catalogue, asked, {wish.project for wish in wishes}):
        return answer
    strangers = [wish.project for wish in wishes if not catalogue.knows(wish.project)]
    if strangers:
        return asked.answer("unknown", catalogue.as_of, *(_stranger(catalogue, project) for project in strangers))
    cuda = asked.accelerator.version if isinstance(asked.accelerator, Cuda) else None
    about_cuda = cuda_problem(catalogue, cuda) if cuda else None
    if about_cuda is not None and about_cuda.severity == "error":
        return asked.answer("impossible", catalogue.as_of, about_cuda)
    if asked.base:
        glibc = known.suite.glibc if known.suite else None
    else:
        glibc = newest_glibc(catalogue, pythons, asked.platform)
    question = Question(wishes, asked.accelerator, asked.platform, pythons, glibc, asked.driver, asked.gpus)
    solution = solve(catalogue, question)
    if isinstance(solution, Refusal):
        return _refused(catalogue, question, solution)
    problems = (*((about_cuda,) if about_cuda else ()), *solution.doubts)
    return _solved(catalogue, question, solution, asked.base, problems)


def _source_only(catalogue: Catalogue, asked: _Asked, wished: set[str]) -> Answer | None:
    """The answer where a package has no wheel: facts on releases there are none then."""
    wanted = [package for package in asked.wanted if package.name in wished]
    found = [source_only(catalogue, package.name, package.requirement.specifier, "") for package in wanted]
    problems = [problem for problem in found if problem]
    if not problems:
        return None
    verdict: Verdict = "impossible" if any(problem.severity == "error" for problem in problems) else "unknown"
    rows = filter(None, (catalogue.compiled(package.name) for package in wanted))
    return structs.replace(
        asked.answer(verdict, catalogue.as_of, *problems), because=tuple(source_of(row) for row in rows)
    )


def _wishes(wanted: tuple[PackageRequirement, ...], python: PythonVersion, platform: Platform) -> tuple[Wish, ...]:
    from packaging.markers import default_environment

    environment = {
        **default_environment(),
        "python_version": str(python),
        "python_full_version": f"{python}.0",
        "platform_machine": platform.machine,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    wishes: list[Wish] = []
    for package in wanted:
        marker = package.requirement.marker
        if marker is not None and not marker.evaluate({key: str(value) for key, value in environment.items()}):
            continue
        text = str(package.requirement.specifier)
        extras = tuple(sorted(package.requirement.extras))
        wishes.append(Wish(package.name, VersionWish.parse(text) if text else None, extras=extras))
    return tuple(wishes)


def _stranger(catalogue: Catalogue, project: str) -> Problem:
    hints = did_you_mean(project, catalogue.projects())
    return Problem("no-facts", "warning", "", f"there are no facts about {project}", (), hints)


def _refused(catalogue: Catalogue, question: Question, refusal: Refusal) -> Answer:
    """Why not, told of no more than cannot come true together; and what is nearest to all that was asked."""
    smallest = solve(catalogue, core(catalogue, question))
    refusal = smallest if isinstance(smallest, Refusal) else refusal
    alternatives = tuple(
        Alternative(
            p.changes,
            tuple(str(_package(chosen)) for chosen in p.solution.packages),
            p.solution.python,
            p.question.accelerator,
        )
        for p in nearest(catalogue, question)
    )
    return Answer(
        "impossible",
        platform=question.platform,
        accelerator=question.accelerator,
        because=refusal.reasons,
        alternatives=alternatives,
        facts_date=catalogue.as_of,
    )


def _solved(
    catalogue: Catalogue,
    question: Question,
    solution: Solution,
    reference: ImageReference | None,
    problems: tuple[Problem, ...],
) -> Answer:
    warned = any(problem.severity == "warning" for problem in problems)
    packages = tuple(_package(chosen) for chosen in solution.packages)
    cuda = next((package.cuda for package in packages if package.cuda), None)
    accelerator = question.accelerator
    if not isinstance(accelerator, Rocm):
        accelerator = Cuda(cuda) if cuda else accelerator or Cpu()
    needed = max((chosen.glibc for chosen in solution.packages if chosen.glibc), default=None)
    python = solution.python
    suite = known_base(catalogue, reference).suite if reference else None
    base, expiry = reference, ends_of_support(catalogue, suite, python)
    if base is None and python is not None:
        try:
            chosen_base = slim_base(catalogue, python, question.platform, needed)
            base, expiry = chosen_base.reference, chosen_base.expiry
        except ImpossibleError as error:
            problems = (*problems, *(dataclasses.replace(problem, severity="info") for problem in error.problems))
    weights, unmeasured = weigh(catalogue, solution.packages, question.platform.machine)
    return Answer(
        "unknown" if warned else "works",
        packages,
        python,
        question.platform,
        accelerator,
        base,
        catalogue.driver_floor(cuda)[0] if cuda else None,
        served(catalogue, solution.packages, question.platform.machine),
        sum(weight.download for weight in weights.values()),
        sum(weight.unpacked for weight in weights.values()),
        unmeasured,
        expiry,
        tuple(dict.fromkeys(fact for package in packages for fact in package.because)),
        problems,
        facts_date=catalogue.as_of,
    )


def _package(chosen: Chosen) -> Package:
    index = chosen.index.url if chosen.index else None
    return Package(
        chosen.project, chosen.version, index, chosen.cuda, chosen.cudnn, chosen.size, chosen.because, chosen.extras
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
