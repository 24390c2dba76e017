"""Conda packages in an environment of their own, made by micromamba and found by PATH."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from mlcontainers.dockerfile import Comment, Env, From, Mount, Run, Word
from mlcontainers.layers.installing import host_mounts
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.layers.runtime import threads
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.conda import CHANNEL, CondaPackage, conda_channel, environment_kind
from mlcontainers.values.paths import MountedPath
from mlcontainers.values.quoting import shell
from mlcontainers.values.references import ImageReference
from mlcontainers.values.secrets import Secret
from mlcontainers.values.text import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Target

MICROMAMBA = ImageReference("mambaorg/micromamba", "2.6.1")
"""The image that carries micromamba, one static program, for amd64 and arm64."""
MICROMAMBA_SOURCE = "mamba-org/micromamba-docker CHANGELOG.md, 2026-05-13"
STAGE = "micromamba"
PREFIX = "/opt/conda"
"""Where the environment is. Conda writes the path into programs, so it is the same in every image."""
CONDA_PYTHON = f"{PREFIX}/bin/python3"
"""The Python of an environment that has one."""
_PROGRAM = "/opt/micromamba"
_CACHE = "/root/.cache/conda"
_FILES = "/tmp/conda"
_MEMORY = "/dev/shm"
"""Home and root of micromamba while it runs: in memory, so in no layer."""
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
MIRROR = "conda"
"""How a mirror of all channels is named: the address that channel names are appended to."""


def micromamba_stage(base: ImageReference) -> tuple[Instruction | Comment, ...]:
    """The stage that has micromamba and the certificates that it trusts."""
    return (
        Comment("micromamba makes the conda environment below: mounted from here, it is in no layer of the image."),
        From(str(base), name=STAGE),
    )


class Conda(Layer, frozen=True):
    """Conda packages, by name or from a file, in `/opt/conda`, whose programs come first in PATH."""

    volatility: ClassVar[Volatility] = Volatility.PACKAGES

    kind: Literal["conda"] = "conda"
    packages: Annotated[tuple[CondaPackage, ...], Field(strict=False)] = ()
    """As in `samtools>=1.20` or `bioconda::bwa`."""
    environment: MountedPath | None = None
    """An `environment.yml` of the build context, or a lock: a list with `@EXPLICIT`, or a `conda-lock.yml`."""
    channels: Annotated[tuple[Annotated[str, BeforeValidator(conda_channel)], ...], Field(strict=False)] = ()
    """Where packages come from, the first that has one: `conda-forge` where none is named; a file names its own."""
    credentials: Secret | None = None
    """A secret file in the form of a netrc, where a channel asks who is there."""

    @model_validator(mode="after")
    def _something_to_install(self) -> Self:
        if not (self.packages or self.environment):
            raise invalid("nothing-to-install", "neither packages nor an environment are given")
        if self.environment is None:
            return self
        if environment_kind(str(self.environment)) is None:
            because = ("micromamba goes by the name of a file",)
            hint = "environment.yml, conda-lock.yml, or a list with @EXPLICIT that is named .txt or .lock"
            what = f"{str(self.environment)!r} is no environment by its name"
            raise invalid("unknown-environment", what, hint, because=because)
        if self.packages and self.lock:
            because = ("micromamba installs what a lock lists, and drops what is asked for beside it",)
            raise invalid("beside-a-lock", "packages are asked for beside a lock", "lock them too", because=because)
        if self.channels:
            raise invalid("two-channel-lists", f"{self.environment} names its channels", "leave channels out")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the build context that it names itself."""
        return (str(self.environment),) if self.environment else ()

    @property
    def lock(self) -> MountedPath | None:
        """The environment, where it is one that has chosen."""
        return self.environment if environment_kind(str(self.environment)) != "yaml" else None

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """The environment in one step, and its programs in PATH."""
        mounts = [
            Mount.bind(_PROGRAM, from_=STAGE),
            Mount.cache(_CACHE),
            *host_mounts(target.sources.host_settings),
            *(Mount.bind(f"{_FILES}/{file}", source=file) for file in self.files),
            *([Mount.secret(self.credentials.id, required=True)] if self.credentials else []),
        ]
        return (
            Comment("No script of activation runs: programs are found by PATH."),
            Run.shell(*self._pieces(target), mounts=mounts),
            *(threads(CONDA_PYTHON) if target.interpreter == CONDA_PYTHON else ()),
            Env([("PATH", Word.template(f"{PREFIX}/bin:$PATH"))]),
        )

    def _pieces(self, target: Target) -> Iterator[str]:
        yield f"trusted={_BUNDLE}"
        yield f'&& if [ ! -s "$trusted" ]; then trusted="{_PROGRAM}$trusted"; fi'
        yield f"&& {' '.join(self._environment(target))}"
        yield f"{_PROGRAM}/bin/micromamba create --yes --no-rc --prefix={PREFIX} --root-prefix={_MEMORY}/micromamba"
        pyc = "" if target.installer.bytecode else " --no-pyc"
        yield f'--always-copy --strict-channel-priority --cacert-path="$trusted"{pyc}'
        if mirror := target.sources.mirror(MIRROR):
            yield f"--channel-alias={shell(mirror)}"
        yield from (f"--channel={shell(channel)}" for channel in self._channels())
        yield from (f"--file={shell(f'{_FILES}/{file}')}" for file in self.files)
        yield from map(shell, sorted({str(package) for package in self.packages}))
        if target.reproducible:
            # It holds the time of the installation, and nothing that is needed to run what is there.
            yield f"&& : > {PREFIX}/conda-meta/history"
        yield from _checks(target)

    def _channels(self) -> tuple[str, ...]:
        return () if self.environment else self.channels or (CHANNEL,)

    def _environment(self, target: Target) -> Iterator[str]:
        """What the choice of packages shall depend on: the image, and not the machine that builds it."""
        yield f"HOME={_MEMORY}"
        yield f"CONDA_PKGS_DIRS={_CACHE}"
        if target.platform.machine == "x86_64":
            yield "CONDA_OVERRIDE_ARCHSPEC=x86_64"
        cuda = target.accelerator.version if isinstance(target.accelerator, Cuda) else None
        yield f"CONDA_OVERRIDE_CUDA={cuda or shell('')}"
        if self.credentials:
            yield f"NETRC={self.credentials.path}"


def _checks(target: Target) -> Iterator[str]:
    """What came along unasked, and would not be seen until the image runs."""
    if target.python_taken:
        yield _refused("a second Python came along, and would hide the one of the image", "python")
    if target.cuda_taken:
        yield _refused("CUDA came along, which this image has already or is not for", "cuda-cudart", "cudatoolkit")


def _refused(why: str, *names: str) -> str:
    """Fails where one of these packages is there, and names it."""
    records = " ".join(f"{PREFIX}/conda-meta/{name}-[0-9]*.json" for name in names)
    told = f'echo {shell(f"{why}:")} "$found" >&2; exit 1'
    return f'&& for found in {records}; do if [ -e "$found" ]; then {told}; fi; done'
