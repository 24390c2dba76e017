"""Which build of a torch release computes on what: the default wheel where it fits, else PyTorch's own index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlcontainers.errors import Problem
from mlcontainers.layers.target import Index
from mlcontainers.planners.builds import RULE
from mlcontainers.planners.needs import LibraryNeed, Need
from mlcontainers.planners.questions import Chosen, Rejected
from mlcontainers.planners.wheels import fitting_wheel, local, rejected_wheels
from mlcontainers.values.accelerators import Cpu, Cuda
from mlcontainers.values.evidence import Fact
from mlcontainers.values.versions import CudaVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.facts import Catalogue, Release, Wheels
    from mlcontainers.planners.needs import AnyNeed
    from mlcontainers.planners.questions import Question
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.versions import PythonVersion


def pytorch_index(label: str) -> Index:
    """PyTorch's wheel index for one label; its address is a fact of PyTorch's install page."""
    return Index("pytorch", f"https://download.pytorch.org/whl/{label}")


def torch_builds(
    catalogue: Catalogue, question: Question, release: Release, python: PythonVersion
) -> Iterator[Chosen | Rejected]:
    """The builds of this torch release for the accelerator, the best first; or the fact that there is none.

    For CUDA of any version these are the default wheel, then what PyTorch's own index has.
    """
    first = _build(catalogue, question, release, python)
    yield _with_needs(catalogue, question, release, first, python)
    asked = question.accelerator
    if not isinstance(asked, Cuda) or asked.version is not None:
        return
    for cuda in listed_cudas(release, question.platform.machine):
        if isinstance(first, Rejected) or first.cuda != cuda:
            other = _build(catalogue, replace(question, accelerator=Cuda(cuda)), release, python)
            yield _with_needs(catalogue, question, release, other, python)


def _build(catalogue: Catalogue, question: Question, release: Release, python: PythonVersion) -> Chosen | Rejected:
    machine = question.platform.machine
    default = fitting_wheel(question, release, python)
    if default is not None and _computes_on(default, question.accelerator):
        built_for = "the CPU" if default.cuda is None else f"CUDA {default.cuda}"
        claim = f"the wheel of torch {release.version} on the Python index is built for {built_for} on {machine}"
        because = (release.why(f"linux.{machine}.build", claim),)
        return Chosen("torch", release.version, None, default.cuda, default.cudnn, default.glibc, default.size, because)
    if question.accelerator is None:
        return rejected_wheels(question, release, python)
    variants = release.variants(machine)
    if variants is None:
        return _unlisted(catalogue, question, release, python, default)
    label = _label(question.accelerator, variants, python)
    if label is None or python not in variants.get(label, ()):
        if default is None:
            return rejected_wheels(question, release, python)
        return Rejected("torch", _why_not(question, release, variants, label, python), python, by_build=True)
    claim = f"torch {release.version} has a {label} wheel for Python {python} on {machine}, on PyTorch's own index"
    glibc = default.glibc if default else None
    because = (release.why("variants", claim),)
    return Chosen(
        "torch", local(release.version, label), pytorch_index(label), _cuda(label), None, glibc, None, because
    )


def _with_needs(
    catalogue: Catalogue, question: Question, release: Release, build: Chosen | Rejected, python: PythonVersion
) -> Chosen | Rejected:
    """The same build with the CUDA libraries and the NumPy that it asks for."""
    if isinstance(build, Rejected):
        return build
    needs: list[AnyNeed] = []
    epoch = catalogue.numpy_epoch(release)
    if epoch is not None:
        claim = f"torch {release.version} was built before NumPy 2, and cannot use arrays of it"
        needs.append(Need("numpy", "<2", epoch.why("*", claim)))
    if build.cuda is not None and build.cuda.major >= 12:
        wheel = fitting_wheel(question, release, python) if build.index is None else None
        field = f"linux.{question.platform.machine}.build" if wheel else "variants"
        for library, version in (("cudnn", wheel and wheel.cudnn), ("nccl", wheel and wheel.nccl)):
            spelled = f"=={version}" if version else ""
            claim = f"torch {build.version} asks for {library} {spelled} for CUDA {build.cuda.major}"
            needs.append(LibraryNeed(library, build.cuda.major, spelled, release.why(field, claim)))
        fact = release.why(field, f"torch {build.version} is built for CUDA {build.cuda}")
        needs.append(LibraryNeed("cuda_runtime", build.cuda.major, "", fact))
    return replace(build, needs=tuple(needs))


def listed_cudas(release: Release, machine: str) -> tuple[CudaVersion, ...]:
    """The CUDA releases that PyTorch's own index has this release for, the newest first."""
    return tuple(sorted((cuda for cuda in map(_cuda, release.variants(machine) or ()) if cuda), reverse=True))


def _computes_on(wheel: Wheels, accelerator: Accelerator | None) -> bool:
    if accelerator is None:
        return True
    if isinstance(accelerator, Cpu):
        return wheel.build == "cpu"
    if isinstance(accelerator, Cuda):
        wanted = accelerator.version and accelerator.version.release
        return wheel.build == "cuda" and (wanted is None or wheel.cuda == wanted)
    return False


def _label(
    accelerator: Accelerator | None, variants: Mapping[str, tuple[PythonVersion, ...]], python: PythonVersion | None
) -> str | None:
    """The label that was asked for, or the newest one where no version was."""
    if isinstance(accelerator, Cpu):
        return "cpu"
    if accelerator is None:
        return None
    family = "cu" if isinstance(accelerator, Cuda) else "rocm"
    if accelerator.version is not None:
        if isinstance(accelerator.version, CudaVersion):
            return accelerator.version.label
        return f"rocm{accelerator.version}"
    fitting = [
        label
        for label, pythons in variants.items()
        if label.startswith(family) and (python is None or python in pythons)
    ]
    return max(fitting, key=lambda label: (_cuda(label) is not None, _cuda(label) or label), default=None)


def _cuda(label: str) -> CudaVersion | None:
    digits = label.removeprefix("cu")
    return CudaVersion(int(digits[:2]), int(digits[2:])) if label.startswith("cu") and digits.isdigit() else None


def _why_not(
    question: Question,
    release: Release,
    variants: Mapping[str, tuple[PythonVersion, ...]],
    label: str | None,
    python: PythonVersion,
) -> Fact:
    machine = question.platform.machine
    if label is not None and label in variants:
        pythons = ", ".join(map(str, variants[label]))
        return release.why(
            "variants", f"torch {release.version} has {label} wheels on {machine} for Python {pythons} only"
        )
    builds = ", ".join(_spoken(known) for known in sorted(variants, key=_order) if python in variants[known])
    if not builds:
        return release.why("variants", f"torch {release.version} has no wheel for Python {python} on {machine}")
    return release.why(
        "variants", f"torch {release.version} is published for {builds} on {machine} and Python {python}"
    )


def _listed_before(catalogue: Catalogue, release: Release, machine: str) -> Release | None:
    """The newest release before this one whose builds have been listed."""
    older = (one for one in catalogue.releases("torch") if one.version < release.version)
    return next((one for one in older if one.variants(machine)), None)


def _passed_over(label: str, builds: Mapping[str, tuple[PythonVersion, ...]]) -> bool:
    """A CUDA release that is missing although a newer one is there."""
    cuda = _cuda(label)
    newest = max((known for known in map(_cuda, builds) if known), default=None)
    return label not in builds and cuda is not None and newest is not None and cuda < newest


def _order(label: str) -> tuple[int, str]:
    return (0 if label == "cpu" else 1 if label.startswith("cu") else 2, label)


def _spoken(label: str) -> str:
    cuda = _cuda(label)
    return "CPU" if label == "cpu" else f"CUDA {cuda}" if cuda else label.replace("rocm", "ROCm ")


def _unlisted(
    catalogue: Catalogue, question: Question, release: Release, python: PythonVersion, default: Wheels | None
) -> Chosen | Rejected:
    """Nobody has listed the builds of this release: assume what the name would be, and say so.

    PyTorch adds builds for newer CUDA releases and drops old ones, so one that the release before neither had nor
    was too old for will not be there.
    """
    machine = question.platform.machine
    if default is None:
        return rejected_wheels(question, release, python)
    if isinstance(question.accelerator, Cuda) and question.accelerator.version is None:
        claim = f"the wheel of torch {release.version} on the Python index is a CPU build on {machine}"
        return Rejected("torch", release.why(f"linux.{machine}.build", claim), python, by_build=True)
    listed = _listed_before(catalogue, release, machine)
    builds = (listed.variants(machine) if listed else None) or {}
    label = _label(question.accelerator, builds, python) or _label(question.accelerator, builds, None)
    if label is None:
        return Rejected("torch", release.why("*", f"no build of torch for ROCm is known on {machine}"), python, True)
    if listed is not None and _passed_over(label, builds):
        claim = f"torch {listed.version}, the newest before {release.version} with a list of its builds, has no {label}"
        return Rejected("torch", listed.why("variants", claim), python, by_build=True)
    named = release.variants_named(machine)
    if named and label not in named:
        claim = f"the release notes of torch {release.version} name {', '.join(sorted(named))}"
        return Rejected("torch", release.why("variants_named", claim), python, by_build=True)
    doubt = Problem(
        "unknown-wheel",
        "warning",
        "",
        f"whether torch {release.version} has a {label} wheel for Python {python} on {machine} is not known",
        (str(release.why("*", f"no list of the builds of torch {release.version} has been read yet")),),
        ('look it up, then say so: with_assumption("unknown-wheel", "where and when it was seen")',),
    )
    claim = f"PyTorch names its builds by the rule VERSION+{label}"
    version = local(release.version, label)
    return Chosen(
        "torch",
        version,
        pytorch_index(label),
        _cuda(label),
        None,
        default.glibc,
        None,
        (Fact(claim, RULE),),
        (doubt,),
    )
