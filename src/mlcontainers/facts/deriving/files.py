"""The files of a project's page, release by release: which Python, machine and glibc each wheel is for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from statistics import median
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.tags import Tag

MACHINES = ("x86_64", "aarch64")
FIRST, LAST = 6, 15
"""The Pythons that records tell about: 3.6 to 3.15."""
_GLIBCS = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
"""PEP 513, PEP 571, PEP 599; later names (PEP 600) say it themselves."""
_PLATFORM = re.compile(r"(manylinux1|manylinux2010|manylinux2014|manylinux_2_([0-9]+))_(.+)").fullmatch
_INTERPRETER = re.compile(r"(cp|py)3([0-9]*)").fullmatch

Pythons = frozenset[int]
"""The second numbers of feature releases: 12 for 3.12."""


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One file on a project's page, as PEP 691 tells of it."""

    name: str
    size: int
    uploaded: str
    """The day, as ISO date."""
    requires_python: str = ""
    yanked: bool = False
    url: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel, and where it can be installed."""

    file: IndexFile
    tags: frozenset[Tag]

    def pythons(self, machine: str) -> Pythons:
        """The Pythons that its tags and the whole Requires-Python admit on this machine."""
        fitting = (_pythons(tag) for tag in self.tags if _on(tag, machine))
        return _admitted(self.file.requires_python) & frozenset().union(*fitting)

    def free_threaded(self, machine: str) -> Pythons:
        """The free-threaded Pythons that it is for."""
        tags = [tag for tag in self.tags if _on(tag, machine) and tag.abi == f"{tag.interpreter}t"]
        named = frozenset(int(match[2]) for tag in tags if (match := _INTERPRETER(tag.interpreter)))
        return _admitted(self.file.requires_python) & named

    def glibc(self, machine: str) -> tuple[int, int] | None:
        """The lowest that its name promises for this machine; None where it names none."""
        found = [glibc for tag in self.tags if _on(tag, machine) and (glibc := _platform(tag.platform)[0])]
        return min(found, default=None)


@dataclass(slots=True)
class ReleaseFiles:
    """The files of one release."""

    version: Version
    files: list[IndexFile] = field(default_factory=list[IndexFile])
    wheels: list[Wheel] = field(default_factory=list[Wheel])
    sdist: bool = False

    def for_machine(self, machine: str) -> list[Wheel]:
        """Its wheels for a machine, on a Python that records tell about."""
        return [wheel for wheel in self.wheels if wheel.pythons(machine) or wheel.free_threaded(machine)]

    def telling(self, machine: str) -> tuple[Wheel, int] | None:
        """The wheel whose metadata speaks for a machine, and the Python that its markers are evaluated for.

        That is the highest Python up to 3.12 that there is a wheel for, else the lowest.
        """
        pairs = [(python, wheel) for wheel in self.for_machine(machine) for python in wheel.pythons(machine)]
        if not pairs:
            return None
        pythons = {python for python, _ in pairs}
        chosen = max((python for python in pythons if python <= 12), default=min(pythons))
        # The newest glibc has what needs one, such as a build for GPUs; of its wheels the first, which asks for least.
        newest = max(wheel.glibc(machine) or (0, 0) for _, wheel in pairs)
        fitting = (wheel for _, wheel in pairs if (wheel.glibc(machine) or (0, 0)) == newest)
        return min(fitting, key=lambda wheel: wheel.file.name), chosen

    def record(self, project: str) -> dict[str, Any]:
        """What the page alone tells of the release."""
        found: dict[str, Any] = {
            "key": f"{project}=={self.version}",
            "package": project,
            "version": str(self.version),
            "released": min(file.uploaded for file in self.files),
            "linux": {machine: told for machine in MACHINES if (told := self._machine(machine))},
            "sources": {"*": "index"},
        }
        if all(file.yanked for file in self.files):
            found["yanked"] = True
        requires_python = next((file.requires_python for file in self.files if file.requires_python), "")
        if requires_python:
            found["requires_python"] = requires_python
        if self.sdist:
            found["sdist"] = True
        return found

    def _machine(self, machine: str) -> dict[str, Any]:
        wheels = self.for_machine(machine)
        pythons = frozenset[int]().union(*(wheel.pythons(machine) for wheel in wheels))
        if not pythons:
            return {}
        free = frozenset[int]().union(*(wheel.free_threaded(machine) for wheel in wheels))
        levels = sorted({glibc for wheel in wheels if (glibc := wheel.glibc(machine))})
        if len(levels) > 1:
            builds = [_build([w for w in wheels if w.glibc(machine) == level], machine, level) for level in levels]
            told: dict[str, Any] = {"builds": builds}
        else:
            told = _build(wheels, machine, levels[0] if levels else None)
        return told | ({"free_threaded": _spelled(free)} if free else {})


def _build(wheels: list[Wheel], machine: str, glibc: tuple[int, int] | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "bytes": int(median(wheel.file.size for wheel in wheels)),
        "pythons": _spelled(frozenset[int]().union(*(wheel.pythons(machine) for wheel in wheels))),
    }
    return told | ({"glibc": f"{glibc[0]}.{glibc[1]}"} if glibc else {"any": True})


def releases(project: str, files: Iterable[IndexFile]) -> dict[Version, ReleaseFiles]:
    """The page's files by release, pre-releases left out; what is no wheel or source distribution counts for nothing.

    The page's own list of versions is not asked: it can lack releases whose files are there.
    """
    found: dict[Version, ReleaseFiles] = {}
    for file, version, tags in _named(files):
        if version.is_prerelease:
            continue
        release = found.setdefault(version, ReleaseFiles(version))
        release.files.append(file)
        if tags:
            release.wheels.append(Wheel(file, tags))
        else:
            release.sdist = True
    return found


def _named(files: Iterable[IndexFile]) -> Iterator[tuple[IndexFile, Version, frozenset[Tag]]]:
    for file in files:
        try:
            if file.name.endswith(".whl"):
                _, version, _, tags = parse_wheel_filename(file.name)
                yield file, version, tags
            elif file.name.endswith((".tar.gz", ".zip")):
                yield file, parse_sdist_filename(file.name)[1], frozenset()
        except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
            continue


def _on(tag: Tag, machine: str) -> bool:
    return _platform(tag.platform)[1] in {machine, "any"}


@cache
def _platform(text: str) -> tuple[tuple[int, int] | None, str]:
    """The glibc and the machine of a platform tag; no machine for other systems."""
    if text == "any":
        return None, "any"
    match = _PLATFORM(text)
    if match is None:
        return None, ""
    return _GLIBCS.get(match[1]) or (2, int(match[2])), match[3]


@cache
def _pythons(tag: Tag) -> Pythons:
    match = _INTERPRETER(tag.interpreter)
    if match is None:
        return frozenset()
    minor = int(match[2] or 0)
    later = frozenset(range(max(minor, FIRST), LAST + 1))
    if match[1] == "py":
        return later if tag.abi == "none" else frozenset()
    if tag.abi in {tag.interpreter, f"{tag.interpreter}m", "none"}:
        return frozenset({minor}) & later
    return later if tag.abi == "abi3" else frozenset()


@cache
def _admitted(requires_python: str) -> Pythons:
    """The Pythons of which some late patch release is admitted."""
    wanted = SpecifierSet(requires_python)
    return frozenset(minor for minor in range(FIRST, LAST + 1) if wanted.contains(f"3.{minor}.25"))


def _spelled(pythons: Pythons) -> list[str]:
    return [f"3.{minor}" for minor in sorted(pythons)]
