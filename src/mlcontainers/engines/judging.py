"""From what was seen inside an image to checks: compared with the plan, where there is one."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from mlcontainers.engines.reports import Check
from mlcontainers.errors import Problem
from mlcontainers.planners.sbom import decided_versions
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.drivers import Driver
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.layers import Pin
    from mlcontainers.planners import Plan

_NEEDS_DRIVER = re.compile(r"lib(?:cuda|nvidia-[a-z]+|nvcuvid)\.so(?:\.[0-9]+)?").search
"""Libraries of the NVIDIA driver, which a host lends to its containers and no image holds."""
_MISSING = re.compile(r"(\S+\.so\S*): cannot open shared object file").search
_OF_CUDA = re.compile(r"lib(?:cu(?!rl|ps)|nv|nccl|npp)").match
_MAJOR = re.compile(r"^(lib.+?)(?:-[0-9a-f]{8})?\.so((?:\.[0-9]+)?)").match


@dataclass(frozen=True, slots=True)
class Seen:
    """What the program inside the container has answered."""

    python: str
    executable: str
    packages: Mapping[str, str]
    """Every Python package that is installed, and its version."""
    imports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, "Mapping[str, Any]"])
    libraries: tuple[tuple[str, int], ...] = ()
    """Files of CUDA libraries, and their bytes."""
    library_errors: Mapping[str, str] = field(default_factory=dict[str, str])
    driver: str = ""

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Seen:
        """From the program's JSON."""
        return cls(
            answer["python"],
            answer["executable"],
            answer["packages"],
            answer["imports"],
            tuple((library["path"], library["size"]) for library in answer["libraries"]),
            answer["library_errors"],
            answer["driver"],
        )


def judged(seen: Seen, plan: Plan | None, gpus: bool) -> Iterator[Check]:
    """Every check that one look inside can answer."""
    yield _python(seen, plan)
    if plan is not None and decided_versions(plan):
        yield _versions(seen, plan)
    planned = {pin.project: pin for pin in plan.pins} if plan else {}
    for project, found in seen.imports.items():
        yield _import(project, found)
        if "cuda" in found:
            yield _cuda(project, found["cuda"], planned.get(project), plan)
        if found.get("cudnn"):
            yield _cudnn(project, found["cudnn"], planned.get(project), seen)
    yield from _libraries(seen, plan)
    yield from _on_gpu(seen, plan, gpus)


def _python(seen: Seen, plan: Plan | None) -> Check:
    text = f"Python {seen.python}"
    if plan is None or plan.target.python is None or seen.python.startswith(f"{plan.target.python}."):
        return Check("python", "yes", text)
    what = f"{text} is in the image, and {plan.target.python} was planned"
    because = (f"it is {seen.executable}", "wheels were chosen for the planned one")
    return Check("python", "no", text, Problem("wrong-python", "error", "", what, because))


def _versions(seen: Seen, plan: Plan) -> Check:
    """Frameworks have to be there; of a lock only what is there can be compared, since it is made for many machines."""
    pinned = {pin.project for pin in plan.pins}
    planned = {name: version for name, version in decided_versions(plan).items() if name in {*pinned, *seen.packages}}
    wrong = [
        f"{name} {seen.packages.get(name, 'is missing')}, planned was {version}"
        for name, version in sorted(planned.items())
        if not _same(seen.packages.get(name, ""), version)
    ]
    if not wrong:
        frameworks = ", ".join(map(str, plan.pins)) or "those of its lock"
        text = f"{len(planned)} packages as planned: {frameworks}; {len(seen.packages) - len(planned)} came along"
        return Check("versions", "yes", text)
    hint = "find what installs it after the framework's layer: an add_run, or a package that asks for it"
    problem = Problem("wrong-version", "error", "", "what is installed is not what was planned", tuple(wrong), (hint,))
    return Check("versions", "no", "; ".join(wrong), problem)


def _same(installed: str, planned: str) -> bool:
    try:
        return Version(installed) == Version(planned)
    except InvalidVersion:
        return False


def _import(project: str, found: Mapping[str, Any]) -> Check:
    name = f"import {project}"
    error = str(found.get("error", ""))
    if not error:
        return Check(name, "yes", f"{found['module']} in {found['seconds']:.1f} s")
    last = error.strip().splitlines()[-1]
    if _NEEDS_DRIVER(last):
        return Check(name, "unknown", f"it needs the NVIDIA driver: {last}", needs_gpu=True)
    hint = "see what it asks for: a system library (add_apt), another package, or room to write"
    problem = Problem("import-failed", "error", "", f"{project} cannot be imported", _told(error), (hint,))
    return Check(name, "no", last, problem)


def _told(error: str) -> tuple[str, ...]:
    """The end of a traceback, its last line first."""
    lines = [line.strip() for line in error.strip().splitlines()]
    return (lines[-1], *(line for line in lines[-5:-1] if line.startswith("File ")))


def _cuda(project: str, cuda: str | None, pin: Pin | None, plan: Plan | None) -> Check:
    """Frameworks need not be built for one CUDA of the image; each for that of its own wheel."""
    name, text = f"CUDA of {project}", f"built for CUDA {cuda}" if cuda else "built for the CPU"
    if plan is None or _as_planned(project, cuda, pin, plan):
        return Check(name, "yes", text)
    accelerator = plan.target.accelerator
    planned = f"CUDA {pin.cuda}" if isinstance(accelerator, Cuda) and pin and pin.cuda else str(accelerator)
    what = f"{project} is {text}, and {planned} was planned"
    hint = "find what has replaced it after its layer"
    return Check(name, "no", text, Problem("wrong-cuda", "error", "", what, (f"{project} says so itself",), (hint,)))


def _as_planned(project: str, cuda: str | None, pin: Pin | None, plan: Plan) -> bool:
    if not isinstance(plan.target.accelerator, Cuda):
        # TensorFlow's one wheel for both computes on the CPU where no CUDA library is; torch's brings gigabytes.
        return cuda is None or project != "torch"
    return cuda is not None and (pin is None or pin.cuda is None or _minor(cuda) == _minor(str(pin.cuda)))


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])


def _cudnn(project: str, version: int | str, pin: Pin | None, seen: Seen) -> Check:
    """The cuDNN that it was built with or has loaded, against the plan's, or else against the wheel that is there."""
    text = _cudnn_text(version)
    wheels = [found for name, found in seen.packages.items() if name.startswith("nvidia-cudnn-cu")]
    planned = pin.cudnn if pin and pin.cudnn else wheels[0] if wheels else None
    name, seen_text = f"cuDNN of {project}", f"cuDNN {text}"
    # TensorFlow and JAX tell what they were built with, which newer ones of the same major may replace.
    length = 3 if project == "torch" else 1
    if planned is None or planned.split(".")[:length] == text.split(".")[:length]:
        return Check(name, "yes", seen_text)
    what = f"{project} uses cuDNN {text}, and {planned} was planned"
    places = [path for path, _ in seen.libraries if "/libcudnn." in path or path.endswith("libcudnn.so")]
    return Check(name, "no", seen_text, Problem("wrong-cudnn", "error", "", what, tuple(places)))


def _cudnn_text(version: int | str) -> str:
    """`91002` is 9.10.2, and `8907` is 8.9.7: NVIDIA's two ways to make one number of three."""
    if isinstance(version, str):
        return version
    big = 10_000 if version >= 90_000 else 1_000
    return f"{version // big}.{version % big // 100}.{version % 100}"


def _libraries(seen: Seen, plan: Plan | None) -> Iterator[Check]:
    cpu = plan is not None and not isinstance(plan.target.accelerator, Cuda)
    if not seen.libraries:
        if cpu:
            yield Check("libraries", "yes", "no CUDA library, as planned")
        return
    size = human_size(sum(size for _, size in seen.libraries))
    if cpu:
        what = f"{len(seen.libraries)} CUDA libraries are in an image for the CPU, {size} of them"
        hint = "add_torch() before the package that pulls them, so that it takes the CPU build"
        because = tuple(path for path, _ in seen.libraries[:3])
        yield Check("libraries", "no", what, Problem("cuda-in-cpu-image", "error", "", what, because, (hint,)))
    yield from _opened(seen, size)
    yield _duplicates(seen)


def _opened(seen: Seen, size: str) -> Iterator[Check]:
    """What is missing decides: the driver comes from a host, other companies' libraries from whoever uses them."""
    broken: list[str] = []
    driver: list[str] = []
    others: list[str] = []
    for path, error in seen.library_errors.items():
        if path == "error":
            broken.append(error.strip().splitlines()[-1])
            continue
        missing = _MISSING(error)
        kind = others
        if missing and _NEEDS_DRIVER(missing[1]):
            kind = driver
        elif not missing or missing[1] == path or _OF_CUDA(missing[1]):
            kind = broken
        kind.append(f"{path}: {error.removeprefix(path + ': ')}")
    whole = len(seen.libraries) - len(broken) - len(driver) - len(others)
    text = f"{whole} of {len(seen.libraries)} CUDA libraries ({size}) can be opened"
    if broken:
        problem = Problem("broken-library", "error", "", "CUDA libraries cannot be opened", tuple(broken))
        yield Check("open libraries", "no", text, problem)
    else:
        yield Check("open libraries", "yes", text)
    if driver:
        yield Check("libraries of the driver's", "unknown", _named(driver), needs_gpu=True)
    if others:
        yield Check("libraries with other needs", "unknown", _named(others))


def _named(lines: list[str]) -> str:
    return "; ".join(f"{path.rpartition('/')[2]} needs {why}" for path, _, why in (ln.partition(": ") for ln in lines))


def _duplicates(seen: Seen) -> Check:
    """By the name that programs ask for: two files of one name, and the loader's mood decides which one is used."""
    places: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, size in seen.libraries:
        match = _MAJOR(path.rpartition("/")[2])
        places[f"{match[1]}.so{match[2]}" if match else path].append((path, size))
    twice = {name: found for name, found in sorted(places.items()) if len(found) > 1}
    if not twice:
        return Check("no library twice", "yes", f"{len(places)} names, each in one place")
    wasted = sum(size for found in twice.values() for _, size in sorted(found, key=lambda one: one[1])[:-1])
    what = f"{len(twice)} CUDA libraries are there more than once: {human_size(wasted)} for nothing"
    because = tuple(f"{name}: {', '.join(path for path, _ in found)}" for name, found in twice.items())
    hint = "take a base without CUDA where the wheels bring it: from_cuda(...)"
    return Check("no library twice", "no", what, Problem("duplicate-library", "warning", "", what, because, (hint,)))


def _on_gpu(seen: Seen, plan: Plan | None, gpus: bool) -> Iterator[Check]:
    on_cuda = isinstance(plan.target.accelerator, Cuda) if plan else bool(seen.libraries)
    if not on_cuda:
        return
    floor = plan.driver_floor if plan else None
    if not gpus:
        text = f"is the host's driver {floor} or newer" if floor else "does the host's driver serve this CUDA"
        yield Check("driver", "unknown", text, needs_gpu=True)
    else:
        yield _driver(seen, floor)
    for project, found in seen.imports.items():
        if found.get("module", project) not in {"torch", "tensorflow", "jax"}:
            continue
        name = f"compute with {project}"
        if gpus and not found.get("error"):
            yield _computed(name, found.get("gpu") or {"error": "it was not tried"}, plan)
        else:
            yield Check(name, "unknown", "is the result of a small computation right", needs_gpu=True)


def _driver(seen: Seen, floor: str | None) -> Check:
    if not seen.driver:
        what = "the container sees no NVIDIA driver"
        hint = "see that the NVIDIA container toolkit is installed and the engine restarted"
        return Check("driver", "no", what, Problem("no-gpu", "error", "", what, (), (hint,)))
    if floor and Driver.parse(seen.driver).numbers < Driver.parse(floor).numbers:
        what = f"the driver of this host is {seen.driver}, and this image needs {floor} or newer"
        return Check("driver", "no", what, Problem("old-driver", "error", "", what, (), ("update the driver",)))
    return Check("driver", "yes", f"NVIDIA driver {seen.driver}")


def _computed(name: str, found: Mapping[str, Any], plan: Plan | None) -> Check:
    if found.get("right"):
        return Check(name, "yes", f"right, on {found['device']} of compute capability {found['capability']}")
    said = str(found.get("error") or "the result is wrong")
    because = (f"the build has code for {', '.join(plan.capabilities)}",) if plan and plan.capabilities else ()
    return Check(name, "no", said, Problem("gpu-failed", "error", "", f"{name}: {said}", because))
