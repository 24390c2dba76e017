"""Of one release, the ways to have it: each build chosen, or rejected with its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.version import Version

from mlcontainers.errors import Problem
from mlcontainers.facts import Known
from mlcontainers.planners.builds import RULE, builds
from mlcontainers.planners.hosts import on_host
from mlcontainers.planners.needs import specifiers
from mlcontainers.planners.questions import Chosen, Rejected
from mlcontainers.planners.torch_builds import pytorch_index, torch_builds
from mlcontainers.planners.wheels import local
from mlcontainers.values.accelerators import Cpu, Cuda, Rocm
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlcontainers.facts import Catalogue, Release
    from mlcontainers.planners.needs import Need
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.versions import PythonVersion

COMPANIONS = frozenset(("torchaudio", "torchvision"))
_CUDA_EXTRA = re.compile(r"and-cuda|ctk|cuda[0-9]*|cudnn").fullmatch


def judged(
    catalogue: Catalogue,
    question: Question,
    release: Release,
    python: PythonVersion,
    *,
    vouched: bool = False,
    extras: tuple[str, ...] = (),
) -> tuple[Chosen | Rejected, ...]:
    """The builds of a release for what is asked, the best first.

    `vouched` says that another package names just this release; `extras` are those that the user writes.
    """
    asked = tuple(dict.fromkeys(extra for extra in extras if _CUDA_EXTRA(extra)))
    if asked and isinstance(question.accelerator, Cpu):
        claim = f"{release.project}[{asked[0]}] asks for the libraries of CUDA"
        return (Rejected(release.project, Fact(claim, RULE), python, by_build=True),)
    if question.accelerator is None and (asked or question.driver or question.gpus):
        question = replace(question, accelerator=Cuda())
    found = torch_builds if release.project == "torch" else builds
    ways = (
        way if isinstance(way, Rejected) else _doubted(catalogue, release, way, vouched)
        for way in found(catalogue, question, release, python)
    )
    return tuple(_finished(catalogue, question, release, ways, python, asked, extras))


def _finished(
    catalogue: Catalogue,
    question: Question,
    release: Release,
    ways: Iterable[Chosen | Rejected],
    python: PythonVersion,
    asked: tuple[str, ...],
    extras: tuple[str, ...],
) -> Iterator[Chosen | Rejected]:
    for way in ways:
        if isinstance(way, Chosen) and not set(asked) <= set(way.extras):
            have = f"has {', '.join(way.extras)}" if way.extras else "has no extra for CUDA"
            fact = release.why("*", f"{release.project} {release.version} {have}, not {', '.join(asked)}")
            yield Rejected(release.project, fact, python, by_build=True)
        elif isinstance(way, Chosen):
            ours = tuple(dict.fromkeys((*way.extras, *extras)))
            yield on_host(catalogue, question, release, replace(way, extras=ours), python)
        else:
            yield way


def _doubted(catalogue: Catalogue, release: Release, chosen: Chosen, vouched: bool) -> Chosen:
    name = f"{release.project} {release.version}"
    doubts: list[Problem] = []
    if release.yanked:
        because = (str(release.why("yanked", f"{name} is yanked")),)
        hint = "choose another release"
        what = f"{name} was withdrawn by its authors"
        doubts.append(Problem("yanked", "warning", "", what, because, (hint,)))
    torch = str(release.record.get("torch", ""))
    if release.project in COMPANIONS and not vouched and not names_one(torch):
        claim = f"{name} admits torch {torch} without naming one"
        hint = 'try it, then say so: with_assumption("unknown-companion", "how it was tried")'
        what = f"{name} is made for no torch in particular"
        doubts.append(Problem("unknown-companion", "warning", "", what, (str(release.why("torch", claim)),), (hint,)))
    return replace(chosen, doubts=(*chosen.doubts, *doubts)) if doubts else chosen


def names_one(specifier: str) -> str:
    """The release that a companion names; empty where it names none or a range."""
    plain = specifier.startswith("==") and "," not in specifier and "*" not in specifier
    return specifier.removeprefix("==") if plain else ""


def accompanied(companion: Chosen, torch: Chosen) -> Chosen:
    """A companion from the same index and in the same build as the torch it accompanies."""
    if not torch.version.local:
        return companion
    return replace(companion, version=local(companion.version, torch.version.local), index=torch.index, size=None)


def unheard_of(
    catalogue: Catalogue, question: Question, project: str, needs: list[Need], python: PythonVersion
) -> Chosen | Rejected:
    """No release that we know matches: impossible below the newest of a complete list, unknown everywhere else."""
    wanted = ",".join(dict.fromkeys(need.specifier for need in needs if need.specifier))
    reasons = [need.because for need in needs if need.because]
    known = [release for release in catalogue.releases(project) if not release.version.is_prerelease]
    lowest = _lowest(wanted)
    if not known or lowest is None:
        what = f"there are no facts about {project} {wanted}".rstrip()
        return Rejected(project, reasons[0] if reasons else Fact(what, "", catalogue.as_of), python)
    if catalogue.exists(project, lowest) is Known.NO:
        claim = f"there is no {project} {_spoken(wanted)}; near it are {_neighbours(known, lowest)}"
        return Rejected(project, known[0].why("*", claim), python)
    if catalogue.exists(project, lowest) is Known.YES:
        claim = f"no release of {project} is in {_spoken(wanted)}"
        return Rejected(project, known[0].why("*", claim), python)
    return _assumed(question, project, _spoken(wanted), lowest, known)


def _spoken(wanted: str) -> str:
    """`==2.9.*` as people say it: 2.9."""
    return wanted.removeprefix("==").removesuffix(".*") if "," not in wanted else wanted


def _neighbours(known: list[Release], wanted: Version) -> str:
    above = [release.version for release in known if release.version > wanted][-1:]
    below = [release.version for release in known if release.version < wanted][:1]
    return " and ".join(str(version) for version in (*below, *above))


def _lowest(wanted: str) -> Version | None:
    """The lowest version that a range can mean, as far as its text tells."""
    bounds = [
        Version(part.version.removesuffix(".*"))
        for part in specifiers(wanted)
        if part.operator in {"==", ">=", ">", "~="}
    ]
    return max(bounds, default=None)


def _assumed(question: Question, project: str, wanted: str, version: Version, known: list[Release]) -> Chosen:
    """A release that the facts do not have: what the rules have been so far, with a warning."""
    release = version
    if len(version.release) < 3:
        release = Version(".".join(str(part) for part in (*version.release, 0, 0)[:3]))
    close = _neighbours(known, release)
    doubt = Problem(
        "unknown-release",
        "warning",
        "",
        f"nothing is known about {project} {wanted}, so nothing about it is proved",
        (str(known[0].why("*", f"the releases known run from {known[-1].version} to {known[0].version}")),),
        (
            f"the nearest that are known: {close}",
            'or say that you know: with_assumption("unknown-release", "where and when it was seen")',
        ),
    )
    index = None
    cuda = None
    if project == "torch":
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
    claim = f"{project} {release} is assumed to be published as the releases before it"
    return Chosen(project, release, index, cuda, because=(Fact(claim, RULE),), doubts=(doubt,))
