"""Releases of Python packages: their wheels, builds and companions."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from packaging.version import Version

from mlcontainers.facts.evidence import Sourced
from mlcontainers.facts.known import Known
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.specifiers import SpecifierSet

    from mlcontainers.facts.evidence import Source
    from mlcontainers.facts.store import Record

MACHINES = ("x86_64", "aarch64")
_BUILD_FIELDS = frozenset(
    ("cuda", "cuda_runtime", "cuda_toolkit", "cudnn", "nccl", "nvshmem", "triton", "triton_pythons")
)


class Wheels(Struct, frozen=True):
    """The wheels of one release for one machine and one glibc."""

    pythons: tuple[PythonVersion, ...]
    glibc: tuple[int, int] | None
    """The lowest glibc that their names promise; `None` where they do not depend on it."""
    size: int | None
    """Bytes, the median over Pythons."""
    build: str | None = None
    """`cpu` or `cuda`, where the project has both."""
    cuda: CudaVersion | None = None
    cudnn: str | None = None
    nccl: str | None = None
    triton: str | None = None
    """The version or specifier of Triton that the wheel pins."""
    free_threaded: tuple[PythonVersion, ...] = ()
    """The free-threaded Pythons (`3.13t`) with a wheel of their own."""
    any: bool = False
    """Whether one of them fits every machine."""
    stub_of: tuple[str, ...] = ()
    """The packages that the wheel only pulls in, where it is a stub with nothing of its own."""

    @property
    def stub(self) -> bool:
        """Whether it holds no code of its own: compiled wheels of a few kB only pull in another package."""
        return bool(self.stub_of) or (not self.any and self.size is not None and self.size < 10_000)

    def loads_on(self, glibc: tuple[int, int] | None) -> Known:
        """Whether it is promised to load with this glibc; `None` for a base that nothing is known about."""
        if self.glibc is None:
            return Known.YES
        return Known.of(None if glibc is None else self.glibc <= glibc)


class Release(Sourced):
    """One release of a project, as the package index and the wheels' own metadata tell."""

    @cached_property
    def version(self) -> Version:
        """Its version by PEP 440."""
        return Version(self.record["version"])

    @property
    def project(self) -> str:
        """Its project, in normal form."""
        return str(self.record["package"])

    @property
    def released(self) -> str:
        """The day of the first upload, as ISO date."""
        return str(self.record["released"])

    @property
    def yanked(self) -> bool:
        """Whether its authors have withdrawn it."""
        return bool(self.record.get("yanked"))

    @property
    def requires(self) -> Mapping[str, str] | None:
        """Selected run-time requirements: name and specifier; `None` where its metadata has not been read."""
        return cast("Mapping[str, str] | None", self.record.get("requires"))

    def requires_on(self, machine: str, python: PythonVersion) -> Mapping[str, str]:
        """The same for one machine and Python, with what decides whether it can be installed there.

        Empty where nobody has read it.
        """
        own: Mapping[str, Mapping[str, str]] = self.record["linux"].get(machine, {})
        by_python: Mapping[str, Mapping[str, str]] = self.record.get("requires_by_python", {})
        if "requires" not in own and "needs" not in own and str(python) in by_python:
            return by_python[str(python)]
        needs: Mapping[str, str] = own.get("needs", self.record.get("needs", {}))
        return {**own.get("requires", self.requires or {}), **needs}

    @cached_property
    def requires_python(self) -> SpecifierSet | None:
        """The Pythons that its metadata admits, upper bound included; `None` where the index has no word on it."""
        from packaging.specifiers import SpecifierSet  # it loads logging and more, and few plans get here

        text = self.record.get("requires_python")
        return None if text is None else SpecifierSet(text)

    @property
    def sdist(self) -> bool:
        """Whether its source distribution is on the index."""
        return bool(self.record.get("sdist"))

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines that it has wheels for."""
        return tuple(machine for machine in MACHINES if self.wheels(machine))

    @cached_property
    def _wheels(self) -> dict[str, tuple[Wheels, ...]]:
        return {machine: _wheels(record) for machine, record in self.record["linux"].items()}

    def wheels(self, machine: str) -> tuple[Wheels, ...]:
        """Its wheels for `x86_64` or `aarch64`, one entry for each glibc they differ by; none where it has none."""
        return self._wheels.get(machine, ())

    def pythons(self, machine: str) -> tuple[PythonVersion, ...]:
        """The Pythons that some wheel for this machine fits, the oldest first."""
        return tuple(sorted({python for wheels in self.wheels(machine) for python in wheels.pythons}))

    def fits(self, python: PythonVersion, machine: str, glibc: tuple[int, int] | None = None) -> Known:
        """Whether a wheel on the package index fits; without a glibc that may stay unknown."""
        if machine not in MACHINES or not self._asked(python):
            return Known.UNKNOWN
        answer = Known.NO
        for wheels in self.wheels(machine):
            if python in wheels.pythons:
                answer |= wheels.loads_on(glibc)
        return answer

    def wheel(self, python: PythonVersion, machine: str, glibc: tuple[int, int] | None = None) -> Wheels | None:
        """The wheels that an installer would choose from: of those that fit, the ones for the newest glibc."""
        fitting = [
            wheels
            for wheels in self.wheels(machine)
            if python in wheels.pythons and wheels.loads_on(glibc) is not Known.NO
        ]
        return max(fitting, key=lambda wheels: wheels.glibc or (0, 0), default=None)

    def _asked(self, python: PythonVersion) -> bool:
        """Whether the data tell about this Python: they know a first and a last one."""
        first, last = _pythons(self.origin.header["pythons"])
        return first <= python <= last

    @cached_property
    def _variants(self) -> dict[str, dict[str, tuple[PythonVersion, ...]]]:
        return {
            machine: {label: _pythons(pythons) for label, pythons in labels.items()}
            for machine, labels in self.record.get("variants", {}).items()
        }

    def variants(self, machine: str) -> Mapping[str, tuple[PythonVersion, ...]] | None:
        """Its builds on the framework's own wheel index, by local label; `None` where they have not been listed."""
        return self._variants.get(machine, {}) if "variants" in self.record else None

    def variant(self, label: str, python: PythonVersion, machine: str) -> Known:
        """Whether the framework's own index has this build, such as `cu126` or `cpu`, for a Python."""
        variants = self.variants(machine)
        if variants is None or not self._asked(python):
            return Known.UNKNOWN
        if label in variants:
            return Known.of(python in variants[label])
        return Known.of(False if self._lists(label) else None)

    def _lists(self, label: str) -> bool:
        """Whether a label would be there if it existed. The release matrix tells of CPU, CUDA and ROCm alone."""
        listing = self.source("variants").name == "wheel-index-snapshot"
        return listing or label == "cpu" or label.startswith(("cu", "rocm"))

    def variants_named(self, machine: str) -> tuple[str, ...]:
        """Labels of its builds that only the release notes name."""
        named = cast("dict[str, list[str]] | list[str]", self.record.get("variants_named", ()))
        return tuple(named.get(machine, ()) if isinstance(named, dict) else named)

    def companions(self, project: str) -> tuple[Version, ...]:
        """Releases of a companion whose metadata names exactly this release, newest first."""
        return tuple(sorted(map(Version, self.record.get(project, ())), reverse=True))

    def admitting(self, project: str) -> tuple[Version, ...]:
        """Releases of a companion that only admit this release, newest first."""
        return tuple(sorted(map(Version, self.record.get(f"{project}_admitting", ())), reverse=True))

    def source(self, field: str = "*") -> Source:
        """Where a field was read. What a wheel carries was read where its `build` was."""
        parent, _, last = field.rpartition(".")
        return super().source(f"{parent}.build" if last in _BUILD_FIELDS else field)


def _wheels(record: Record) -> tuple[Wheels, ...]:
    """One machine's wheels; `builds` holds them where they differ by glibc."""
    builds = cast("list[dict[str, Any]]", record.get("builds") or [record])
    return tuple(
        Wheels(
            _pythons(build["pythons"]),
            _glibc(build.get("glibc")),
            build.get("bytes"),
            build.get("build"),
            CudaVersion.parse(build["cuda"]) if "cuda" in build else None,
            build.get("cudnn"),
            build.get("nccl"),
            build.get("triton"),
            _pythons(build.get("free_threaded", ())),
            bool(build.get("any")),
            tuple(build.get("via", ())),
        )
        for build in builds
    )


def _pythons(texts: Iterable[str]) -> tuple[PythonVersion, ...]:
    """Without the free-threaded ones (`3.13t`), which no base image has."""
    return tuple(_python(text) for text in texts if not text.endswith("t"))


@cache
def _python(text: str) -> PythonVersion:
    return PythonVersion.parse(text)


def _glibc(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    major, _, minor = text.partition(".")
    return int(major), int(minor)
