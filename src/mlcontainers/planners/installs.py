"""What do the install steps of an image ask for, and does a lock fit them?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.layers import Apt, Conda, Extension, Framework, Pip, Shell
from mlcontainers.values.locks import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlcontainers.image import Image
    from mlcontainers.layers import Pin
    from mlcontainers.layers.target import Routed
    from mlcontainers.planners.reading import LayerFiles
    from mlcontainers.values.locks import Lock, LockedPackage, LockedPackages
    from mlcontainers.values.platforms import Platform
    from mlcontainers.values.versions import PythonVersion

FROM = " from "
"""Between a package and the index that it comes from."""


class Install(Struct, frozen=True):
    """A step that installs Python packages which no lock of the user's own has chosen."""

    position: int
    """Of its layer in the image."""
    where: str
    """As in `layers[1] (torch)`."""
    pins: tuple[Pin, ...]
    """What frameworks install; the planner has chosen the versions."""
    wanted: tuple[str, ...]
    """All other requirements, by name and from files."""
    limits: tuple[str, ...]
    """What files of constraints say."""
    files: tuple[str, ...]
    """Requirements files, which also hold options."""
    routed: tuple[Routed, ...]
    """What comes from indexes of the user's own."""
    elsewhere: tuple[tuple[str, str], ...]
    """Packages of such indexes that nothing has installed by then, and the index."""
    chosen: tuple[tuple[str, str], ...]
    """What locks of the user's own have installed by then: project and version."""

    @property
    def asked(self) -> tuple[str, ...]:
        """Everything that its packages follow from, as lines that people can read."""
        pins = (pin.requirement + (f"{FROM}{pin.index.url}" if pin.index else "") for pin in self.pins)
        routes = (f"{name}{FROM}{routed.index.url}" for routed in self.routed for name in routed.names)
        return tuple(sorted({*pins, *routes, *self.wanted, *(f"-c {limit}" for limit in self.limits)}))


def installs(
    image: Image,
    order: Sequence[int],
    pins: Sequence[tuple[Pin, ...]],
    routed: Sequence[tuple[Routed, ...]],
    read: Sequence[LayerFiles],
) -> tuple[Install, ...]:
    """The install steps in the order in which they run."""
    return tuple(_installs(image, order, pins, routed, read))


def _installs(
    image: Image,
    order: Sequence[int],
    pins: Sequence[tuple[Pin, ...]],
    routed: Sequence[tuple[Routed, ...]],
    read: Sequence[LayerFiles],
) -> Iterator[Install]:
    elsewhere = {str(name): index.name for index in image.indexes for name in index.packages}
    chosen: dict[str, str] = {}
    for position in order:
        layer, files = image.layers[position], read[position]
        for name in (name for group in routed[position] for name in group.names):
            elsewhere.pop(name, None)
        chosen |= dict(_chosen(files))
        asks = isinstance(layer, Pip) and bool(layer.packages or layer.requirements or layer.pyproject)
        if not (asks or isinstance(layer, Framework)):
            continue
        packages = layer.packages if isinstance(layer, Pip) else ()
        also = (name for pin in pins[position] for name in pin.also)
        requirements = layer.requirements if isinstance(layer, Pip) else None
        yield Install(
            position,
            f"layers[{position}] ({layer.kind})",
            pins[position],
            tuple(sorted({*map(str, packages), *also, *(asked.hashed for asked in files.asked)})),
            tuple(sorted({str(asked.package) for asked in files.constraints})),
            (str(requirements),) if requirements else (),
            tuple(group for group in routed[position] if not group.hashed),
            tuple(sorted(elsewhere.items())),
            tuple(sorted(chosen.items())),
        )


def _chosen(files: LayerFiles) -> Iterator[tuple[str, str]]:
    for asked in files.locked:
        for part in asked.package.requirement.specifier:
            yield asked.package.name, part.version


def locked_packages(
    lock: Lock | None,
    steps: Sequence[Install],
    layers: int,
    platform: Platform,
    python: PythonVersion | None,
) -> tuple[tuple[LockedPackage, ...] | None, ...]:
    """For each layer what the lock has for its step; None where there is no lock of packages.

    Raises ImpossibleError with everything in which the lock is of another image.
    """
    found: list[tuple[LockedPackage, ...] | None] = [None] * layers
    if lock is None or lock.packages is None:
        return tuple(found)
    because = tuple(_differences(lock.packages, steps, str(platform), str(python or "")))
    because = because or tuple(_contradictions(lock.packages, steps))
    if because:
        what = f"the lock of {lock.date} is of another image"
        raise ImpossibleError(Problem("not-locked", "error", "lock", what, because, (AGAIN,)))
    for step, locked in zip(steps, lock.packages.steps, strict=True):
        found[step.position] = locked.packages
    return tuple(found)


def _differences(locked: LockedPackages, steps: Sequence[Install], platform: str, python: str) -> Iterator[str]:
    if locked.platform != platform:
        yield f"it is for {locked.platform}, and the image is for {platform}"
    if locked.python != python:
        yield f"it is for Python {locked.python or 'of the base'}, and the image has {python or 'that of the base'}"
    asked = Counter(line for step in steps for line in step.asked)
    held = Counter(line for step in locked.steps for line in step.asked)
    missing, left = sorted((asked - held).elements()), sorted((held - asked).elements())
    for line in missing:
        instead = next((other for other in left if _project(other) == _project(line)), None)
        if instead is not None:
            left.remove(instead)
        yield f"{line} is asked for, and it has {instead or 'nothing for it'}"
    yield from (f"it has {line}, which nothing asks for" for line in left)
    if not (missing or left) and [step.asked for step in steps] != [step.asked for step in locked.steps]:
        yield "it has the same packages in another order of steps"


def _project(line: str) -> str:
    """What a line is about; itself where it says more than a requirement."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    text = line.partition(FROM)[0].partition(" --hash")[0]
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return line


def _contradictions(locked: LockedPackages, steps: Iterable[Install]) -> Iterator[str]:
    """Pins that are not among the packages: somebody has edited the lock."""
    there: dict[str, LockedPackage] = {}
    for step, held in zip(steps, locked.steps, strict=True):
        there |= {package.name: package for package in held.packages}
        for pin in step.pins:
            package = there.get(pin.project)
            if package is None:
                yield f"{pin} is planned, and it has no file of it"
            elif package.version != str(pin.version):
                yield f"{pin} is planned, and it has {package.name} {package.version}"
            elif package.index != (pin.index.url if pin.index else None):
                yield f"{pin} is planned from another index than that of its file"


def beside_the_lock(
    lock: Lock | None, image: Image, steps: Iterable[Install], locked: Sequence[tuple[LockedPackage, ...] | None]
) -> Iterator[Problem]:
    """What two builds by one lock may have differently, since the day of the build decides it."""
    if lock is None or lock.packages is None:
        return
    for step in steps:
        for package in locked[step.position] or ():
            if not package.is_wheel:
                what = f"{package.name} {package.version} has no wheel that fits, and is built while the image is built"
                because = ("what its build takes is that of the day, so two builds may differ",)
                yield Problem("built-from-source", "info", step.where, what, because)
    for position, layer in enumerate(image.layers):
        if isinstance(layer, Apt | Extension | Shell) or (isinstance(layer, Conda) and not layer.lock):
            what = "what this layer installs is not in the lock: it is that of the day of the build"
            yield Problem("beside-the-lock", "info", f"layers[{position}] ({layer.kind})", what)
