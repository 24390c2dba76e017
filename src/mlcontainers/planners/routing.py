"""Which package comes from which index? Each from one, so that none can be mistaken for another of its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.errors import Problem
from mlcontainers.layers import Pip
from mlcontainers.layers.target import Index, Routed
from mlcontainers.values.requirements import Asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlcontainers.image import Image
    from mlcontainers.planners.questions import Chosen
    from mlcontainers.planners.reading import LayerFiles
    from mlcontainers.values.requirements import IndexLine
    from mlcontainers.values.versions import PythonVersion
    from mlcontainers.values.wishes import PackageRequirement


def routes(image: Image, read: Sequence[LayerFiles], python: PythonVersion | None) -> tuple[tuple[Routed, ...], ...]:
    """For each layer what it takes from indexes of the user's own, one after the other."""
    return tuple(
        tuple(_routed(image, layer, files, python)) if isinstance(layer, Pip) and image.indexes else ()
        for layer, files in zip(image.layers, read, strict=True)
    )


def _routed(image: Image, layer: Pip, files: LayerFiles, python: PythonVersion | None) -> Iterator[Routed]:
    # The files of a pylock.toml have their addresses in it.
    locked = () if layer.lock_kind == "pylock" else files.locked
    asked = (*(Asked(package, "") for package in layer.packages), *files.asked)
    for index in image.indexes:
        names = set(map(str, index.packages))
        for group, hashed in ((locked, True), (asked, False)):
            wanted = [one for one in group if one.package.name in names and applies(image, one.package, python)]
            if wanted:
                lines = dict.fromkeys(one.hashed if hashed else str(one.package) for one in wanted)
                found = tuple(sorted({one.package.name for one in wanted}))
                credentials = index.credentials.id if index.credentials else None
                yield Routed(Index(index.name, index.url), credentials, found, tuple(sorted(lines)), hashed)


def applies(image: Image, package: PackageRequirement, python: PythonVersion | None) -> bool:
    """Whether its marker, if it has one, holds in the image; it does where that is not known."""
    marker = package.requirement.marker
    if marker is None or python is None:
        return True
    environment = {
        "python_version": str(python), "python_full_version": f"{python}.0", "sys_platform": "linux",
        "platform_system": "Linux", "platform_machine": image.platform.machine, "os_name": "posix",
        "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
    }  # fmt: skip
    return marker.evaluate(environment)


def index_problems(image: Image, read: Iterable[LayerFiles], packages: Iterable[Chosen]) -> Iterator[Problem]:
    """Lines about indexes in requirements files that nothing in the image stands for."""
    own = {index.url.rstrip("/") for index in image.indexes}
    hosts = {_host(package.index.url) for package in packages if package.index}
    for files in read:
        for line in files.indexes:
            if line.url.rstrip("/") not in own and _host(line.url) not in hosts:
                yield _index_problem(line)


def _host(url: str) -> str:
    match = re.match(r"https?://(?:[^/@]*@)?([^/:]+)", url)
    return match[1].lower() if match else ""


def _index_problem(line: IndexLine) -> Problem:
    # A name and a password may stand in it: they are not repeated.
    url = line.url.rpartition("@")[2] if "@" in line.url else line.url
    because = (f"{line.option} holds for every package, and one index could offer what another is asked for",)
    hints = (
        f'say what comes from there: with_index("company", "{url}", packages=["..."])',
        "leave the line out where it names the Python index or a mirror: that is a matter of the machine that builds",
    )
    return Problem("index-line", "error", line.where, f"{url} is no index of this image", because, hints)
