"""The catalogue: questions about the world, answered from dated records."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import date
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from packaging.version import InvalidVersion, Version

from mlcontainers.errors import InvalidValueError, Problem, UnknownFactError
from mlcontainers.facts.evidence import Origin, Sourced, Sources
from mlcontainers.facts.known import Known
from mlcontainers.facts.releases import Release
from mlcontainers.facts.store import Store
from mlcontainers.facts.tables import (
    Build,
    Capability,
    Closures,
    Compiled,
    CudaImage,
    CudnnWheel,
    Gpu,
    NumpyEpoch,
    OwnImage,
    PackageSet,
    PythonImage,
    PythonRelease,
    Suite,
    SystemLibraries,
    Tool,
    Toolkit,
    Undeclared,
    Uninstallable,
    WheelSize,
    WheelSizes,
)
from mlcontainers.values.text import did_you_mean
from mlcontainers.values.versions import CudaVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packaging.specifiers import SpecifierSet

    from mlcontainers.facts.evidence import Source
    from mlcontainers.facts.store import Kind, Record
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.versions import PythonVersion

S = TypeVar("S", bound=Sourced)
_MAKERS = frozenset(("nvidia", "geforce", "tesla", "sxm", "sxm4", "sxm5", "pcie", "nvl"))


class Catalogue:
    """What this library knows about the world. Files are read when they are first asked for, one project at a time.

    A record that is missing says nothing: an empty answer means that nobody has looked, never that something
    does not exist. Questions that can be answered with no return `Known`.
    """

    def __init__(self, store: Store | None = None, *, as_of: str = "") -> None:
        self._store = store or Store()
        self._as_of = as_of
        self._sources = Sources(self._store)
        self._releases: dict[str, dict[Version, Release]] = {}
        self._tables: dict[str, tuple[Sourced, ...]] = {}

    # --- packages ---

    def projects(self) -> tuple[str, ...]:
        """The Python packages that there are facts about."""
        return self._store.names("releases")

    def knows(self, project: str) -> bool:
        """Whether there are facts about a package."""
        return project in self.projects()

    def releases(self, project: str) -> tuple[Release, ...]:
        """All releases that are known, the newest first, yanked ones included; none for an unknown project."""
        return tuple(self._by_version(project).values())

    def admitted(
        self, project: str, specifier: SpecifierSet | str = "", *, yanked: bool = False, prereleases: bool = False
    ) -> tuple[Release, ...]:
        """The releases that a specifier admits, the newest first; each further clause leaves fewer.

        Yanked releases are left out unless asked for: installers take them only where one is named exactly.
        """
        from packaging.specifiers import SpecifierSet  # it loads logging and more, and few questions need it

        wanted = SpecifierSet(specifier) if isinstance(specifier, str) else specifier
        return tuple(
            release
            for release in self.releases(project)
            if (yanked or not release.yanked) and wanted.contains(release.version, prereleases=prereleases)
        )

    def release(self, project: str, version: Version | str) -> Release | None:
        """One release; `None` where nothing is known of it."""
        try:
            wanted = version if isinstance(version, Version) else Version(version)
        except InvalidVersion:
            return None
        return self._by_version(project).get(wanted)

    def exists(self, project: str, version: Version | str) -> Known:
        """Whether a release exists. No only below the newest one of a complete list, pre-releases aside."""
        if self.release(project, version) is not None:
            return Known.YES
        releases = self.releases(project)
        if not releases or not self._store.header("releases", project).get("complete"):
            return Known.UNKNOWN
        wanted = Version(str(version))
        listed = wanted <= releases[0].version and not wanted.is_prerelease
        return Known.NO if listed else Known.UNKNOWN

    def _by_version(self, project: str) -> dict[Version, Release]:
        known = self._releases.get(project)
        if known is None:
            found = self._read("releases", project, Release) if self.knows(project) else ()
            ordered = sorted(found, key=lambda release: release.version, reverse=True)
            known = self._releases[project] = {release.version: release for release in ordered}
        return known

    # --- CUDA ---

    def toolkits(self) -> tuple[Toolkit, ...]:
        """CUDA toolkits, the oldest first."""
        return self._table("toolkits", Toolkit)

    def toolkit(self, cuda: CudaVersion) -> Toolkit | None:
        """The toolkit of this version; its newest update where no update is named."""
        fitting = (toolkit for toolkit in self.toolkits() if _same(toolkit.version, cuda))
        return max(fitting, key=lambda toolkit: toolkit.version.patch or 0, default=None)

    def driver_floor(self, cuda: CudaVersion) -> tuple[str | None, Fact | None]:
        """The lowest Linux driver that runs programs built with this CUDA, and the fact that says so.

        NVIDIA's minor-version compatibility: within a major release programs run on the driver of its first one.
        """
        toolkit = self.toolkit(cuda)
        floor = toolkit.driver_minor_compat if toolkit else None
        if toolkit is None or floor is None:
            return None, None
        claim = f"programs built with CUDA {cuda} run on driver {floor} or newer"
        return floor, toolkit.why("driver_minor_compat_linux", claim)

    def cuda_images(self, cuda: CudaVersion) -> tuple[CudaImage, ...]:
        """The `nvidia/cuda` images in NVIDIA's lists for this CUDA; of all its updates where none is named."""
        images = self._table("cuda-images", CudaImage)
        return tuple(image for image in images if image.flavours and _same(image.version, cuda))

    def has_cuda_image(self, tag: str) -> Known:
        """Whether `nvidia/cuda` has a tag, such as `12.8.1-cudnn-runtime-ubuntu24.04`.

        Yes for what NVIDIA listed as supported. Unknown for what it has ended (such tags are deleted some day), what
        was only seen in use, and what may have come after the lists were read. No for a gap in the lists.
        """
        cuda, _, rest = tag.partition("-")
        flavour, _, os = rest.rpartition("-")
        images = self._table("cuda-images", CudaImage)
        listed = tuple(image for image in images if image.flavours)
        for image in images:
            if (image.cuda, image.os) == (cuda, os) and flavour in (*image.flavours, *image.seen):
                return Known.of(True if image.state == "supported" else None)
        try:
            wanted = CudaVersion.parse(cuda)
        except ValueError:
            return Known.UNKNOWN
        versions = [image.version for image in listed]
        within = wanted.patch is not None and min(versions) <= wanted < max(versions)
        return Known.of(False if within and any(image.os == os for image in listed) else None)

    def build(self, torch: Release, label: str, machine: str) -> Build | None:
        """What one build of a torch release (`cu126`) was compiled for; `None` where nobody has looked."""
        if torch.project != "torch":
            return None
        major, minor, *_ = torch.version.release
        return self._find("torch-capabilities", Build, f"torch {major}.{minor} {label} {machine} capabilities")

    def capabilities(self, torch: Release, label: str, machine: str = "x86_64") -> tuple[str, ...] | None:
        """The compute capabilities in one build of a torch release; `None` where nobody has looked."""
        build = self.build(torch, label, machine)
        return build.capabilities if build else None

    def runs_on(self, torch: Release, label: str, machine: str, capability: str) -> Known:
        """Whether a GPU of this compute capability can run one build of a torch release."""
        build = self.build(torch, label, machine)
        return build.runs_on(capability) if build else Known.UNKNOWN

    def gpus(self) -> tuple[Gpu, ...]:
        """GPU models by name."""
        return self._table("gpus", Gpu)

    def gpu(self, name: str) -> Gpu | None:
        """A model by its name, in any case of letters and with or without its maker; `None` for an unknown one."""
        wanted = _model(name)
        return next((gpu for gpu in self.gpus() if _model(gpu.name) == wanted), None)

    def dropped(self, capability: str, cuda: CudaVersion) -> Capability | None:
        """The record that says so, where this CUDA does not compile for a compute capability any more."""
        known = self.capability(capability)
        return known if known and known.last_cuda and known.last_cuda < cuda.release else None

    def capability(self, name: str) -> Capability | None:
        """A compute capability, and which CUDA compiles for it; `None` where nothing is known of it."""
        return self._find("capabilities", Capability, f"capability {name}")

    def cudnn_wheels(self, major: int) -> tuple[str, ...]:
        """The versions of cuDNN on the index for a CUDA major."""
        wheels = self._table("cudnn-wheels", CudnnWheel)
        return tuple(str(wheel.record["cudnn"]) for wheel in wheels if wheel.record["cuda_major"] == str(major))

    # --- what no metadata says ---

    def numpy_epoch(self, release: Release) -> NumpyEpoch | None:
        """The record that says so, where a release was built before NumPy 2 and its metadata does not tell."""
        epochs = self._table("numpy-epochs", NumpyEpoch)
        return next((one for one in epochs if one.project == release.project and release.version < one.first), None)

    def undeclared(self, release: Release) -> Undeclared | None:
        """The record that says so, where a release imports what its metadata does not name."""
        row = self._find("undeclared", Undeclared, f"undeclared {release.project}")
        return row if row is not None and release.version < row.first else None

    def uninstallable(
        self, release: Release, *, extra: str = "", python: PythonVersion | None = None
    ) -> Uninstallable | None:
        """The record that says so, where a release or an extra of it cannot be installed from the index."""
        asked = extra, release.project, str(release.version)
        for row in self._table("uninstallable", Uninstallable):
            about = row.record.get("extra", ""), row.record["project"], row.record["version"]
            if about == asked and row.record.get("python", str(python)) == str(python):
                return row
        return None

    def compiled(self, project: str) -> Compiled | None:
        """The record that says so, where a project is published as source only; `None` where nobody knows."""
        return self._find("compiled", Compiled, f"compiled {project}")

    def system_libraries(self, project: str) -> SystemLibraries | None:
        """The record that says so, where a project's wheels need system packages; `None` where nobody knows of any."""
        return self._find("system-libraries", SystemLibraries, f"system {project}")

    # --- sizes ---

    def closure(
        self, project: str, version: Version, machine: str, *, extra: str = ""
    ) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        """What an installation brings: the release that was measured, and packages with versions of heavy ones.

        Of the nearest series of releases that is not newer, else of the oldest; `None` where none was measured.
        """
        named = f"{project}[{extra}]" if extra else project
        row = next((row for row in self._closures if row.record["key"] == f"closures {named}"), None)
        series = row.series(machine) if row else ()
        if not series:
            return None
        _, measured, sets = next((one for one in series if one[0] <= version), series[-1])
        brought = (pair for name in sets for pair in self._sets[name].brings)
        return measured, tuple(brought)

    @cached_property
    def _closures(self) -> tuple[Closures, ...]:
        rows = self._table("closures", Sourced)
        return tuple(Closures(row.record, row.origin) for row in rows if "series" in row.record)

    @cached_property
    def _sets(self) -> dict[str, PackageSet]:
        rows = (row for row in self._table("closures", Sourced) if "brings" in row.record)
        return {str(row.record["key"]).removeprefix("set "): PackageSet(row.record, row.origin) for row in rows}

    def wheel_size(self, project: str, version: str, machine: str) -> tuple[str, WheelSize] | None:
        """What a wheel weighs: the version that was measured, empty for light wheels, and its bytes.

        Measured on the nearest version of a heavy package, or on the newest of a light one.
        """
        row = self._sizes.get(f"sizes {project}")
        return row.of(version, machine) if row else None

    @cached_property
    def _sizes(self) -> dict[str, WheelSizes]:
        return {str(row.record["key"]): row for row in self._table("wheel-sizes", WheelSizes)}

    # --- Python and distributions ---

    def pythons(self) -> tuple[PythonRelease, ...]:
        """The feature releases of Python, the oldest first."""
        return self._table("pythons", PythonRelease)

    def python(self, version: PythonVersion) -> PythonRelease | None:
        """One feature release of Python; `None` where nothing is known of it."""
        return self._find("pythons", PythonRelease, f"python {version}")

    def suites(self) -> tuple[Suite, ...]:
        """Releases of distributions."""
        return self._table("suites", Suite)

    def own_image(self, reference: str) -> OwnImage | None:
        """What the user says of an image of their own, by its whole reference."""
        if "own-images" not in self.tables():
            return None
        return self._find("own-images", OwnImage, f"image {reference}")

    def suite(self, name: str) -> Suite | None:
        """A distribution's release, as base images name it: `bookworm`, `ubuntu24.04`."""
        return next((suite for suite in self.suites() if suite.name == name), None)

    def python_images(self, python: PythonVersion) -> tuple[PythonImage, ...]:
        """Tags of the official `python` image for a feature release."""
        images = self._table("python-images", PythonImage)
        return tuple(image for image in images if image.record["python"] == str(python))

    def python_image(self, tag: str) -> PythonImage | None:
        """One tag of the official `python` image; `None` where it was never in the official manifest."""
        return self._find("python-images", PythonImage, f"python:{tag}")

    def tool(self, project: str) -> Tool:
        """An installer that is written into images: `uv` or `pip`."""
        tools = self._table("tools", Tool)
        for tool in tools:
            if tool.record["project"] == project:
                return tool
        raise _no_facts(f"there are no facts about {project!r}", project, [tool.record["project"] for tool in tools])

    # --- everything ---

    @property
    def as_of(self) -> str:
        """The day of the facts, as ISO date."""
        return self._as_of or str(self._store.header("tables", "sources")["as_of"])

    def sources(self) -> tuple[Source, ...]:
        """Where facts were read."""
        return tuple(self._sources.named(str(record["key"])) for record in self._store.records("tables", "sources"))

    def tables(self) -> tuple[str, ...]:
        """The tables beside the releases."""
        return self._store.names("tables")

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of all records of a project or a table."""
        return tuple(str(record["key"]) for record in self._records(name))

    def record(self, key: str) -> Record:
        """A copy of one record, by its key: `torch==2.9.1`, `cuda 12.8.1`, `python:3.12-slim-bookworm`."""
        project = key.partition("==")[0]
        places = (project,) if self.knows(project) else self.tables() if project == key else ()
        for place in places:
            for record in self._records(place):
                if record["key"] == key:
                    return deepcopy(record)
        raise _no_facts(f"there is no record {key!r}", *self._meant(key), self.projects())

    def _meant(self, key: str) -> tuple[str, Sequence[str]]:
        """A wrong key as it may have been meant, and the keys that it may have been meant for."""
        from difflib import get_close_matches  # only a mistake needs it

        project, _, version = key.replace("==", " ").partition(" ")
        close = get_close_matches(project, self.projects(), n=1) if "==" in key or self.knows(project) else ()
        if close:
            return f"{close[0]}=={version}", self.keys(close[0])
        return key, [other for table in self.tables() for other in self.keys(table)]

    def _records(self, name: str) -> tuple[Record, ...]:
        kind: Kind
        for kind in ("releases", "tables"):
            if name in self._store.names(kind):
                return self._store.records(kind, name)
        known = (*self.projects(), *self.tables())
        raise _no_facts(f"there are no facts about {name!r}", name, known)

    def _table(self, name: str, kind: type[S]) -> tuple[S, ...]:
        if name not in self._tables:
            self._tables[name] = self._read("tables", name, kind)
        return cast("tuple[S, ...]", self._tables[name])  # each table is only ever asked for as one kind

    def _find(self, name: str, kind: type[S], key: str) -> S | None:
        return next((row for row in self._table(name, kind) if row.record["key"] == key), None)

    def _read(self, folder: Kind, name: str, kind: type[S]) -> tuple[S, ...]:
        origin = Origin(self._store.header(folder, name), self._sources)
        records = self._store.records(folder, name)
        if self._as_of:
            records = tuple(_then(record, self._as_of) for record in records if not _is_later(record, self._as_of))
        return tuple(kind(record, origin) for record in records)


def _is_later(record: Record, day: str) -> bool:
    """Whether it is about something that did not exist on that day."""
    return any(str(record.get(field, "")) > day for field in ("released", "first_listed"))


def _then(record: Record, day: str) -> Record:
    """The record as it would have been told on that day: what was still listed then was still rebuilt."""
    if str(record.get("last_listed", "")) < day:
        return record
    return {key: True if key.startswith("built_") else value for key, value in record.items()}


def _model(name: str) -> str:
    """`NVIDIA GeForce RTX 4090` and `rtx4090` are one model; so are `Tesla T4` and `t4`."""
    words = re.findall("[a-z0-9]+", name.lower())
    return "".join(word for word in words if word not in _MAKERS)


def _same(known: CudaVersion, wanted: CudaVersion) -> bool:
    """Whether a toolkit is the one that is meant: `12.8` means any of its updates."""
    return known == wanted if wanted.patch is not None else known.release == wanted


def _no_facts(what: str, wrong: str, close: Sequence[str], known: Sequence[str] = ()) -> UnknownFactError:
    hints = did_you_mean(wrong, close) or (f"one of {', '.join(known or close)}",)
    return UnknownFactError(Problem("no-facts", "error", "", what, (), hints))


@cache
def catalogue(as_of: str = "", *, overlay: Path | None = None, own: str = "") -> Catalogue:
    """The catalogue: what is shipped; with `overlay` a folder that `facts refresh` wrote wins over it.

    `as_of` is a day, as in `2026-06-30`: what appeared later is left out, so that an older plan comes out again.
    `own` is a TOML text with facts of your own, in the form of `docs/facts.md`. Raises InvalidValueError for both.
    """
    if as_of:
        try:
            date.fromisoformat(as_of)
        except ValueError:
            what = f"{as_of!r} is no day"
            raise InvalidValueError(Problem("bad-day", "error", "", what, (), ("as in 2026-06-30",))) from None
    records = None
    if own:
        from mlcontainers.facts.overrides import own_records  # few have facts of their own

        records = own_records(own)
    return Catalogue(Store.with_overlay(overlay, records), as_of=as_of)
