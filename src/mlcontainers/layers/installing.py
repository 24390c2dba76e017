"""How Python packages get into an image: one place for installer, caches, indexes and the seal.

The installer is uv, mounted from a stage of its own, so it is in no layer of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import Comment, From, Mount, Run
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.quoting import shell
from mlcontainers.values.secrets import HOST_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Index, Target
    from mlcontainers.values.references import ImageReference

UV_STAGE = "uv"
UV_HOME = "/opt/uv"
CACHE = "/root/.cache/uv"
"""Said to uv too: it would follow HOME, and leave gigabytes in a layer where that is set."""
CONSTRAINTS = "/etc/python-constraints.txt"
LISTED = "/dev/shm/installed"
"""In memory, so in no layer. The libraries of CUDA are sealed too: another cuDNN breaks the framework that is there."""
WHEELHOUSE = "wheelhouse"
HOST_SECRETS = tuple(
    zip(HOST_SETTINGS, ("/etc/pip.conf", "/etc/uv/uv.toml", "/etc/ssl/certs/ca-certificates.crt"), strict=True)
)
"""Build secrets by which a builder's own index settings and CA bundle reach an install step, and where to."""


def host_mounts(host_settings: bool) -> tuple[Mount, ...]:
    """Mounts for the builder's settings: present while a step runs, in no layer, skipped where not given."""
    if not host_settings:
        return ()
    return tuple(Mount.secret(name, target=path) for name, path in HOST_SECRETS)


@lru_cache(maxsize=256)
def uv_stage(
    base: ImageReference, tools: tuple[HashedTool, ...], host_settings: bool
) -> tuple[Instruction | Comment, ...]:
    """The stage that holds uv, and the init where there is one, each checked against the digest of its wheel."""
    lines = [shell(tool.hashed) for tool in tools]
    init = ", and the init that the image takes" if len(tools) > 1 else ""
    return (
        Comment(f"uv installs the packages below{init}; it is mounted from here and is in no layer of the image."),
        From(str(base), name=UV_STAGE),
        Run.shell(
            "printf '%s\\n'",
            *lines,
            "> /tmp/tools.txt",
            "&& pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore",
            f"--target={UV_HOME} --require-hashes --requirement=/tmp/tools.txt",
            mounts=host_mounts(host_settings),
        ),
    )


@dataclass(frozen=True, slots=True)
class HashedTool:
    """A program from the Python index, with the digests of its wheels."""

    requirement: str
    """As in `uv==0.13.9`."""
    sha256: tuple[str, ...]

    @property
    def hashed(self) -> str:
        """As a line of a requirements file that is checked."""
        return " ".join((self.requirement, *(f"--hash=sha256:{digest}" for digest in self.sha256)))


def install(target: Target, requirements: Sequence[str], *, files: Sequence[str] = ()) -> Run:
    """Packages from the Python index, under the constraints of the layers before."""
    pieces = [*_command(target), *(f"--requirement={shell(_mounted(file))}" for file in files)]
    bound = tuple(Mount.bind(_mounted(file), source=file) for file in files)
    return Run.shell(*pieces, *map(shell, requirements), mounts=(*_mounts(target), *bound))


def install_pins(target: Target) -> Run:
    """Decided packages, each from its one index, then written down as constraints for all that follows.

    Wheels from anywhere but the Python index come without what they need; that the next command takes from there.
    """
    names = [shell(pin.requirement) for pin in target.pins]
    planned = [shell(str(pin)) for pin in target.pins]
    groups = dict.fromkeys((pin.index, pin.local) for pin in target.pins if pin.index or pin.local)
    commands = [_without_dependencies(target, index, local) for index, local in groups]
    commands += [[*_command(target), *names], ["printf '%s\\n'", *planned, f">> {CONSTRAINTS}"]]
    if isinstance(target.accelerator, Cuda):
        listed = f"{UV_HOME}/bin/uv pip freeze --python={target.interpreter} > {LISTED}"
        commands += [[listed], [f"sed -n '/^\\(nvidia\\|triton\\)/p' {LISTED} >> {CONSTRAINTS}"]]
    pieces = [*commands[0], *(piece for command in commands[1:] for piece in (f"&& {command[0]}", *command[1:]))]
    wheelhouse = [Mount.bind(f"/{WHEELHOUSE}", from_=WHEELHOUSE)] if any(pin.local for pin in target.pins) else []
    return Run.shell(*pieces, mounts=(*_mounts(target), *wheelhouse))


def _without_dependencies(target: Target, index: Index | None, local: bool) -> list[str]:
    """The wheels of one index or of the wheelhouse, and nothing else."""
    names = (shell(pin.requirement) for pin in target.pins if (pin.index, pin.local) == (index, local))
    if local or index is None:
        origin = f"--no-index --find-links=/{WHEELHOUSE}"
    else:
        origin = f"--default-index={shell(target.sources.mirror(index.name) or index.url)}"
    return [*_command(target), f"--no-deps {origin}", *names]


def _command(target: Target) -> list[str]:
    constraints = f" --constraint={CONSTRAINTS}" if target.sealed else ""
    options = f"--cache-dir={CACHE} --link-mode=copy --compile-bytecode{constraints}"
    return [f"{UV_HOME}/bin/uv pip install --python={target.interpreter}", options]


def _mounts(target: Target) -> tuple[Mount, ...]:
    return (
        uv_mount(),
        Mount.cache(CACHE),
        *host_mounts(target.sources.host_settings),
    )


def uv_mount() -> Mount:
    """The installer, present while a step runs."""
    return Mount.bind(UV_HOME, source=UV_HOME, from_=UV_STAGE)


def _mounted(file: str) -> str:
    return "/tmp/" + file.replace("/", "-")
