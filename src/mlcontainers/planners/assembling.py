"""From decisions to a Dockerfile: which stage, which instruction, in which order."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.dockerfile import (
    Blank,
    Cmd,
    Comment,
    Copy,
    Dockerfile,
    Entrypoint,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Run,
    User,
    Word,
    Workdir,
)
from mlcontainers.dockerfile import Healthcheck as HealthcheckInstruction
from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.layers import Apt, Conda, Extension, Framework, Pip, Shell, Volatility
from mlcontainers.layers.apt import cleared
from mlcontainers.layers.conda import CONDA_PYTHON, MICROMAMBA, micromamba_stage
from mlcontainers.layers.extension import TOOLKIT, pip_stage
from mlcontainers.layers.installing import CONSTRAINTS, HashedTool, installer_mount, installer_stage, scratch_mounts
from mlcontainers.layers.runtime import compared, compared_within, threads
from mlcontainers.planners.bases import OWN_PYTHON
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.locks import AGAIN
from mlcontainers.values.names import OCI_PREFIX
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mlcontainers.image import Image
    from mlcontainers.layers import AnyLayer, Compiling, Layer, Pin, Target
    from mlcontainers.layers.installers import Installer
    from mlcontainers.layers.programs import Serve
    from mlcontainers.layers.target import Reading, Routed
    from mlcontainers.planners.bases import Base
    from mlcontainers.planners.system_libraries import SystemNeeds
    from mlcontainers.values.durations import Duration
    from mlcontainers.values.locks import Lock, LockedPackage

HOME = "/home/app"
"""The home of whoever runs the container: any user may write here, as in `/tmp`."""
DEFAULT_USER = "1000:1000"
DEFAULT_WORKDIR = "/app"
_HOME_FOR_ANY = (
    Comment("Any user may write to the home and its caches, as to /tmp: clusters choose the user themselves."),
    Run.shell(f"install -d -m 1777 {HOME} {HOME}/.cache"),
)
_INSTALLER_FALLBACK = "python:3.13-slim-bookworm"

_INIT = ("dumb-init", "--")

Item = tuple[Instruction | Comment | Blank, str | None]


class Decided(Struct, frozen=True):
    """All that the Dockerfile is made from."""

    image: Image
    base: Base
    target: Target
    order: tuple[int, ...]
    """Positions of the layers as they are written."""
    pins: tuple[tuple[Pin, ...], ...]
    """For each layer what it installs."""
    readings: tuple[Reading, ...]
    """For each layer what its files say."""
    routed: tuple[tuple[Routed, ...], ...]
    """For each layer what it takes from indexes of the user's own."""
    compiling: tuple[Compiling | None, ...]
    """For each layer how it is compiled."""
    tools: tuple[HashedTool, ...]
    """The installer, and the init where the image has one."""
    builder: HashedTool | None
    """pip, where something is compiled and another program installs."""
    header: str
    system: SystemNeeds
    """System packages that the Python packages need."""
    lock: Lock | None
    """The digests of base images."""
    locked: tuple[tuple[LockedPackage, ...] | None, ...]
    """For each layer what the lock has for its step."""


def assemble(decided: Decided) -> tuple[Dockerfile, tuple[str | None, ...]]:
    """The Dockerfile, and for each of its instructions the layer that wrote it."""
    items = tuple(_items(decided))
    dockerfile = Dockerfile.of(*(item for item, _ in items))
    return dockerfile, tuple(origin for item, origin in items if isinstance(item, Instruction))


def _items(decided: Decided) -> Iterator[Item]:
    yield Comment(decided.header), None
    yield Blank(), None
    if decided.tools:
        base, target = _installer_base(decided.base), decided.target
        base = _named(base, decided.lock)
        for item in installer_stage(base, target.installer, decided.tools, target.sources):
            yield item, "installer"
        yield Blank(), None
    if any(isinstance(layer, Conda) for layer in decided.image.layers):
        yield from ((item, "micromamba") for item in micromamba_stage(_named(MICROMAMBA, decided.lock)))
        yield Blank(), None
    yield from _builder(decided)
    stops = _stops(decided)
    yield From(str(_named(decided.base.reference, decided.lock)), name=next(stops, None)), "base"
    yield _environment(decided), "environment"
    yield from ((item, "user") for item in _HOME_FOR_ANY)
    yield from _distribution_python(decided)
    if any(isinstance(layer, Framework) for layer in decided.image.layers):
        yield from ((item, "threads") for item in threads(decided.target.interpreter))
    if decided.system.packages:
        yield Blank(), None
        yield from ((Comment(why), None) for why in decided.system.comments)
        needed = Apt(packages=decided.system.packages)
        yield from ((item, "system packages") for item in _lowered(needed, decided.target))
    yield from _layers(decided, stops)
    yield Blank(), None
    yield from _runtime(decided)


def _builder(decided: Decided) -> Iterator[Item]:
    """What compiles extensions, and is in no layer of the image: pip, and nvcc where it comes from an image."""
    if decided.builder:
        base = _named(_installer_base(decided.base), decided.lock)
        yield from ((item, "builder") for item in pip_stage(base, decided.builder, decided.target.sources))
        yield Blank(), None
    toolkits = {one.toolkit.image for one in decided.compiling if one and one.toolkit and one.toolkit.image}
    for image in sorted(toolkits, key=str):
        yield Comment("nvcc and what it needs are mounted from here while extensions are compiled."), None
        yield From(str(_named(image, decided.lock)), name=TOOLKIT), "builder"
        yield Blank(), None


def _stops(decided: Decided) -> Iterator[str]:
    """Names for the stages that extensions are compiled on top of: all that is in the image by then."""
    before: Layer | None = None
    for position in decided.order:
        layer = decided.image.layers[position]
        if isinstance(layer, Extension) and not isinstance(before, Extension):
            yield f"before-{layer.package}"
        before = layer


def _named(reference: ImageReference, lock: Lock | None) -> ImageReference:
    """As the Dockerfile names a base image: by its digest where there is a lock, which has to know it."""
    if lock is None:
        return reference
    known = lock.of_base(reference)
    if known is None:
        what = f"the lock of {lock.date} has no digest for {reference}"
        raise ImpossibleError(Problem("not-locked", "error", "base", what, (), (AGAIN,)))
    return known


def _installer_base(base: Base) -> ImageReference:
    return base.reference if base.reference.name == "python" else ImageReference.parse(_INSTALLER_FALLBACK)


_CACHES = {
    "MPLCONFIGDIR": "/tmp/matplotlib", "NUMBA_CACHE_DIR": "/tmp/numba", "TRITON_CACHE_DIR": "/tmp/triton",
}  # fmt: skip
"""Compiled code and the like, small and made again at will: /tmp is what a read-only container has to write to."""


def _environment(decided: Decided) -> Env:
    """What holds for every image of ours. The user's own values win over these."""
    # A user that no file of the image knows still has a name for those who ask: torch's compiler cache does.
    ours = {"HOME": HOME, "PYTHONUNBUFFERED": "1", "USER": "app", "XDG_CACHE_HOME": f"{HOME}/.cache"}
    if isinstance(decided.target.accelerator, Cuda):
        # Said aloud, since slim bases do not say it: without them a container sees no GPU.
        ours |= {"NVIDIA_DRIVER_CAPABILITIES": "compute,utility", "NVIDIA_VISIBLE_DEVICES": "all"}
    if decided.base.interpreter == CONDA_PYTHON or any(isinstance(one, Framework) for one in decided.image.layers):
        ours |= _CACHES
    asked = dict(decided.image.env)
    pairs: list[tuple[str, str | Word]] = [(key, ours[key]) for key in sorted(ours) if key not in asked]
    if decided.base.distribution_python:
        pairs.append(("PATH", Word.template(f"{OWN_PYTHON.rpartition('/')[0]}:$PATH")))
    return _variables(tuple(pairs))


@lru_cache(maxsize=1024)
def _variables(pairs: tuple[tuple[str, str | Word], ...]) -> Env:
    """Most images have most of theirs in common."""
    return Env(pairs)


def _distribution_python(decided: Decided) -> Iterator[Item]:
    """On bases whose Python belongs to the distribution: an environment of our own (PEP 668)."""
    if not decided.base.distribution_python:
        return
    installer = decided.target.installer
    yield Comment("hadolint ignore=DL3008"), "base"
    yield (
        Run.shell(
            "apt-get update",
            "&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends",
            "ca-certificates",
            "python3",
            cleared(decided.target.reproducible),
            f"&& {_environment_maker(installer)} {OWN_PYTHON.removesuffix('/bin/python3')}",
            mounts=(installer_mount(installer), *scratch_mounts(installer)) if installer.program == "uv" else (),
        ),
        "base",
    )


def _environment_maker(installer: Installer) -> str:
    if installer.program == "uv":
        return f"{installer.home}/bin/uv venv --no-cache --python=/usr/bin/python3"
    return "/usr/bin/python3 -m venv --without-pip"


class _Setting(Struct, frozen=True, eq=False):
    """Instructions that stand once among the layers: right before the first layer that they matter to."""

    items: tuple[Item, ...]
    due: Callable[[Layer, bool], bool]
    """Whether they matter to this layer; told also whether a framework has been installed by then."""


def _settings(decided: Decided) -> Iterator[_Setting]:
    image = decided.image
    if any(isinstance(layer, Framework | Extension) for layer in image.layers) or any(decided.routed):
        yield _Setting(((_seal(image), "seal"),), lambda layer, sealed: sealed and not isinstance(layer, Framework))
    if image.env:
        # Frameworks are wheels and system packages are packages: no variable of the user's changes them.
        steady = {Volatility.SYSTEM, Volatility.FRAMEWORK, Volatility.EXTENSION}
        yield _Setting(((_variables(image.env), "env"),), lambda layer, _: layer.volatility not in steady)
    workdir = Workdir(str(image.workdir or DEFAULT_WORKDIR))
    yield _Setting(((Blank(), None), (workdir, "workdir")), lambda layer, _: layer.volatility >= Volatility.CODE)


def _layers(decided: Decided, stops: Iterator[str]) -> Iterator[Item]:
    image = decided.image
    waiting = list(_settings(decided))
    sealed = False
    elsewhere = {str(name): index.name for index in image.indexes for name in index.packages}
    merged = tuple(_merged(image, decided.order))
    for place, (positions, layer) in enumerate(merged):
        for setting in [setting for setting in waiting if setting.due(layer, sealed)]:
            waiting.remove(setting)
            yield from setting.items
        if layer.volatility is not Volatility.CODE:
            yield Blank(), None
        for name in (name for routed in decided.routed[positions[0]] for name in routed.names):
            elsewhere.pop(name, None)
        if isinstance(layer, Extension) and not (place and isinstance(merged[place - 1][1], Extension)):
            side_by_side = takewhile(lambda pair: isinstance(pair[1], Extension), merged[place:])
            positions_of = [first for (first, *_), _ in side_by_side]
            yield from _compiled(decided, positions_of, sealed, elsewhere, next(stops, None))
        target = _target(decided, positions[0], sealed, elsewhere)
        origin = ", ".join(f"layers[{position}] ({layer.kind})" for position in positions)
        items = _lowered(layer, target)
        behind: tuple[Instruction | Comment, ...] = ()
        sealed = sealed or isinstance(layer, Framework | Extension) or bool(target.routed)
        if sealed and not any(_may_install(other) for _, other in merged[place + 1 :]) and _may_install(layer):
            # A framework's step stays as it is when the first package is added behind it.
            if isinstance(layer, Pip):
                items = compared_within(items, target.interpreter, target.installer)
            else:
                behind = compared(target.interpreter, target.installer)
        yield from ((item, origin) for item in items)
        yield from ((item, "check") for item in behind)
    for setting in waiting:
        yield from setting.items


def _compiled(
    decided: Decided, positions: list[int], sealed: bool, elsewhere: Mapping[str, str], name: str | None
) -> Iterator[Item]:
    """A stage for each extension, all on top of what is there by then; the image goes on from the same."""
    layers = [(n, layer) for n in positions if isinstance(layer := decided.image.layers[n], Extension)]
    before = f"before-{layers[0][1].package}"
    for position, layer in layers:
        origin = f"layers[{position}] (extension)"
        items = layer.compile(_target(decided, position, sealed, elsewhere), before)
        yield from ((item, origin) for item in items)
        yield Blank(), None
    yield From(before, name=name), "base"


def _target(decided: Decided, position: int, sealed: bool, elsewhere: Mapping[str, str]) -> Target:
    return replace(
        decided.target,
        pins=decided.pins[position],
        sealed=sealed,
        reading=decided.readings[position],
        routed=decided.routed[position],
        compiling=decided.compiling[position],
        elsewhere=tuple(sorted(elsewhere.items())),
        locked=decided.locked[position],
    )


def _may_install(layer: Layer) -> bool:
    return isinstance(layer, Framework | Extension | Pip | Shell)


@lru_cache(maxsize=4096)
def _lowered(layer: AnyLayer, target: Target) -> tuple[Instruction | Comment, ...]:
    """Images of one matrix share most of their layers, and each becomes the same instructions everywhere."""
    return layer.lower(target)


def _merged(image: Image, order: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], AnyLayer]]:
    """The layers as they are written, with their positions; system packages side by side are one layer."""
    for alike, group in groupby(
        order, key=lambda position: -1 if isinstance(image.layers[position], Apt) else position
    ):
        positions = tuple(group)
        if alike >= 0:
            yield positions, image.layers[alike]
        else:
            yield positions, _joined(tuple(layer for n in positions if isinstance(layer := image.layers[n], Apt)))


@lru_cache(maxsize=1024)
def _joined(layers: tuple[Apt, ...]) -> Apt:
    names = tuple(name for layer in layers for name in layer.packages)
    sources = dict.fromkeys(source for layer in layers for source in layer.sources)
    return Apt(packages=names, sources=tuple(sources))


def _seal(image: Image) -> Env:
    """Every later install, in the build and in a running container, keeps the frameworks' versions.

    What the frameworks want to be told stands here too: before their layers, it would set apart heavy layers of
    images that install the same.
    """
    theirs = {
        key: value
        for layer in image.layers
        if isinstance(layer, Framework)
        for key, value in layer.environment()
        if key not in dict(image.env)
    }
    return _variables(tuple(sorted({**theirs, "PIP_CONSTRAINT": CONSTRAINTS, "UV_CONSTRAINT": CONSTRAINTS}.items())))


def _runtime(decided: Decided) -> Iterator[Item]:
    image, serve = decided.image, decided.image.serve
    if image.has_init:
        yield Comment("Signals reach the program, and what its children leave behind is reaped."), "init"
        installer = decided.target.installer
        program = f"{installer.home}/bin/dumb-init"
        yield Copy((program,), "/usr/local/bin/", from_=installer.program, link=True), "init"
    ports = {*image.ports, *((serve.port,) if serve else ())}
    if ports:
        yield Expose(tuple(map(str, sorted(ports)))), "ports"
    labels = {f"{OCI_PREFIX}base.name": str(decided.base.reference), **dict(image.labels)}
    if serve:
        labels.setdefault("mlcontainers.stop-grace", str(serve.stop_grace))
    yield Label(dict(sorted(labels.items()))), "labels"
    yield User(str(image.user or DEFAULT_USER)), "user"
    if image.healthcheck:
        check = image.healthcheck
        yield (
            HealthcheckInstruction.exec(
                *check.command,
                interval=_seconds(check.interval),
                timeout=_seconds(check.timeout),
                start_period=_seconds(check.start_period),
                retries=check.retries,
            ),
            "healthcheck",
        )
    elif serve:
        yield _asked_over_http(serve, decided.target.interpreter), "serve"
    if entrypoint := (*(_INIT if image.has_init else ()), *(serve.command if serve else image.entrypoint)):
        yield Entrypoint.exec(*entrypoint), "serve" if serve else "entrypoint"
    if image.cmd:
        yield Cmd.exec(*image.cmd), "cmd"


def _asked_over_http(serve: Serve, interpreter: str) -> HealthcheckInstruction:
    """A check without curl; `-S` spares it the start-up of what is installed."""
    url = f"http://127.0.0.1:{serve.port.number}{serve.health}"
    asked = f"from urllib.request import urlopen; urlopen('{url}', timeout=4)"
    period = _seconds(serve.start_period)
    return HealthcheckInstruction.exec(
        interpreter, "-S", "-c", asked, interval="30s", timeout="5s", start_period=period, retries=3
    )


def _seconds(duration: Duration | None) -> str | None:
    return None if duration is None else duration.seconds
