"""Is a package published as source only, so that no installer of a slim image can have it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from mlcontainers.errors import Problem
from mlcontainers.layers import Apt, Extension, Other
from mlcontainers.layers.bases import ReferenceBase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.specifiers import SpecifierSet

    from mlcontainers.facts import Catalogue, Compiled
    from mlcontainers.image import Image
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.sources import Sources
    from mlcontainers.values.wishes import PackageRequirement

_COMPILERS = frozenset(("build-essential", "g++", "gcc", "clang"))


def source_only(catalogue: Catalogue, project: str, specifier: SpecifierSet | None, where: str) -> Problem | None:
    """What stands against installing it; a warning where only releases are wanted that nobody has looked at."""
    row = catalogue.compiled(project)
    if row is None:
        return None
    what = f"{project} has no wheel for Linux: it is compiled{f', against {row.against}' if row.against else ''}"
    because = [str(source_of(row))]
    if row.elsewhere:
        because.append(f"its authors have wheels at {row.elsewhere}, each for one {row.against}, CUDA and Python")
    newer = specifier is not None and (_lowest(specifier) or row.tried) > row.tried
    hints = [f'add_extension("{project}") compiles it in a stage of its own']
    if newer:
        hints.append('or say that there are wheels now: with_assumption("source-only", "where and when it was seen")')
    return Problem("source-only", "warning" if newer else "error", where, what, tuple(because), tuple(hints))


def source_of(row: Compiled) -> Fact:
    """The fact that there is source only."""
    return row.why("tried", f"no release of {row.project} up to {row.tried} has a wheel for Linux")


def source_only_frameworks(catalogue: Catalogue, image: Image) -> Iterator[Problem]:
    """Those that are added as frameworks: there are facts on how they are compiled, and none on their wheels."""
    for position, layer in enumerate(image.layers):
        if isinstance(layer, Other):
            problem = source_only(catalogue, layer.name, None, f"layers[{position}] (framework)")
            if problem is not None:
                yield problem


def source_only_package(
    catalogue: Catalogue, image: Image, sources: Sources, package: PackageRequirement, where: str
) -> Iterator[Problem]:
    """One that is asked for by name or by a file.

    Not one that an index of the user's own or a wheelhouse has, or an extension; and where a compiler is at hand, not
    one that needs nothing else.
    """
    row = catalogue.compiled(package.name)
    if row is None or package.name in _had(image, sources) or not (row.against or not _has_compiler(image)):
        return
    problem = source_only(catalogue, package.name, package.requirement.specifier, where)
    if problem is not None:
        yield problem


def _has_compiler(image: Image) -> bool:
    """Whether there may be one: nobody knows what is in a base of the user's own."""
    named = {name.partition("=")[0] for layer in image.layers if isinstance(layer, Apt) for name in layer.packages}
    return isinstance(image.base, ReferenceBase) or not _COMPILERS.isdisjoint(named)


def _had(image: Image, sources: Sources) -> set[str]:
    elsewhere = {str(name) for index in image.indexes for name in index.packages}
    compiled = {str(layer.package) for layer in image.layers if isinstance(layer, Extension)}
    return elsewhere | compiled | _in_wheelhouse(sources)


def _in_wheelhouse(sources: Sources) -> set[str]:
    if not sources.wheelhouse:
        return set()
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    found: set[str] = set()
    for wheel in sources.wheelhouse:
        try:
            found.add(parse_wheel_filename(wheel)[0])
        except InvalidWheelFilename:
            continue
    return found


def _lowest(specifier: SpecifierSet) -> Version | None:
    """The lowest version that is admitted, as far as the text tells."""
    bounds = [
        Version(part.version.removesuffix(".*")) for part in specifier if part.operator in {"==", ">=", ">", "~="}
    ]
    return max(bounds, default=None)
