"""A local folder of wheels that builds may take packages from."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from mlcontainers.engines.fingerprints import digest_of
from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.planners import Plan


def wheel_names(folder: str | Path) -> tuple[str, ...]:
    """The file names of the wheels in a folder, sorted; raises InvalidValueError where there are none."""
    path = Path(folder)
    names = tuple(sorted(file.name for file in path.glob("*.whl"))) if path.is_dir() else ()
    if not names:
        what = (
            f"the wheelhouse {str(folder)!r} is no folder"
            if not path.is_dir()
            else f"there is no wheel in {str(folder)!r}"
        )
        hint = "fill it: pip download --only-binary=:all: --dest FOLDER PACKAGE"
        raise InvalidValueError(Problem("no-wheelhouse", "error", "wheelhouse", what, (), (hint,)))
    return names


def wheels_taken(plan: Plan, folder: Path) -> dict[str, str]:
    """By file name the content of each wheel that a build of this plan may take from the folder.

    Where everything comes from there, that is each of them; else those of decided packages.
    """
    wheels = sorted(folder.glob("*.whl")) if plan.sources.offline else decided_wheels(plan, folder)
    return {wheel.name: _content(wheel) for wheel in wheels}


def decided_wheels(plan: Plan, folder: Path) -> Iterator[Path]:
    """The wheels that the plan takes from the folder by name; one with a name that says nothing is passed over."""
    local = {(pin.project, pin.version) for pin in plan.pins if pin.local}
    for wheel in sorted(folder.glob("*.whl")):
        with suppress(InvalidWheelFilename, InvalidVersion):
            if parse_wheel_filename(wheel.name)[:2] in local:
                yield wheel


def _content(wheel: Path) -> str:
    """What is in a wheel, from the lists that it carries: to read all of it would take as long as to unpack it."""
    import zipfile

    try:
        with zipfile.ZipFile(wheel) as archive:
            members = archive.infolist()
            told = [f"{one.filename} {one.file_size} {one.CRC} {one.external_attr}" for one in members]
            lists = [archive.read(one) for one in members if one.filename.endswith(".dist-info/RECORD")]
    except zipfile.BadZipFile:
        return f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"
    return digest_of(*told, *(text.decode("utf-8", "surrogateescape") for text in lists))
