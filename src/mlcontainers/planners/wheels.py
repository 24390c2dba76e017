"""Does a release have a wheel that fits machine, Python and glibc?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from mlcontainers.planners.questions import Rejected

if TYPE_CHECKING:
    from mlcontainers.facts import Release, Wheels
    from mlcontainers.planners.questions import Chosen, Question
    from mlcontainers.values.platforms import Platform
    from mlcontainers.values.sources import Sources
    from mlcontainers.values.versions import PythonVersion


def fitting_wheel(question: Question, release: Release, python: PythonVersion) -> Wheels | None:
    """The wheel that an installer takes: of those that fit, the one for the newest glibc."""
    fitting = [
        wheels
        for wheels in release.wheels(question.platform.machine)
        if python in wheels.pythons and _loads(wheels, question.glibc)
    ]
    return max(fitting, key=lambda wheels: wheels.glibc or (0, 0), default=None)


def _loads(wheels: Wheels, glibc: tuple[int, int] | None) -> bool:
    return glibc is None or wheels.glibc is None or wheels.glibc <= glibc


def rejected_wheels(question: Question, release: Release, python: PythonVersion) -> Rejected:
    """Why no wheel of this release fits: the first of machine, Python and glibc that stands against it."""
    machine = question.platform.machine
    name = f"{release.project} {release.version}"
    wheels = release.wheels(machine)
    if not wheels:
        return Rejected(release.project, release.why("*", f"{name} has no wheel for {machine}"), python)
    pythons = sorted({version for one in wheels for version in one.pythons})
    if python not in pythons:
        spoken = ", ".join(map(str, pythons))
        return Rejected(
            release.project, release.why("*", f"{name} has wheels for Python {spoken} on {machine}"), python
        )
    lowest = min(one.glibc or (0, 0) for one in wheels if python in one.pythons)
    claim = f"the wheels of {name} need glibc {lowest[0]}.{lowest[1]}"
    return Rejected(release.project, release.why("*", claim), python)


def in_wheelhouse(sources: Sources, chosen: Chosen, python: PythonVersion, platform: Platform) -> bool:
    """Whether the wheelhouse holds a wheel of exactly this build that the image's Python loads."""
    if not sources.wheelhouse:
        return False
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    tags = {f"cp{python.major}{python.minor}", f"py{python.major}", "py3"}
    for name in sources.wheelhouse:
        try:
            project, version, _, wheel_tags = parse_wheel_filename(name)
        except (InvalidWheelFilename, InvalidVersion):
            continue
        if (project, version) == (chosen.project, chosen.version) and any(
            (tag.interpreter in tags or tag.abi == "abi3") and tag.platform.endswith((platform.machine, "any"))
            for tag in wheel_tags
        ):
            return True
    return False


def local(version: Version, label: str) -> Version:
    """The same release with a local version label: `2.9.1+cu126`."""
    return Version(f"{version.public}+{label}")
