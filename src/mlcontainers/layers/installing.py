"""How Python packages get into an image: one place for installer, caches, indexes and the seal.

The installer is mounted from a stage of its own, so it is in no layer of the image.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.dockerfile import Comment, From, Mount, Run
from mlcontainers.layers.installers import wheels_in
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.quoting import shell
from mlcontainers.values.secrets import HOST_SETTINGS, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.installers import Installer
    from mlcontainers.layers.target import Index, Pin, Routed, Target
    from mlcontainers.values.locks import LockedPackage
    from mlcontainers.values.references import ImageReference
    from mlcontainers.values.sources import Sources

CONSTRAINTS = "/etc/python-constraints.txt"
LOCKED = Comment("These files and no others, by the lock: each is checked against its hash.")
LISTED = "/dev/shm/installed"
"""In memory, so in no layer. The libraries of CUDA are sealed too: another cuDNN breaks the framework that is there."""
ELSEWHERE = "/dev/shm/elsewhere"
"""Versions that do not exist, so that no index but its own can offer a package."""
HASHED = "/dev/shm/hashed"
WHEELHOUSE = "wheelhouse"
HOST_SECRETS = tuple(
    zip(HOST_SETTINGS, ("/etc/pip.conf", "/etc/uv/uv.toml", "/etc/ssl/certs/ca-certificates.crt"), strict=True)
)
"""Build secrets by which a builder's own index settings and CA bundle reach an install step, and where to."""
Command = list[str]
"""The pieces of one command, each for a line of its own."""


@lru_cache(maxsize=2)
def host_mounts(host_settings: bool) -> tuple[Mount, ...]:
    """Mounts for the builder's settings: present while a step runs, in no layer, skipped where not given."""
    if not host_settings:
        return ()
    return tuple(Mount.secret(name, target=path) for name, path in HOST_SECRETS)


@lru_cache(maxsize=256)
def installer_stage(
    base: ImageReference, installer: Installer, tools: tuple[HashedTool, ...], sources: Sources
) -> tuple[Instruction | Comment, ...]:
    """The stage that holds the installer, and the init where there is one, each checked against its digests."""
    lines = [shell(tool.hashed) for tool in tools]
    pip = (
        f"pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore{where_from('pip', sources)}"
    )
    name = installer.program
    held = [tool.requirement.partition("==")[0] for tool in tools]
    remarks = [f"{name} installs the packages below: mounted from here, it is in no layer of the image."]
    remarks = [*(remarks if name in held else ()), *(["The init is copied from here."] if "dumb-init" in held else ())]
    return (
        Comment(" ".join(remarks)),
        From(str(base), name=name),
        Run.shell(
            "printf '%s\\n'",
            *lines,
            "> /tmp/tools.txt",
            f"&& {pip}",
            f"--target={installer.home} --require-hashes --requirement=/tmp/tools.txt",
            mounts=(*host_mounts(sources.host_settings), *wheelhouse_mounts(sources.offline)),
        ),
    )


def where_from(program: str, sources: Sources) -> str:
    """Options for where packages come from, instead of the Python index."""
    if sources.offline:
        return f" {wheels_in(f'/{WHEELHOUSE}', program)}"
    option = "default-index" if program == "uv" else "index-url"
    return f" --{option}={shell(sources.index)}" if sources.index else ""


@lru_cache(maxsize=2)
def wheelhouse_mounts(wanted: bool) -> tuple[Mount, ...]:
    """The folder of wheels of this build, where packages come from it."""
    return (Mount.bind(f"/{WHEELHOUSE}", from_=WHEELHOUSE),) if wanted else ()


class HashedTool(Struct, frozen=True):
    """A program from the Python index, with the digests of its wheels."""

    requirement: str
    """As in `uv==0.13.9`."""
    sha256: tuple[str, ...]

    @property
    def hashed(self) -> str:
        """As a line of a requirements file that is checked."""
        return " ".join((self.requirement, *(f"--hash=sha256:{digest}" for digest in self.sha256)))


def install_pins(target: Target) -> Run:
    """Decided packages, each from its one index, then written down as constraints for all that follows.

    Wheels from anywhere but the Python index come without what they need; that the next command takes from there.
    A lock has all of it.
    """
    # By name, so that the same packages are the same layer, whichever of them was asked for first.
    pins = sorted(target.pins, key=lambda pin: pin.project)
    commands = list(_pinned(target, pins) if target.locked is None else install_locked(target))
    commands.append(["printf '%s\\n'", *(shell(str(pin)) for pin in pins), f">> {CONSTRAINTS}"])
    if isinstance(target.accelerator, Cuda):
        listed = f"{target.installer.run('freeze', target.interpreter)} > {LISTED}"
        commands += [[listed], [f"sed -n '/^\\(nvidia\\|triton\\)/p' {LISTED} >> {CONSTRAINTS}"]]
    local = any(pin.local for pin in target.pins) and not target.sources.offline
    return one_after_the_other(target, commands, wheelhouse_mounts(local))


def _pinned(target: Target, pins: Sequence[Pin]) -> Iterator[Command]:
    yield from guard(target)
    groups = dict.fromkeys((pin.index, pin.local) for pin in target.pins if pin.index or pin.local)
    for index, local in groups:
        names = sorted(shell(pin.requirement) for pin in pins if (pin.index, pin.local) == (index, local))
        yield [*install(target, origin=""), f"--no-deps {_place(target, index, local)}", *names]
    also = sorted({name for pin in pins for name in pin.also})
    yield [*install(target), *(shell(pin.requirement) for pin in pins), *also]


def install_locked(target: Target) -> Iterator[Command]:
    """The files that a lock has for this step and no others, those of one index after the other, each checked."""
    # Nothing is looked for, so nothing has to be kept from an index.
    bare = replace(target, elsewhere=())
    for (netrc, origin), packages in _by_place(target).items():
        program, options = install(bare, origin="")
        yield ["printf '%s\\n'", *(shell(package.hashed) for package in packages), f"> {HASHED}"]
        yield [netrc + program, options, f"--no-deps{origin} --require-hashes --requirement={HASHED}"]


def _by_place(target: Target) -> dict[tuple[str, str], list[LockedPackage]]:
    """What is locked, by how its index is asked: indexes of their own first, as where nothing is locked."""
    own = (pin for pin in target.pins if pin.index or pin.local)
    places = {pin.project: ("", f" {_place(target, pin.index, pin.local)}") for pin in own}
    places |= {name: _routed_place(target, routed) for routed in target.routed for name in routed.names}
    groups: dict[tuple[str, str], list[LockedPackage]] = {place: [] for place in places.values()}
    for package in target.locked or ():
        place = places.get(package.name, ("", where_from(target.installer.program, target.sources)))
        groups.setdefault(place, []).append(package)
    return {place: packages for place, packages in groups.items() if packages}


def install(target: Target, *, sealed: bool | None = None, origin: str | None = None) -> Command:
    """The installer, told to install under the constraints of the layers before: from the Python index, or `origin`."""
    installer = target.installer
    origin = where_from(installer.program, target.sources) if origin is None else f" {origin}".rstrip()
    files = [CONSTRAINTS] if (target.sealed if sealed is None else sealed) else []
    files += [ELSEWHERE] if target.elsewhere else []
    constraints = "".join(f" --constraint={file}" for file in files)
    # Bytecode that names the hash of its source, not its time: times are set to one day where layers are to be equal.
    told = f"{installer.hashed_bytecode} " if target.reproducible and installer.bytecode else ""
    return [told + installer.run("install", target.interpreter), installer.options + constraints + origin]


def guard(target: Target) -> Iterator[Command]:
    """What may come from one index only is kept from all others."""
    if target.elsewhere:
        kept = (shell(f"{name}==0+comes.from.{index.replace('-', '.')}") for name, index in target.elsewhere)
        yield ["printf '%s\\n'", *kept, f"> {ELSEWHERE}"]


def install_routed(target: Target) -> Iterator[Command]:
    """The packages of indexes of one's own, each from there, then written down for all that follows."""
    for routed in target.routed:
        command = _from_index(target, routed)
        if routed.hashed:
            yield ["printf '%s\\n'", *map(shell, routed.lines), f"> {HASHED}"]
            yield [*command, f"--require-hashes --requirement={HASHED}"]
        else:
            yield [*command, *map(shell, routed.lines)]
    if target.routed:
        names = ", ".join(repr(name) for routed in target.routed for name in routed.names)
        program = (
            f"from importlib.metadata import version; [print(name, version(name), sep='==') for name in ({names},)]"
        )
        yield [f"{target.interpreter} -Bc {shell(program)}", f">> {CONSTRAINTS}"]


def _from_index(target: Target, routed: Routed) -> Command:
    """Without what they need: that comes from the Python index, or is named for this one too."""
    program, options = install(target, origin="")
    netrc, origin = _routed_place(target, routed)
    return [netrc + program, options, f"--no-deps{origin}"]


def _routed_place(target: Target, routed: Routed) -> tuple[str, str]:
    """The variable for who is there, and the option for where."""
    netrc = f"NETRC={Secret(routed.credentials).path} " if routed.credentials else ""
    if target.sources.offline:
        return netrc, where_from(target.installer.program, target.sources)
    url = target.sources.mirror(routed.index.name) or routed.index.url
    return netrc, f" {target.installer.only_from(url)}"


def netrc_mounts(target: Target) -> tuple[Mount, ...]:
    """The secrets that indexes of one's own ask for."""
    ids = dict.fromkeys(routed.credentials for routed in target.routed if routed.credentials)
    return tuple(Mount.secret(id, required=True) for id in ids)


def one_after_the_other(target: Target, commands: Sequence[Command], mounts: Iterable[Mount] = ()) -> Run:
    """One instruction that runs them in turn, with the installer, its cache and the host's settings at hand."""
    pieces = [*commands[0], *(piece for command in commands[1:] for piece in (f"&& {command[0]}", *command[1:]))]
    installer = target.installer
    given = (installer_mount(installer), Mount.cache(installer.cache), *scratch_mounts(installer))
    sources = target.sources
    lent = (*host_mounts(sources.host_settings), *wheelhouse_mounts(sources.offline))
    return Run.shell(*pieces, mounts=(*given, *lent, *mounts))


def _place(target: Target, index: Index | None, local: bool) -> str:
    """The option for one index or the wheelhouse, and nothing else."""
    if target.sources.offline or local or index is None:
        return wheels_in(f"/{WHEELHOUSE}", target.installer.program)
    return target.installer.only_from(target.sources.mirror(index.name) or index.url)


@lru_cache(maxsize=2)
def installer_mount(installer: Installer) -> Mount:
    """The installer, present while a step runs."""
    return Mount.bind(installer.home, source=installer.home, from_=installer.program)


@lru_cache(maxsize=2)
def scratch_mounts(installer: Installer) -> tuple[Mount, ...]:
    """A `/tmp` in memory for uv, which leaves a lock of the environment there and unpacks beside its cache.

    pip clears up behind itself, and holds all wheels of a step in `/tmp`: more than memory may have room for.
    """
    return (Mount.tmpfs("/tmp"),) if installer.program == "uv" else ()
