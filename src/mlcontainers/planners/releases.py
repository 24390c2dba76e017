"""Which release of one project, for one Python? The newest that fits, then the next, lazily."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import Version

from mlcontainers.errors import Problem
from mlcontainers.facts import Known
from mlcontainers.planners.hosts import on_host
from mlcontainers.planners.questions import Chosen, Rejected
from mlcontainers.planners.torch_builds import RULE, listed_cudas, pytorch_index, torch_build
from mlcontainers.planners.wheels import fitting_wheel, local, rejected_wheels
from mlcontainers.values.accelerators import Cpu, Cuda, Rocm
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.facts import Catalogue, Release
    from mlcontainers.layers.framework import Wish
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.versions import PythonVersion

UNDECIDED = frozenset(
    [
        "cupy-cuda12x",
        "cupy-cuda13x",
        "jax",
        "jax-cuda12-pjrt",
        "jax-cuda12-plugin",
        "jax-cuda13-pjrt",
        "jax-cuda13-plugin",
        "jaxlib",
        "onnxruntime-gpu",
        "paddlepaddle",
        "paddlepaddle-gpu",
        "tensorflow",
        "tensorflow-cpu",
        "vllm",
        "xgboost",
        "xgboost-cpu",
    ]
)
"""Projects whose wheels compute on one accelerator or another, for which no rule is written yet."""


def candidates(
    catalogue: Catalogue, question: Question, wish: Wish, python: PythonVersion
) -> Iterator[Chosen | Rejected]:
    """Every release that the wish admits, newest first, each chosen or rejected with its reason."""
    found = False
    for release in catalogue.releases(wish.project):
        if not _admits(wish, release):
            continue
        found = True
        yield _judge(catalogue, question, wish, release, python)
    if not found:
        yield _unheard_of(catalogue, question, wish, python)


def _admits(wish: Wish, release: Release) -> bool:
    if wish.version is None:
        return not release.yanked and not release.version.is_prerelease
    if release.yanked and not wish.version.exact:
        return False
    return wish.version.specifier.contains(release.version, prereleases=wish.version.exact)


def _judge(
    catalogue: Catalogue, question: Question, wish: Wish, release: Release, python: PythonVersion
) -> Chosen | Rejected:
    if wish.project == "torch":
        judged = _torch(catalogue, question, release, python)
    else:
        judged = _plain(question, release, python)
    if isinstance(judged, Chosen) and release.yanked:
        warning = Problem(
            "yanked",
            "warning",
            "",
            f"{release.project} {release.version} was withdrawn by its authors",
            (str(release.why("yanked", f"{release.project} {release.version} is yanked")),),
            ("choose another release",),
        )
        return replace(judged, doubts=(*judged.doubts, warning))
    return judged


def _torch(catalogue: Catalogue, question: Question, release: Release, python: PythonVersion) -> Chosen | Rejected:
    """The build for the host; where no CUDA is asked for, the newest that the host's driver and GPUs take."""
    judged = _torch_for(catalogue, question, release, python)
    asked = question.accelerator
    if isinstance(judged, Chosen) or not isinstance(asked, Cuda) or asked.version is not None:
        return judged
    for cuda in listed_cudas(release, question.platform.machine):
        other = _torch_for(catalogue, replace(question, accelerator=Cuda(cuda)), release, python)
        if isinstance(other, Chosen):
            return other
    return judged


def _torch_for(catalogue: Catalogue, question: Question, release: Release, python: PythonVersion) -> Chosen | Rejected:
    judged = torch_build(catalogue, question, release, python)
    return on_host(catalogue, question, release, judged, python) if isinstance(judged, Chosen) else judged


def _plain(question: Question, release: Release, python: PythonVersion) -> Chosen | Rejected:
    """A project that is the same on every accelerator."""
    wheel = fitting_wheel(question, release, python)
    if wheel is None:
        return rejected_wheels(question, release, python)
    doubts: tuple[Problem, ...] = ()
    if release.project in UNDECIDED:
        what = f"which accelerator {release.project} {release.version} will compute on is not decided here"
        doubts = (Problem("undecided-accelerator", "warning", "", what),)
    machine = question.platform.machine
    fact = release.why("*", f"{release.project} {release.version} has a wheel for Python {python} on {machine}")
    return Chosen(
        release.project,
        release.version,
        None,
        wheel.cuda,
        wheel.cudnn,
        wheel.glibc,
        wheel.size,
        (fact,),
        doubts,
    )


def _unheard_of(catalogue: Catalogue, question: Question, wish: Wish, python: PythonVersion) -> Chosen | Rejected:
    """No release that we know matches: impossible below the newest of a complete list, unknown everywhere else."""
    known = [release for release in catalogue.releases(wish.project) if not release.version.is_prerelease]
    lowest = _lowest(wish)
    if not known or lowest is None:
        return Rejected(
            wish.project,
            Fact(f"there are no facts about {wish.project} {wish.version or ''}".rstrip(), "", catalogue.as_of),
            python,
        )
    if catalogue.exists(wish.project, lowest) is Known.NO:
        claim = f"there is no {wish.project} {wish.version}; near it are {_neighbours(known, lowest)}"
        return Rejected(wish.project, known[0].why("*", claim), python)
    return _assumed(question, wish, lowest, known)


def _neighbours(known: list[Release], wanted: Version) -> str:
    above = [release.version for release in known if release.version > wanted][-1:]
    below = [release.version for release in known if release.version < wanted][:1]
    return " and ".join(str(version) for version in (*below, *above))


def _lowest(wish: Wish) -> Version | None:
    """The lowest version that the wish can mean, as far as its text tells."""
    if wish.version is None:
        return None
    bounds = [
        Version(part.version.removesuffix(".*"))
        for part in wish.version.specifier
        if part.operator in {"==", ">=", ">", "~="}
    ]
    return max(bounds, default=None)


def _assumed(question: Question, wish: Wish, version: Version, known: list[Release]) -> Chosen:
    """A release that the facts do not have: what the rules have been so far, with a warning."""
    release = version
    if len(version.release) < 3:
        release = Version(".".join(str(part) for part in (*version.release, 0, 0)[:3]))
    close = _neighbours(known, release)
    doubt = Problem(
        "unknown-release",
        "warning",
        "",
        f"nothing is known about {wish.project} {wish.version}, so nothing about it is proved",
        (str(known[0].why("*", f"the releases known run from {known[-1].version} to {known[0].version}")),),
        (
            f"the nearest that are known: {close}",
            'or say that you know: with_assumption("unknown-release", "where and when it was seen")',
        ),
    )
    index = None
    cuda = None
    if wish.project == "torch":
        match question.accelerator:
            case Cpu():
                index = pytorch_index("cpu")
            case Cuda(version=asked) if asked is not None:
                index, cuda = pytorch_index(asked.label), asked.release
            case Rocm(version=asked) if asked is not None:
                index = pytorch_index(f"rocm{asked}")
            case _:
                pass
        if index is not None:
            release = local(release, index.url.rpartition("/")[2])
    claim = f"{wish.project} {release} is assumed to be published as the releases before it"
    return Chosen(wish.project, release, index, cuda, because=(Fact(claim, RULE),), doubts=(doubt,))


def companion(
    catalogue: Catalogue, question: Question, wish: Wish, of: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    """The release of a companion that was made for this one: the one whose metadata names it."""
    leader = catalogue.release(wish.companion_of, Version(of.version.public))
    if leader is None:
        what = f"which {wish.project} goes with {of.project} {of.version} is not known"
        return Rejected(wish.project, Fact(what, "", catalogue.as_of), python)
    exact = leader.companions(wish.project)
    for version in exact:
        release = catalogue.release(wish.project, version)
        if release is None or (release.yanked and len(exact) > 1):
            continue
        if fitting_wheel(question, release, python) is None:
            return rejected_wheels(question, release, python)
        claim = f"{wish.project} {version} is made for {leader.project} {leader.version}"
        return _alongside(question, release, of, leader.why(wish.project, claim), python)
    return _admitted(catalogue, question, wish, of, leader, python)


def _admitted(
    catalogue: Catalogue, question: Question, wish: Wish, of: Chosen, leader: Release, python: PythonVersion
) -> Chosen | Rejected:
    """No companion names this release: one that only admits it may work, and nobody has said so."""
    for version in leader.admitting(wish.project):
        release = catalogue.release(wish.project, version)
        if release is None or release.yanked or fitting_wheel(question, release, python) is None:
            continue
        field = f"{wish.project}_admitting"
        claim = f"{wish.project} {version} admits {leader.project} {leader.version} without naming it"
        doubt = Problem(
            "unknown-companion",
            "warning",
            "",
            f"no {wish.project} is published for {leader.project} {leader.version}; {version} only admits it",
            (str(leader.why(field, claim)),),
            ('try it, then say so: with_assumption("unknown-companion", "how it was tried")',),
        )
        chosen = _alongside(question, release, of, leader.why(field, claim), python)
        return replace(chosen, doubts=(doubt,))
    claim = f"no {wish.project} is published for {leader.project} {leader.version}"
    return Rejected(wish.project, leader.why("*", claim), python)


def _alongside(question: Question, release: Release, of: Chosen, because: Fact, python: PythonVersion) -> Chosen:
    """From the same index and in the same build as the one it accompanies."""
    version = local(release.version, of.version.local) if of.version.local else release.version
    wheel = fitting_wheel(question, release, python)
    size = wheel.size if wheel and not of.version.local else None
    glibc = wheel.glibc if wheel else None
    return Chosen(release.project, version, of.index, None, None, glibc, size, (because,))
