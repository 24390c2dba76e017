"""From a release's files and the metadata of its wheels to its record.

The rules are told in `docs/facts.md`, "How records are derived".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mlcontainers.facts.deriving.files import FIRST, LAST, MACHINES
from mlcontainers.facts.deriving.metadata import Metadata
from mlcontainers.facts.deriving.shapes import UnknownShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from packaging.requirements import Requirement

    from mlcontainers.facts.deriving.files import IndexFile, ReleaseFiles, Wheel
    from mlcontainers.facts.deriving.projects import Project

    Records: TypeAlias = dict[Version, dict[str, Any]]

_CUDA_LIBRARY = re.compile(r"nvidia-(cuda-runtime|cudnn|nccl|nvshmem)(?:-cu[0-9]+)?").fullmatch
_NVIDIA = re.compile(r"nvidia-.*|cuda-toolkit").fullmatch
_CUDA_INSIDE = re.compile(r"^cuda\b[^=\n]*=\s*(?:'([^']+)'|None)", re.MULTILINE).search
_SMALL = 200_000_000
"""Bytes that no torch wheel with CUDA inside stays below, and no CPU wheel goes above."""


_STUB = 10_000
"""Bytes that a compiled wheel with anything of its own stays above."""


class Wheels(Protocol):
    """Where the insides of wheels are read."""

    def metadata(self, file: IndexFile) -> str:
        """The METADATA of a wheel."""
        ...

    def content(self, file: IndexFile, path: str) -> str:
        """A text file inside a wheel."""
        ...


class _Reading(NamedTuple):
    """The wheel that speaks for a release, read."""

    release: ReleaseFiles
    wheels: Wheels
    metadata: Metadata
    machine: str
    python: int


def derive(project: Project, release: ReleaseFiles, wheels: Wheels) -> dict[str, Any]:
    """The record of one release; raises UnknownShapeError for what no rule covers."""
    record = release.record(project.name)
    if project.rule != "pages":
        try:
            if project.rule == "torch":
                _torch(release, wheels, record)
            elif project.rule == "companion" and record.get("yanked"):
                pass  # Nothing goes with a companion that its authors withdrew.
            elif read := _any_machine(release, wheels):
                _RULES[project.rule](project, _Reading(release, wheels, *read), record)
        except UnknownShapeError as error:
            raise UnknownShapeError(f"{project.name} {release.version}: {error}") from error
    return record


def _read(release: ReleaseFiles, wheels: Wheels, machine: str) -> tuple[Metadata, int, Wheel] | None:
    telling = release.telling(machine)
    if telling is None:
        return None
    wheel, python = telling
    return Metadata(wheels.metadata(wheel.file)), python, wheel


def _any_machine(release: ReleaseFiles, wheels: Wheels) -> tuple[Metadata, str, int] | None:
    for machine in MACHINES:
        if read := _read(release, wheels, machine):
            return read[0], machine, read[1]
    return None


def _requires(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    metadata, machine, python = read.metadata, read.machine, read.python
    if metadata.unreadable.isdisjoint(project.requires):
        _told(record, "requires", _selected(metadata, project.requires, machine, python))
    if needs := _selected(metadata, project.needs, machine, python):
        _told(record, "needs", needs)
    _by_python(project, metadata, machine, record)
    stub = record["linux"].get("aarch64", {}).get("bytes", _SMALL) < _STUB
    other = _read(read.release, read.wheels, "aarch64") if machine == "x86_64" and not stub else None
    if other and metadata.unreadable.isdisjoint(project.requires):
        _elsewhere(project, other[0], other[1], record)
    if project.extra_torch:
        torch = [str(r.specifier) for name, r in metadata.in_force(machine, python, "torch") if name == "torch"]
        if torch:
            _told(record, "extra_torch", torch[0])


def _by_python(project: Project, metadata: Metadata, machine: str, record: dict[str, Any]) -> None:
    """What it requires on Pythons for which markers make that something else."""
    names = (*project.requires, *project.needs)
    usual = {**record.get("requires", {}), **record.get("needs", {})}
    told = record["linux"][machine]
    pythons = {python for build in told.get("builds", [told]) for python in build["pythons"]}
    for minor in range(FIRST, LAST + 1):
        if f"3.{minor}" in pythons and (selected := _selected(metadata, names, machine, minor)) != usual:
            record.setdefault("requires_by_python", {})[f"3.{minor}"] = selected
            record["sources"]["requires_by_python"] = "metadata"


def _elsewhere(project: Project, metadata: Metadata, python: int, record: dict[str, Any]) -> None:
    """What it requires on aarch64, where markers or another wheel's metadata make that something else."""
    for field, names in (("requires", project.requires), ("needs", project.needs)):
        selected = _selected(metadata, names, "aarch64", python)
        if selected != record.get(field, {}):
            record["linux"]["aarch64"][field] = selected
            record["sources"][f"linux.aarch64.{field}"] = "metadata"


def _selected(metadata: Metadata, names: tuple[str, ...], machine: str, python: int) -> dict[str, str]:
    return {
        name: str(requirement.specifier)
        for name, requirement in sorted(metadata.in_force(machine, python), key=lambda pair: pair[0])
        if name in names
    }


def _torch(release: ReleaseFiles, wheels: Wheels, record: dict[str, Any]) -> None:
    for machine in record["linux"]:
        read = _read(release, wheels, machine)
        if read is None:
            continue
        metadata, python, wheel = read
        told = record["linux"][machine]
        pins = dict(_libraries(metadata.in_force(machine, python)))
        record["sources"][f"linux.{machine}.build"] = "metadata"
        if "cuda_runtime" in pins or "cuda_toolkit" in pins:
            told |= {"build": "cuda", **pins}
            told["cuda"] = _feature(pins.get("cuda_toolkit") or pins["cuda_runtime"])
            _triton(metadata, machine, told)
        elif pins:
            raise UnknownShapeError(f"its wheel for {machine} pins {', '.join(pins)} and no CUDA runtime")
        elif wheel.file.size < _SMALL:
            told["build"] = "cpu"
        else:
            found = _CUDA_INSIDE(wheels.content(wheel.file, "torch/version.py"))
            if found is None:
                raise UnknownShapeError(f"its wheel for {machine} has {wheel.file.size} bytes and names no CUDA")
            told |= {"build": "cuda", "cuda": _feature(found[1])} if found[1] else {"build": "cpu"}
            record["sources"][f"linux.{machine}.build"] = "wheel-content"


def _triton(metadata: Metadata, machine: str, told: dict[str, Any]) -> None:
    """Its pin, and the Pythons that it is in force for where they are not all: Triton was late for some."""
    pins = {
        f"3.{minor}": _pin(requirement)
        for minor in range(FIRST, LAST + 1)
        for name, requirement in metadata.in_force(machine, minor)
        if name == "triton" and f"3.{minor}" in told["pythons"]
    }
    if len(set(pins.values())) > 1:
        raise UnknownShapeError(f"its wheel for {machine} pins triton {' and '.join(sorted(set(pins.values())))}")
    if pins:
        told["triton"] = next(iter(pins.values()))
        if list(pins) != told["pythons"]:
            told["triton_pythons"] = list(pins)


def _companion(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    named = [str(r.specifier) for name, r in read.metadata.in_force(read.machine, read.python) if name == "torch"]
    _told(record, "torch", (named[0] if named else "") or "unpinned")


def _tensorflow(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    _requires(project, read, record)
    for machine, told in record["linux"].items():
        # A compiled wheel of a few kB only pulls in another package.
        if (
            not told.get("any")
            and told.get("bytes", _SMALL) < _STUB
            and (stub := _read(read.release, read.wheels, machine))
        ):
            metadata, python, _ = stub
            via = {name: str(r.specifier) for name, r in metadata.in_force(machine, python)}
            told["via"] = {name: specifier for name, specifier in via.items() if name.startswith("tensorflow")}
            record["sources"][f"linux.{machine}.via"] = "metadata"
    if read.machine != "x86_64":
        return
    metadata, python = read.metadata, read.python
    wanted = list(metadata.in_force("x86_64", python, "and-cuda"))
    pins: dict[str, Any] = dict(_libraries(iter(wanted)))
    if not pins:
        return
    if pins.get("cuda_runtime", "<")[0].isdigit():
        pins["cuda"] = _feature(pins["cuda_runtime"])
    tensorrt = {name: str(r.specifier) for name, r in wanted if name.startswith("tensorrt")}
    _told(record, "and_cuda", pins | ({"tensorrt": tensorrt} if tensorrt else {}))


def _jax(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    _requires(project, read, record)
    metadata, machine, python = read.metadata, read.machine, read.python
    extras: dict[str, Any] = {}
    for extra in sorted(name for name in metadata.extras() if name.startswith("cuda")):
        wanted = list(metadata.in_force(machine, python, extra))
        told: dict[str, Any] = {
            name: str(r.specifier) for name, r in wanted if name == "jaxlib" or name.startswith("jax-cuda")
        }
        if any("+" in text for text in told.values()):
            told["local_version"] = True
        if pins := dict(_libraries(iter(wanted), ranges=True)):
            told["pins"] = pins
        if told:
            extras[extra] = told
    if extras:
        _told(record, "extras", extras)


def _jax_plugin(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    _requires(project, read, record)
    metadata, machine, python = read.metadata, read.machine, read.python
    if pins := dict(_libraries(metadata.in_force(machine, python, "with-cuda"), ranges=True)):
        _told(record, "with_cuda", pins)


def _onnxruntime(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    _requires(project, read, record)
    metadata, machine, python = read.metadata, read.machine, read.python
    found = {
        extra: dict(_libraries(metadata.in_force(machine, python, extra), ranges=True)) for extra in ("cuda", "cudnn")
    }
    if any(found.values()):
        _told(record, "extras", {extra: pins for extra, pins in found.items() if pins})


def _cupy(project: Project, read: _Reading, record: dict[str, Any]) -> None:
    record["cuda_major"] = project.name.removeprefix("cupy-cuda").removesuffix("x")
    _requires(project, read, record)
    metadata, machine, python = read.metadata, read.machine, read.python
    for name, requirement in metadata.in_force(machine, python, "ctk"):
        if name == "cuda-toolkit":
            _told(record, "extra_ctk", str(requirement.specifier))


def _libraries(requirements: Iterator[tuple[str, Requirement]], *, ranges: bool = False) -> Iterator[tuple[str, str]]:
    """CUDA's libraries by our names for them, with the version pinned; with `ranges` the specifier as it stands."""
    for name, requirement in requirements:
        field = "cuda_toolkit" if name == "cuda-toolkit" else ""
        if match := _CUDA_LIBRARY(name):
            field = match[1].replace("-", "_")
        if field:
            yield field, str(requirement.specifier) if ranges else _pin(requirement)


def _pin(requirement: Requirement) -> str:
    text = str(requirement.specifier)
    return text.removeprefix("==") if text.startswith("==") and "," not in text else text


def _feature(version: str) -> str:
    release = Version(version).release
    return f"{release[0]}.{release[1]}"


def _told(record: dict[str, Any], field: str, value: object) -> None:
    record[field] = value
    record["sources"][field] = "metadata"


def with_companions(torch: Records, name: str, companions: Records) -> None:
    """Write onto each torch which releases of a companion name exactly it, or else only admit it.

    A companion that admits a range counts for the torch releases since the last one that has a companion of its own.
    """
    exact: dict[Version, list[Version]] = {}
    loose: list[tuple[Version, SpecifierSet]] = []
    for record in companions.values():
        if "torch" not in record:
            continue
        version, wanted = Version(record["version"]), record["torch"]
        specifier = SpecifierSet("" if wanted == "unpinned" else wanted)
        single = list(specifier)
        if len(single) == 1 and single[0].operator == "==" and not single[0].version.endswith(".*"):
            exact.setdefault(Version(Version(single[0].version).public), []).append(version)
        else:
            loose.append((version, specifier))
    for version, record in torch.items():
        for field in (name, f"{name}_admitting"):
            record.pop(field, None)
            record["sources"].pop(field, None)
        if version in exact:
            _told(record, name, [str(found) for found in sorted(exact[version])])
            continue
        older = max((max(found) for named, found in exact.items() if named < version), default=None)
        newer = min((min(found) for named, found in exact.items() if named > version), default=None)
        admitting = [
            found
            for found, specifier in sorted(loose, key=lambda pair: pair[0])
            if version in specifier and (older is None or found > older) and (newer is None or found < newer)
        ]
        if admitting:
            _told(record, f"{name}_admitting", [str(found) for found in admitting])


_RULES: dict[str, Callable[[Project, _Reading, dict[str, Any]], None]] = {
    "requires": _requires,
    "companion": _companion,
    "tensorflow": _tensorflow,
    "jax": _jax,
    "jax-plugin": _jax_plugin,
    "onnxruntime": _onnxruntime,
    "cupy": _cupy,
}
