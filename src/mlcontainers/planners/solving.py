"""Which releases together? A resolver over the catalogue; proved answers before assumed ones."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.planners.needs import LibraryNeed, Need, specifiers
from mlcontainers.planners.questions import Chosen, Refusal, Rejected, Solution
from mlcontainers.planners.releases import COMPANIONS, accompanied, judged, unheard_of
from mlcontainers.values.evidence import Fact
from mlcontainers.values.wishes import VersionWish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from packaging.version import Version

    from mlcontainers.facts import Catalogue, Release
    from mlcontainers.layers.framework import Wish
    from mlcontainers.planners.needs import AnyNeed
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.versions import PythonVersion

HIDDEN = frozenset(
    ("cuda-tile", "flashinfer-python", "numba", "numpy", "pyyaml", "ray", "triton", "xformers", "xgrammar")
)
"""Packages that an installer finds by itself: they are in an answer only where somebody asks for them."""
_FIRST = ("vllm", "torch", "tensorflow", "jax")
"""What decides most is decided first."""
_ROUNDS = 4000


@lru_cache(maxsize=4096)
def solve(catalogue: Catalogue, question: Question) -> Solution | Refusal:
    """The newest releases that fulfil all wishes on the best Python, or what stands against it.

    A combination that rests on facts alone is preferred to a newer one that the facts do not know.
    """
    if not question.wishes:
        return Solution(next(iter(question.pythons), None), ())
    rejected: list[Rejected] = []
    clash: tuple[Fact, ...] = ()
    for doubtful in (False, True):
        for python in question.pythons:
            found = _resolved(catalogue, question, python, doubtful, rejected)
            if not isinstance(found, dict):
                clash = clash or found
                continue
            packages = _reported(question, found)
            assumed = {doubt.what for package in packages for doubt in package.doubts}
            passed_over = (one for one in dict.fromkeys(rejected) if one.reason.claim not in assumed)
            return Solution(python, packages, tuple(passed_over))
    return Refusal(tuple(dict.fromkeys(rejected)), clash)


@lru_cache(maxsize=1024)
def why_not_newer(catalogue: Catalogue, question: Question, chosen: Chosen, python: PythonVersion) -> Fact | None:
    """What stands against the newest release that a wish admits, where an older one was chosen."""
    wish = next(wish for wish in question.wishes if wish.project == chosen.project)
    (need,) = _wanted((wish,))
    newest = next(
        (one for one in catalogue.releases(wish.project) if need.admits(one) and not one.version.is_prerelease), None
    )
    if newest is None or newest.version.public == chosen.version.public:
        return None
    exact = replace(wish, version=VersionWish(f"=={newest.version}"))
    wishes = tuple(exact if other is wish else other for other in question.wishes)
    tried = solve(catalogue, replace(question, wishes=wishes, pythons=(python,)))
    if isinstance(tried, Refusal):
        return next(iter(tried.reasons), None)
    doubt = next(iter(tried.doubts), None)
    return Fact(doubt.what, "", catalogue.as_of) if doubt else None


def core(catalogue: Catalogue, question: Question) -> Question:
    """The same question with only those wishes that cannot come true together: leave one out, and they can."""
    wishes = question.wishes
    for wish in question.wishes:
        fewer = tuple(other for other in wishes if other is not wish)
        if fewer and isinstance(solve(catalogue, replace(question, wishes=fewer)), Refusal):
            wishes = fewer
    return replace(question, wishes=wishes)


def _resolved(
    catalogue: Catalogue, question: Question, python: PythonVersion, doubtful: bool, rejected: list[Rejected]
) -> dict[str, _Candidate] | tuple[Fact, ...]:
    """The candidates by name, or the facts that clash in the end."""
    import resolvelib

    library = cast("Any", resolvelib)  # Its types are about its own classes; the provider is ours.
    provider = _Provider(catalogue, question, python, doubtful, rejected)
    try:
        resolver = library.Resolver(provider, library.BaseReporter())
        result = resolver.resolve(_wanted(question.wishes), max_rounds=_ROUNDS)
    except library.ResolutionImpossible as error:
        return _told(catalogue, [cause.requirement for cause in error.causes], rejected, python)
    except library.ResolutionTooDeep:
        return ()
    return dict(result.mapping)


def _wanted(wishes: tuple[Wish, ...]) -> list[Need]:
    return [
        Need(wish.project, str(wish.version.specifier) if wish.version else "", None, wish.extras) for wish in wishes
    ]


def _told(
    catalogue: Catalogue, needs: list[AnyNeed], rejected: list[Rejected], python: PythonVersion
) -> tuple[Fact, ...]:
    """The facts that stand against each other: one alone is no clash."""
    only = needs[0] if len(needs) == 1 else None
    if isinstance(only, Need) and only.because:
        # Something needs it, and it cannot be had.
        against = [one.reason for one in rejected if (one.project, one.python) == (only.project, python)]
        known = catalogue.releases(only.project)
        missing = [known[0].why("*", f"there is no {only.project}{only.specifier}")] if known and not against else []
        return (only.because, *against[:1], *missing)
    different = tuple(dict.fromkeys(_fact(need) for need in needs if isinstance(need, LibraryNeed) or need.specifier))
    return different if len(different) > 1 else ()


def _fact(need: AnyNeed) -> Fact:
    if isinstance(need, LibraryNeed):
        return need.because
    return need.because or Fact(f"you ask for {need.project}{need.specifier}", "image")


def _reported(question: Question, found: dict[str, _Candidate]) -> tuple[Chosen, ...]:
    """What was asked for, in that order, then what it needs."""
    chosen = {name: candidate.chosen for name, candidate in found.items() if candidate.chosen is not None}
    asked = [wish.project for wish in question.wishes]
    needs = [need for package in chosen.values() for need in package.needs if isinstance(need, Need)]
    old = any((need.project, need.specifier) == ("numpy", "<2") for need in needs)
    shown = {name for name in chosen if name not in HIDDEN or (name == "numpy" and old)}
    besides = [_needed(chosen[name], needs) for name in sorted(shown - set(asked))]
    packages = [*(chosen[name] for name in asked), *besides]
    torch = chosen.get("torch")
    return tuple(
        accompanied(package, torch) if torch and package.project in COMPANIONS else package for package in packages
    )


def _needed(package: Chosen, needs: list[Need]) -> Chosen:
    """A package that nobody asked for, with the facts for which it is there."""
    reasons = dict.fromkeys(need.because for need in needs if need.project == package.project and need.because)
    return replace(package, because=(*reasons, *package.because))


class _Candidate(Struct, frozen=True, eq=False):
    """A release in one build, or a library in one version."""

    name: str
    chosen: Chosen | None = None
    major: int = 0
    version: str = ""
    """Of a library; empty where any of a range will do."""


class _Provider:
    """What the resolver asks: for one Python."""

    def __init__(
        self, catalogue: Catalogue, question: Question, python: PythonVersion, doubtful: bool, rejected: list[Rejected]
    ) -> None:
        self.catalogue = catalogue
        self.question = question
        self.python = python
        self.doubtful = doubtful
        self.rejected = rejected
        self._torch = next((need for need in _wanted(question.wishes) if need.project == "torch"), None)
        self._known: dict[tuple[str, Version, bool], tuple[_Candidate, ...]] = {}

    def identify(self, requirement_or_candidate: AnyNeed | _Candidate) -> str:
        return requirement_or_candidate.name

    def get_preference(
        self, identifier: str, resolutions: object, candidates: object, information: object, backtrack_causes: object
    ) -> tuple[int, str]:
        if identifier in _FIRST:
            return (_FIRST.index(identifier), identifier)
        return (9 if identifier.startswith("library ") or identifier in HIDDEN else 5, identifier)

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: object,
        candidates: object,
        information: object,
        backtrack_causes: object,
    ) -> Iterable[str]:
        return identifiers

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[AnyNeed]],
        incompatibilities: Mapping[str, Iterator[_Candidate]],
    ) -> Callable[[], Iterator[_Candidate]]:
        needs = list(requirements[identifier])
        barred = {id(candidate) for candidate in incompatibilities[identifier]}
        if identifier.startswith("library "):
            libraries = [need for need in needs if isinstance(need, LibraryNeed)]
            found = _library(self.catalogue, identifier, libraries)
            return lambda: iter(found)
        projects = [need for need in needs if isinstance(need, Need)]
        return lambda: (one for one in self._candidates(identifier, projects) if id(one) not in barred)

    def is_satisfied_by(self, requirement: AnyNeed, candidate: _Candidate) -> bool:
        if isinstance(requirement, LibraryNeed):
            return requirement.major == candidate.major and (
                not candidate.version or specifiers(requirement.specifier).contains(candidate.version)
            )
        return candidate.chosen is not None and requirement.contains(candidate.chosen.version.public)

    def get_dependencies(self, candidate: _Candidate) -> tuple[AnyNeed, ...]:
        return candidate.chosen.needs if candidate.chosen else ()

    def _candidates(self, project: str, needs: list[Need]) -> Iterator[_Candidate]:
        found = False
        # A package that pins a companion vouches for it, also where the user names both.
        vouched = any(need.because and need.exact for need in needs)
        pinned = self._pinned_by_wishes(project) if project in COMPANIONS and not vouched else frozenset[str]()
        extras = tuple(extra for need in needs for extra in need.extras)
        named = self._companions(project, self._torch) if self._torch and project in COMPANIONS else None
        for release in self.catalogue.releases(project):
            also = str(release.version) in pinned
            if named is not None and not (vouched or also) and release.version not in named:
                continue  # It belongs to a torch that nobody asked for.
            if release.version.is_prerelease and not any(need.exact for need in needs):
                continue
            if all(need.admits(release) for need in needs):
                found = True
                yield from self._builds(release, vouched or also, extras)
        if not found and not any(need.because for need in needs):
            heard = unheard_of(self.catalogue, self.question, project, needs, self.python)
            yield from self._kept((heard,))

    def _companions(self, project: str, torch: Need) -> frozenset[Version]:
        """The releases of a companion that name, or at least admit, a torch that was asked for."""
        admitted = (release for release in self.catalogue.releases("torch") if torch.admits(release))
        found = ((*release.companions(project), *release.admitting(project)) for release in admitted)
        return frozenset(version for versions in found for version in versions)

    def _pinned_by_wishes(self, companion: str) -> frozenset[str]:
        """The versions of a companion that releases of what the user asks for pin."""
        machine = self.question.platform.machine
        pins = (
            release.requires_on(machine, self.python).get(companion, "")
            for need in _wanted(self.question.wishes)
            if need.project not in {"torch", *COMPANIONS} and self.catalogue.knows(need.project)
            for release in self.catalogue.releases(need.project)
            if need.admits(release)
        )
        return frozenset(pin.removeprefix("==") for pin in pins if pin.startswith("=="))

    def _builds(self, release: Release, vouched: bool, extras: tuple[str, ...]) -> tuple[_Candidate, ...]:
        key = (release.project, release.version, vouched)
        if key not in self._known:
            found = judged(self.catalogue, self.question, release, self.python, vouched=vouched, extras=extras)
            self._known[key] = self._kept(found)
        return self._known[key]

    def _kept(self, found: Iterable[Chosen | Rejected]) -> tuple[_Candidate, ...]:
        kept: list[_Candidate] = []
        for one in found:
            if isinstance(one, Rejected):
                self.rejected.append(one)
                continue
            warned = next((doubt for doubt in one.doubts if doubt.severity == "warning"), None)
            if warned is None or self.doubtful:
                kept.append(_Candidate(one.project, one))
            else:
                self.rejected.append(Rejected(one.project, Fact(warned.what, "", self.catalogue.as_of), self.python))
        return tuple(kept)


def _library(catalogue: Catalogue, name: str, needs: list[LibraryNeed]) -> tuple[_Candidate, ...]:
    """A version that all admit. Wheels of cuDNN and NCCL for two CUDA majors hold the same files."""
    majors = {need.major for need in needs}
    if len(majors) > 1:
        return ()
    (major,) = majors
    pinned = {part.version for need in needs for part in specifiers(need.specifier) if part.operator == "=="}
    if pinned:
        fitting = [v for v in sorted(pinned) if all(specifiers(need.specifier).contains(v) for need in needs)]
        return tuple(_Candidate(name, major=major, version=version) for version in fitting[:1])
    if name == "library cudnn":
        known = catalogue.cudnn_wheels(major)
        if known and not any(all(specifiers(need.specifier).contains(v) for need in needs) for v in known):
            return ()
    return (_Candidate(name, major=major),)
