"""On what does a release of any project but torch compute? By what its metadata asks for, or by what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from mlcontainers.errors import Problem
from mlcontainers.planners.needs import LIBRARIES, LibraryNeed, Need, specifiers
from mlcontainers.planners.questions import Chosen, Rejected
from mlcontainers.planners.wheels import fitting_wheel, rejected_wheels
from mlcontainers.values.accelerators import Cpu, Cuda, Rocm
from mlcontainers.values.evidence import Fact
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.facts import Catalogue, Release, Wheels
    from mlcontainers.planners.questions import Question

RULE = "rule of this library"
_CPU_ONLY = {"tensorflow-cpu": "tensorflow", "xgboost-cpu": "xgboost", "paddlepaddle": "paddlepaddle-gpu"}
"""Projects of CPU builds, and their siblings for CUDA."""
_CUDA_ONLY = {
    "cupy-cuda12x": "numpy", "cupy-cuda13x": "numpy", "jax-cuda12-pjrt": "jax", "jax-cuda12-plugin": "jax",
    "jax-cuda13-pjrt": "jax", "jax-cuda13-plugin": "jax", "onnxruntime-gpu": "onnxruntime",
    "paddlepaddle-gpu": "paddlepaddle", "vllm": "transformers",
}  # fmt: skip
"""Projects of CUDA builds, and what does their work on the CPU."""
_OWN_NUMPY = frozenset(("onnxruntime", "onnxruntime-gpu"))
"""Projects whose wheels ask for another NumPy on each Python, and only one of them was read."""
_CPU_BUILD = 20_000_000
"""Bytes that no wheel of xgboost with code for GPUs stays below (the smallest has 57 MB, the largest without 5 MB)."""


def builds(
    catalogue: Catalogue, question: Question, release: Release, python: PythonVersion
) -> Iterator[Chosen | Rejected]:
    """The ways to have this release on the accelerator, the best first; at least one entry."""
    wheel = fitting_wheel(question, release, python)
    if wheel is None:
        yield rejected_wheels(question, release, python)
        return
    if blocked := catalogue.uninstallable(release, python=python):
        claim = f"{release.project} {release.version} cannot be installed: {blocked.record['reason']}"
        yield Rejected(release.project, blocked.why("*", claim), python)
        return
    machine = question.platform.machine
    fact = release.why("*", f"{release.project} {release.version} has a wheel for Python {python} on {machine}")
    torch = str(release.record.get("torch", ""))
    if torch.startswith("=="):
        named = torch.removeprefix("==")
        fact = release.why("torch", f"{release.project} {release.version} is made for torch {named}")
    plain = Chosen(
        release.project, release.version, None, wheel.cuda, wheel.cudnn, wheel.glibc, wheel.size, (fact,),
        needs=tuple(_requirements(catalogue, release, machine, python)),
    )  # fmt: skip
    if undeclared := catalogue.undeclared(release):
        claim = f"{release.project} {release.version}: {undeclared.reason}"
        plain = replace(plain, also=undeclared.needs, because=(*plain.because, undeclared.why("needs", claim)))
    accelerator = question.accelerator
    if refusal := _by_name(release, accelerator, python):
        yield refusal
    elif isinstance(accelerator, Cuda):
        yield from _on_cuda(catalogue, question, release, wheel, plain, python)
    elif isinstance(accelerator, Cpu) and (refusal := _brings_cuda(release, machine, python)):
        yield refusal
    elif isinstance(accelerator, Rocm) and release.project in {"jax", "tensorflow", "xgboost"}:
        what = f"whether {release.project} {release.version} has a build for ROCm is not known"
        yield replace(plain, doubts=(Problem("undecided-accelerator", "warning", "", what),))
    else:
        yield plain


def _requirements(catalogue: Catalogue, release: Release, machine: str, python: PythonVersion) -> Iterator[Need]:
    """What its metadata asks of other projects that there are facts about."""
    for name, specifier in release.requires_on(machine, python).items():
        if catalogue.knows(name) and not (name == "numpy" and release.project in _OWN_NUMPY):
            yield Need(name, specifier, _why(release, "requires", name, specifier))
    via: Mapping[str, str] = release.record["linux"].get(machine, {}).get("via", {})
    for name, specifier in via.items():
        claim = f"{release.project} {release.version} has nothing of its own on {machine} and pulls {name}{specifier}"
        yield Need(name, specifier, release.why(f"linux.{machine}.via", claim))
    torch = release.record.get("torch")
    if torch is not None:
        text = "" if torch == "unpinned" else str(torch)
        yield Need("torch", text, _why(release, "torch", "torch", text))
    epoch = catalogue.numpy_epoch(release)
    if epoch is not None:
        claim = f"{release.project} {release.version} was built before NumPy 2, and cannot use arrays of it"
        yield Need("numpy", "<2", epoch.why("*", claim))


def _why(release: Release, field: str, name: str, specifier: str) -> Fact:
    return release.why(field, f"{release.project} {release.version} requires {name}{specifier}")


def _by_name(release: Release, accelerator: object, python: PythonVersion) -> Rejected | None:
    project = release.project
    if isinstance(accelerator, Cuda | Rocm) and project in _CPU_ONLY:
        claim = f"{project} computes on the CPU only; {_CPU_ONLY[project]} is its sibling for GPUs"
    elif isinstance(accelerator, Cpu | Rocm) and project in _CUDA_ONLY:
        claim = f"{project} is built for CUDA; {_CUDA_ONLY[project]} works on the CPU"
    else:
        return None
    return Rejected(project, Fact(claim, RULE), python, by_build=True)


def _brings_cuda(release: Release, machine: str, python: PythonVersion) -> Rejected | None:
    nvidia = [name for name in release.requires_on(machine, python) if name.startswith("nvidia-")]
    if not nvidia:
        return None
    claim = f"{release.project} {release.version} requires {nvidia[0]}, a library of CUDA"
    if release.project == "xgboost":
        claim += "; xgboost-cpu is the same without"
    return Rejected(release.project, release.why("requires", claim), python, by_build=True)


def _on_cuda(
    catalogue: Catalogue, question: Question, release: Release, wheel: Wheels, plain: Chosen, python: PythonVersion
) -> Iterator[Chosen | Rejected]:
    match release.project:
        case "tensorflow":
            yield _tensorflow(catalogue, question, release, plain, python)
        case "jax":
            yield from _jax(question, release, plain, python)
        case "jax-cuda12-plugin" | "jax-cuda13-plugin":
            yield _jax_plugin(question, release, plain, python)
        case "onnxruntime-gpu":
            yield _onnxruntime(catalogue, question, release, plain, python)
        case "cupy-cuda12x" | "cupy-cuda13x":
            yield _cupy(question, release, plain, python)
        case "xgboost":
            yield _xgboost(question, release, wheel, plain, python)
        case "vllm":
            yield _vllm(catalogue, question, release, plain, python)
        case "paddlepaddle-gpu":
            yield _base_brings_cuda(plain, "which CUDA its wheels are built for is not known")
        case _:
            yield plain


def _tensorflow(
    catalogue: Catalogue, question: Question, release: Release, plain: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    machine = question.platform.machine
    pins: Mapping[str, Any] | None = release.record.get("and_cuda")
    tested: Mapping[str, str] = release.record.get("tested", {})
    if machine != "x86_64":
        return _base_brings_cuda(plain, f"whether its wheel for {machine} uses CUDA is not known")
    if pins is None:
        known = f"it was tested with CUDA {tested['cuda']} and cuDNN {tested['cudnn']}" if tested else ""
        return _base_brings_cuda(plain, known or "nothing is known about its CUDA", tested.get("cuda", ""))
    if blocked := catalogue.uninstallable(release, extra="and-cuda"):
        claim = f"tensorflow[and-cuda]=={release.version} cannot be installed: {blocked.record['reason']}"
        return Rejected("tensorflow", blocked.why("*", claim), python, by_build=True)
    return _with_libraries(question, release, "and_cuda", pins, replace(plain, extras=("and-cuda",)), python)


def _jax(question: Question, release: Release, plain: Chosen, python: PythonVersion) -> Iterator[Chosen | Rejected]:
    accelerator = cast("Cuda", question.accelerator)
    majors = [accelerator.version.major] if accelerator.version else [13, 12]
    extras: Mapping[str, Mapping[str, Any]] = release.record.get("extras", {})
    found = False
    for extra in (f"cuda{major}" for major in majors):
        told = extras.get(extra)
        if told is None or told.get("local_version"):
            continue
        found = True
        needs = [
            Need(name, text, _why(release, "extras", f"{name} (extra {extra})", text))
            for name, text in told.items()
            if isinstance(text, str)
        ]
        yield replace(plain, extras=(extra,), needs=(*plain.needs, *needs))
    if not found:
        named = ", ".join(extra for extra, told in extras.items() if not told.get("local_version"))
        claim = (
            f"jax {release.version} has {f'the extras {named}' if named else 'no extra for CUDA'} on the Python index"
        )
        yield Rejected("jax", release.why("extras", claim), python, by_build=True)


def _jax_plugin(question: Question, release: Release, plain: Chosen, python: PythonVersion) -> Chosen | Rejected:
    pins: Mapping[str, str] | None = release.record.get("with_cuda")
    major = int(release.project.removeprefix("jax-cuda")[:2])
    if pins is None:
        return replace(plain, cuda=_asked(question) or CudaVersion(major, 0))
    return _with_libraries(question, release, "with_cuda", pins, plain, python)


def _onnxruntime(
    catalogue: Catalogue, question: Question, release: Release, plain: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    extras: Mapping[str, Mapping[str, str]] | None = release.record.get("extras")
    if extras is None:
        told: Mapping[str, str] = release.record.get("documented", {})
        known = f"its authors name CUDA {told['cuda']} and cuDNN {told['cudnn_linux']}" if told else ""
        return _base_brings_cuda(plain, known or "nothing is known about its CUDA")
    if blocked := catalogue.uninstallable(release, extra="cuda"):
        claim = f"onnxruntime-gpu[cuda]=={release.version} cannot be installed: {blocked.record['reason']}"
        return Rejected(release.project, blocked.why("*", claim), python, by_build=True)
    pins = {name: text for pins in extras.values() for name, text in pins.items()}
    return _with_libraries(question, release, "extras", pins, replace(plain, extras=tuple(extras)), python)


def _cupy(question: Question, release: Release, plain: Chosen, python: PythonVersion) -> Chosen | Rejected:
    major = int(release.record["cuda_major"])
    asked = _asked(question)
    if asked is not None and asked.major != major:
        claim = f"{release.project} is built for CUDA {major}"
        return Rejected(release.project, Fact(claim, RULE), python, by_build=True)
    cuda = asked or CudaVersion(major, 0)
    if "extra_ctk" not in release.record:
        return _base_brings_cuda(replace(plain, cuda=cuda), "CUDA itself has to come from the base image")
    return replace(plain, cuda=cuda, extras=("ctk",))


def _xgboost(
    question: Question, release: Release, wheel: Wheels, plain: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    machine = question.platform.machine
    nccl = next((name for name in release.requires_on(machine, python) if name.startswith("nvidia-nccl-cu")), None)
    if wheel.size is not None and wheel.size < _CPU_BUILD:
        glibc = f" for glibc {wheel.glibc[0]}.{wheel.glibc[1]}" if wheel.glibc else ""
        claim = f"the wheel of xgboost {release.version}{glibc} on {machine} has {wheel.size} bytes: a CPU build"
        return Rejected("xgboost", release.why(f"linux.{machine}", claim), python, by_build=True)
    if nccl is None:
        return _base_brings_cuda(plain, "which CUDA it is built for is not known")
    major = int(nccl.removeprefix("nvidia-nccl-cu"))
    asked = _asked(question)
    if asked is not None and asked.major != major:
        claim = f"xgboost {release.version} requires {nccl}"
        return Rejected("xgboost", release.why("requires", claim), python, by_build=True)
    fact = release.why("requires", f"xgboost {release.version} requires {nccl}")
    needs = (*plain.needs, LibraryNeed("nccl", major, "", fact))
    return replace(plain, cuda=asked or CudaVersion(major, 0), needs=needs, because=(*plain.because, fact))


def _vllm(
    catalogue: Catalogue, question: Question, release: Release, plain: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    """It is compiled against the default build of the torch that it pins."""
    pinned = release.requires_on(question.platform.machine, python).get("torch", "")
    torch = catalogue.release("torch", pinned.removeprefix("==")) if pinned.startswith("==") else None
    wheel = torch.wheel(python, question.platform.machine, question.glibc) if torch else None
    if torch is None or wheel is None or wheel.cuda is None:
        return _base_brings_cuda(plain, "which CUDA it is built for is not known")
    asked = _asked(question)
    claim = (
        f"vllm {release.version} is made for the default build of torch {torch.version}, which has CUDA {wheel.cuda}"
    )
    fact = torch.why(f"linux.{question.platform.machine}.build", claim)
    if asked is not None and asked.release != wheel.cuda:
        return Rejected("vllm", fact, python, by_build=True)
    need = LibraryNeed("cuda_runtime", wheel.cuda.major, "", fact)
    return replace(plain, cuda=wheel.cuda, because=(*plain.because, fact), needs=(*plain.needs, need))


def _with_libraries(
    question: Question, release: Release, field: str, pins: Mapping[str, Any], chosen: Chosen, python: PythonVersion
) -> Chosen | Rejected:
    """A build whose libraries are wheels that an extra asks for: exact versions, or ranges of them."""
    runtime = str(pins.get("cuda_runtime", ""))
    text = f"=={runtime}" if runtime[:1].isdigit() else runtime
    asked = _asked(question)
    lowest = _lowest(text)
    claim = f"{release.project} {release.version} asks for a CUDA runtime {text or 'of any version'}"
    fact = release.why(field, claim)
    if lowest is None:
        return _base_brings_cuda(chosen, "which CUDA it asks for is not known")
    if asked is not None and not _admits(text, lowest, asked):
        return Rejected(release.project, fact, python, by_build=True)
    needs = [
        LibraryNeed(
            library,
            lowest.major,
            spelled,
            release.why(field, f"{release.project} {release.version} asks for {library} {spelled}"),
        )
        for library in LIBRARIES
        if (value := pins.get(library)) is not None
        for spelled in (f"=={value}" if str(value)[:1].isdigit() else str(value),)
    ]
    cudnn = str(pins.get("cudnn", ""))
    return replace(
        chosen,
        cuda=asked.release if asked else lowest,
        cudnn=cudnn if cudnn[:1].isdigit() else chosen.cudnn,
        because=(*chosen.because, fact),
        needs=(*chosen.needs, *needs),
    )


def _lowest(text: str) -> CudaVersion | None:
    """The lowest CUDA release that a range of runtimes admits."""
    bounds = [part.version for part in specifiers(text) if part.operator in {"==", ">=", "~="}]
    if not bounds:
        return None
    major, minor, *_ = (*bounds[0].split("."), "0")
    return CudaVersion(int(major), int(minor))


def _admits(text: str, lowest: CudaVersion, asked: CudaVersion) -> bool:
    """Whether some runtime of a CUDA release is in the range; that of the lowest release is, by some update."""
    if asked.release == lowest:
        return True
    return asked.major == lowest.major and specifiers(text).contains(f"{asked.major}.{asked.minor}.999")


def _asked(question: Question) -> CudaVersion | None:
    accelerator = question.accelerator
    return accelerator.version if isinstance(accelerator, Cuda) else None


def _base_brings_cuda(chosen: Chosen, known: str, tried: str = "") -> Chosen:
    """Its wheel brings no CUDA: whether the base's fits is for the user to say."""
    what = f"{chosen.project} {chosen.version} takes CUDA from the base image: {known}"
    hint = 'say that you know: with_assumption("cuda-of-the-base", "how it was tried")'
    doubt = Problem("cuda-of-the-base", "warning", "", what, (), (hint,))
    cuda = CudaVersion.parse(tried) if tried else None
    return replace(chosen, doubts=(*chosen.doubts, doubt), cuda_of_base=True, base_cuda=cuda)
