"""The catalogue: questions about the world, answered from dated records."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeVar

from packaging.version import InvalidVersion, Version

from mlcontainers.errors import Problem, UnknownFactError
from mlcontainers.facts.evidence import Sourced
from mlcontainers.facts.releases import Release
from mlcontainers.facts.store import load, names
from mlcontainers.facts.tables import CudaImage, PythonImage, PythonRelease, Suite, Tool, Toolkit
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from mlcontainers.facts.store import Record
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.versions import CudaVersion, PythonVersion

S = TypeVar("S", bound=Sourced)


class Catalogue:
    """What this library knows about the world. Files are read when they are first asked for, one project at a time.

    A record that is missing says nothing: an empty answer means that nobody has looked, never that something
    does not exist.
    """

    # --- packages ---

    def projects(self) -> tuple[str, ...]:
        """The Python packages that there are facts about."""
        return names("releases")

    def knows(self, project: str) -> bool:
        """Whether there are facts about a package."""
        return project in names("releases")

    @cache  # noqa: B019  the shipped catalogue lives as long as the process
    def releases(self, project: str) -> tuple[Release, ...]:
        """All releases that are known, the newest first, yanked ones included; none for an unknown project."""
        if not self.knows(project):
            return ()
        found = (Release(record) for record in load("releases", project)[1])
        return tuple(sorted(found, key=lambda release: release.version, reverse=True))

    @cache  # noqa: B019
    def _by_version(self, project: str) -> dict[Version, Release]:
        return {release.version: release for release in self.releases(project)}

    def release(self, project: str, version: Version | str) -> Release | None:
        """One release; `None` where nothing is known of it."""
        try:
            wanted = version if isinstance(version, Version) else Version(version)
        except InvalidVersion:
            return None
        return self._by_version(project).get(wanted)

    # --- CUDA ---

    @cached_property
    def _toolkits(self) -> tuple[Toolkit, ...]:
        return self._table("toolkits", Toolkit)

    def toolkits(self) -> tuple[Toolkit, ...]:
        """CUDA toolkits, the oldest first."""
        return self._toolkits

    def toolkit(self, cuda: CudaVersion) -> Toolkit | None:
        """The toolkit of this version; its newest update where no update is named."""
        fitting = [
            toolkit
            for toolkit in self._toolkits
            if (toolkit.version == cuda if cuda.patch is not None else toolkit.version.release == cuda)
        ]
        return max(fitting, key=lambda toolkit: toolkit.version.patch or 0, default=None)

    def driver_floor(self, cuda: CudaVersion) -> tuple[str | None, Fact | None]:
        """The lowest Linux driver that runs programs built with this CUDA, and the fact that says so.

        NVIDIA's minor-version compatibility: within a major release programs run on the driver of its first one.
        """
        toolkit = self.toolkit(cuda)
        floor = toolkit.driver_minor_compat if toolkit else None
        if toolkit is None or floor is None:
            return None, None
        return floor, toolkit.why("driver_minor_compat_linux", f"programs built with CUDA {cuda} run on driver {floor} or newer")

    @cached_property
    def _cuda_images(self) -> tuple[CudaImage, ...]:
        return self._table("cuda-images", CudaImage)

    def cuda_images(self, cuda: CudaVersion) -> tuple[CudaImage, ...]:
        """The `nvidia/cuda` images in NVIDIA's lists for this CUDA; of all its updates where none is named."""
        return tuple(
            image
            for image in self._cuda_images
            if image.flavours and (image.version == cuda if cuda.patch is not None else image.version.release == cuda)
        )

    # --- Python and distributions ---

    @cached_property
    def _pythons(self) -> tuple[PythonRelease, ...]:
        return self._table("pythons", PythonRelease)

    def pythons(self) -> tuple[PythonRelease, ...]:
        """The feature releases of Python, the oldest first."""
        return self._pythons

    @cached_property
    def _suites(self) -> dict[str, Suite]:
        return {suite.name: suite for suite in self._table("suites", Suite)}

    def suites(self) -> tuple[Suite, ...]:
        """Releases of distributions."""
        return tuple(self._suites.values())

    def suite(self, name: str) -> Suite | None:
        """A distribution's release, as base images name it: `bookworm`, `ubuntu24.04`."""
        return self._suites.get(name)

    @cache  # noqa: B019
    def python_images(self, python: PythonVersion) -> tuple[PythonImage, ...]:
        """Tags of the official `python` image for a feature release."""
        return tuple(image for image in self._table("python-images", PythonImage) if image.record["python"] == str(python))

    @cache  # noqa: B019
    def tool(self, project: str) -> Tool:
        """An installer that is written into images."""
        return next(tool for tool in self._table("tools", Tool) if tool.record["project"] == project)

    # --- everything ---

    @cached_property
    def as_of(self) -> str:
        """The day of the newest facts, as ISO date."""
        return str(load("tables", "tools")[0]["as_of"])

    def tables(self) -> tuple[str, ...]:
        """The tables beside the releases."""
        return names("tables")

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of all records of a project or a table."""
        return tuple(str(record["key"]) for record in self._records(name))

    def record(self, key: str) -> Record:
        """One record as it stands in the data, by its key: `torch==2.9.1`, `cuda 12.8.1`, `python:3.12-slim-bookworm`."""
        project, equals, _ = key.partition("==")
        places = (project,) if equals and self.knows(project) else (*self.tables(), *(() if equals else self.projects()))
        known: list[str] = []
        for place in places:
            for record in self._records(place):
                if record["key"] == key:
                    return record
                known.append(str(record["key"]))
        hints = did_you_mean(key, known) or (f"projects: {', '.join(self.projects())}",)
        raise UnknownFactError(Problem("no-facts", "error", "", f"there is no record {key!r}", (), hints))

    def _records(self, name: str) -> tuple[Record, ...]:
        if self.knows(name):
            return load("releases", name)[1]
        if name in self.tables():
            return load("tables", name)[1]
        known = (*self.projects(), *self.tables())
        hints = did_you_mean(name, known) or (f"one of {', '.join(known)}",)
        raise UnknownFactError(Problem("no-facts", "error", "", f"there are no facts about {name!r}", (), hints))

    def _table(self, name: str, kind: type[S]) -> tuple[S, ...]:
        return tuple(kind(record) for record in load("tables", name)[1])


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue."""
    return Catalogue()
