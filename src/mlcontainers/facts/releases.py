"""Releases of Python packages: their wheels, builds and companions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from packaging.version import Version

from mlcontainers.facts.evidence import Sourced
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcontainers.facts.store import Record


@dataclass(frozen=True, slots=True)
class Wheels:
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

    @cached_property
    def _wheels(self) -> dict[str, tuple[Wheels, ...]]:
        return {machine: _wheels(record) for machine, record in self.record["linux"].items()}

    def wheels(self, machine: str) -> tuple[Wheels, ...]:
        """Its wheels for `x86_64` or `aarch64`; none where it has none."""
        return self._wheels.get(machine, ())

    @cached_property
    def _variants(self) -> dict[str, dict[str, tuple[PythonVersion, ...]]]:
        return {
            machine: {label: _pythons(pythons) for label, pythons in labels.items()}
            for machine, labels in self.record.get("variants", {}).items()
        }

    def variants(self, machine: str) -> Mapping[str, tuple[PythonVersion, ...]] | None:
        """Its builds on the framework's own wheel index, by local label; `None` where they have not been listed."""
        return self._variants.get(machine) if "variants" in self.record else None

    def variants_named(self, machine: str) -> tuple[str, ...]:
        """Labels of its builds that only the release notes name."""
        named = self.record.get("variants_named", {})
        return tuple(named.get(machine, ())) if isinstance(named, dict) else tuple(cast("list[str]", named))

    def companions(self, project: str) -> tuple[Version, ...]:
        """Releases of a companion whose metadata names exactly this release, newest first."""
        return tuple(sorted(map(Version, self.record.get(project, ())), reverse=True))

    def admitting(self, project: str) -> tuple[Version, ...]:
        """Releases of a companion that only admit this release, newest first."""
        return tuple(sorted(map(Version, self.record.get(f"{project}_admitting", ())), reverse=True))


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
        )
        for build in builds
    )


def _pythons(texts: list[str]) -> tuple[PythonVersion, ...]:
    """Without the free-threaded ones (`3.13t`), which no base image has."""
    return tuple(_PYTHONS.setdefault(text, PythonVersion.parse(text)) for text in texts if not text.endswith("t"))


_PYTHONS: dict[str, PythonVersion] = {}


def _glibc(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    major, _, minor = text.partition(".")
    return int(major), int(minor)
