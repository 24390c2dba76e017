"""What will the build fetch, and how large will the image be? From measured wheels, before anything is fetched."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.version import Version

from mlcontainers.facts.tables import WheelSize
from mlcontainers.layers import Framework, Pip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.facts import Catalogue, Release
    from mlcontainers.image import Image
    from mlcontainers.planners.questions import Chosen

BYTECODE = 1.1
"""Bytes of compiled bytecode for each byte of Python source, as `tasks/forecasts.py` measures it."""
COMPRESSED_BYTECODE = 0.35
"""What of it is left in a compressed layer."""
BOUND = 0.15
"""How far the size of a built image was from its forecast at most, in `tasks/forecasts.py`; see docs/planning.md."""
_NEWEST = Version("9999")
CUDA_WHEELS = ("nvidia-", "triton", "cuda-")


class Forecast(Struct, frozen=True):
    """What the build will fetch and what it adds to the base image, as far as the facts tell. All in bytes."""

    download: int
    """The wheels, with all they need."""
    image: int
    """What they and their bytecode add to the image, unpacked."""
    compressed: int
    """The same as layers of a registry."""
    peak_disk: int
    """What the build has on disk at its fullest: the installer's cache, the image, and its layers compressed."""
    layers: int
    """Layers that come on top of the base image's own."""
    unknown: tuple[str, ...] = ()
    """What comes on top, and nobody has measured."""
    bound: float = BOUND
    """How far a built image was from its forecast at most, as a share; without what is unknown."""


def forecast(catalogue: Catalogue, image: Image, packages: tuple[Chosen, ...], layers: int) -> Forecast:
    """The weight of everything that is installed, each package once."""
    total, unknown = _total(catalogue, packages, image.platform.machine, tuple(_named(image)))
    bytecode = int(total.python * BYTECODE)
    compressed = total.download + int(bytecode * COMPRESSED_BYTECODE)
    others = tuple(
        f"layers[{position}] ({layer.kind})"
        for position, layer in enumerate(image.layers)
        if not isinstance(layer, Framework | Pip) or (isinstance(layer, Pip) and layer.requirements is not None)
    )
    peak = 2 * total.unpacked + bytecode + compressed
    return Forecast(total.download, total.unpacked + bytecode, compressed, peak, layers, (*unknown, *others))


@lru_cache(maxsize=1024)
def _total(
    catalogue: Catalogue, packages: tuple[Chosen, ...], machine: str, more: tuple[str, ...]
) -> tuple[WheelSize, tuple[str, ...]]:
    """All wheels together, and the packages that nobody has measured."""
    weights, unknown = weigh(catalogue, packages, machine, more)
    wheels = weights.values()
    download, unpacked = sum(wheel.download for wheel in wheels), sum(wheel.unpacked for wheel in wheels)
    return WheelSize(download, unpacked, sum(wheel.python for wheel in wheels)), unknown


def _named(image: Image) -> Iterator[str]:
    for layer in image.layers:
        if isinstance(layer, Pip):
            yield from (package.name for package in layer.packages)


@lru_cache(maxsize=1024)
def weigh(
    catalogue: Catalogue, packages: tuple[Chosen, ...], machine: str, more: tuple[str, ...] = ()
) -> tuple[dict[str, WheelSize], tuple[str, ...]]:
    """By project what it weighs, everything brought along included; and the packages that nobody has measured."""
    weights: dict[str, WheelSize] = {}
    unknown: list[str] = []
    brought: dict[str, str] = {}
    decided = {package.project for package in packages}
    cuda = any(package.cuda for package in packages)
    for package in packages:
        weight = _own(catalogue, package, machine)
        if weight is None:
            unknown.append(f"{package.project} {package.version}")
        else:
            weights[package.project] = weight
        brought |= _besides(catalogue, decided, machine, _brought(catalogue, package, machine, cuda))
        if package.extras and not any(_measured(catalogue, package, machine, extra) for extra in package.extras):
            unknown.append(f"{package.project}[{','.join(package.extras)}]")
    for name in more:
        if name not in decided and catalogue.wheel_size(name, str(_NEWEST), machine):
            closure = catalogue.closure(name, _NEWEST, machine)
            brought |= {name: "", **_besides(catalogue, decided, machine, dict(closure[1]) if closure else {})}
        elif name not in decided:
            unknown.append(name)
    for name, version in brought.items():
        size = None if name in decided else catalogue.wheel_size(name, version or str(_NEWEST), machine)
        if size is not None:
            weights[name] = size[1]
    return weights, tuple(dict.fromkeys(unknown))


def _own(catalogue: Catalogue, package: Chosen, machine: str) -> WheelSize | None:
    """Of the release itself; unpacked it is to the release that was measured as their files are to each other."""
    release = catalogue.release(package.project, package.version.public)
    if release is None:
        return None
    default = not package.version.local or _is_default(release, package, machine)
    found = catalogue.wheel_size(package.project, package.version.public if default else str(package.version), machine)
    if found is None:
        return None
    measured, weight = found
    if not default:
        # Of such a build no list tells the size of the file: only one of the same series is taken for it.
        same = Version(measured).release[:2] == package.version.release[:2]
        return weight if same else None
    size = package.size or _default_size(release, package, machine)
    if not size or not weight.download:
        return weight
    share = size / weight.download
    return WheelSize(size, int(weight.unpacked * share), int(weight.python * share))


def _is_default(release: Release, package: Chosen, machine: str) -> bool:
    """Whether the wheel of the framework's own index is the one that the Python index has too."""
    cudas = {wheels.cuda for wheels in release.wheels(machine)}
    return cudas == {package.cuda}


def _default_size(release: Release, package: Chosen, machine: str) -> int | None:
    return next((wheels.size for wheels in release.wheels(machine) if wheels.cuda == package.cuda), None)


def _besides(catalogue: Catalogue, decided: set[str], machine: str, brought: dict[str, str]) -> dict[str, str]:
    """What comes along, without the libraries of CUDA where a framework that was decided brings its own."""
    closures = (catalogue.closure(name, _NEWEST, machine) for name in decided & brought.keys())
    theirs = any(name.startswith(CUDA_WHEELS) for closure in closures if closure for name, _ in closure[1])
    return {name: text for name, text in brought.items() if not (theirs and text)}


def _measured(catalogue: Catalogue, package: Chosen, machine: str, extra: str) -> bool:
    return catalogue.closure(package.project, package.version, machine, extra=extra) is not None


def _brought(catalogue: Catalogue, package: Chosen, machine: str, cuda: bool) -> dict[str, str]:
    """What comes along; a build for the CPU comes without the libraries of CUDA."""
    for extra in (*package.extras, ""):
        closure = catalogue.closure(package.project, package.version, machine, extra=extra)
        if closure is not None:
            return {name: text for name, text in closure[1] if cuda or not name.startswith(CUDA_WHEELS)}
    return {}
