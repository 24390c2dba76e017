"""Packages that are compiled: in a stage of their own, of which the image keeps the wheel alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from mlcontainers.dockerfile import Comment, From, Mount, Run
from mlcontainers.layers.apt import Apt, AptPackage
from mlcontainers.layers.installers import Installer, wheels_in
from mlcontainers.layers.installing import (
    CONSTRAINTS,
    guard,
    host_mounts,
    install,
    installer_mount,
    installer_stage,
    one_after_the_other,
    where_from,
)
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.layers.tables import Environment
from mlcontainers.layers.torch import COMPILERS
from mlcontainers.values.paths import MountedPath
from mlcontainers.values.projects import ProjectName
from mlcontainers.values.quoting import shell
from mlcontainers.values.wishes import PackageRequirement, VersionWish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.installing import Command, HashedTool
    from mlcontainers.layers.target import Compiling, CudaToolkit, Target
    from mlcontainers.values.references import ImageReference
    from mlcontainers.values.sources import Sources

WHEELS = "/wheels"
"""Where a stage leaves what it has compiled."""
SOURCE = "/tmp/source"
"""Where the folder of the build context is that is compiled; what a build writes into it is thrown away."""
TOOLKIT = "cuda"
"""The stage that nvcc is mounted from, where no wheel brings it."""
_PIP = Installer(program="pip")
_JOBS = (
    'jobs="$(awk -v cores="$(nproc)" \'/MemAvailable/ {{ jobs = int($2 / 1048576 / {gigabytes}) }}',
    "END {{ print (jobs < 1 ? 1 : jobs > cores ? cores : jobs) }}' /proc/meminfo)\"",
)
"""As many compilers at once as there are processors, and as there is free memory for."""
_LINKS = 'for file in {folder}/*.so.*; do ln -sfn "${{file##*/}}" "${{file%%.so.*}}.so"; done'
"""The wheels have libraries as programs load them; linkers look for their plain names."""


class Extension(Layer, frozen=True):
    """A package without a wheel: compiled in a stage of its own, against what the frameworks have installed."""

    volatility: ClassVar[Volatility] = Volatility.EXTENSION

    kind: Literal["extension"] = "extension"
    package: ProjectName
    """Its name on the Python index, or that of the project in `source`."""
    version: VersionWish | None = None
    """A version or a range; the newest on the day of the build where it is left out."""
    source: MountedPath | None = None
    """A folder of the build context that it is compiled from, instead of what the index has."""
    build_requires: Annotated[tuple[PackageRequirement, ...] | None, Field(strict=False)] = None
    """What its build imports. With it, it is built where the frameworks are, else in an environment of its own that
    holds what it declares."""
    apt: Annotated[tuple[AptPackage, ...], Field(strict=False)] = ()
    """System packages that it is compiled with, beside the compilers."""
    cuda: bool | None = None
    """Whether nvcc is at hand: where the image is for GPUs, and it is built where the frameworks are."""
    env: Environment = ()
    """Variables that its build is told."""
    jobs: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Compilers that run at once; as many as the builder has processors and memory for where it is left out."""

    @property
    def stage(self) -> str:
        """The stage that it is compiled in."""
        return f"build-{self.package}"

    def compile(self, target: Target, before: str) -> tuple[Instruction | Comment, ...]:
        """The stage that compiles it, on top of what is in the image by then: the stage `before`."""
        compiling = target.compiling
        assert compiling is not None
        apt = Apt(packages=(*COMPILERS, "make", *compiling.system, *self.apt))
        return (
            Comment(f"{self.package} is compiled here: of this stage the image keeps the wheel alone."),
            From(before, name=self.stage),
            *apt.lower(target),
            *_brought(target, compiling),
            self._wheel(target, compiling),
        )

    def _wheel(self, target: Target, compiling: Compiling) -> Run:
        """pip builds it, which uv has no command for; and no wheel is taken from a cache, which knows no torch."""
        counted = () if self.jobs else tuple(piece.format(gigabytes=compiling.gigabytes) for piece in _JOBS)
        isolated = f"--build-constraint={CONSTRAINTS}" if target.sealed else ""
        alone = "--no-build-isolation" if compiling.build_requires is not None else isolated
        return Run.shell(
            *counted,
            f"{'&& ' if counted else ''}env",
            *self._told(compiling),
            _PIP.run("wheel", target.interpreter),
            "--no-cache-dir --no-input --disable-pip-version-check",
            f"--no-deps --no-binary={self.package} {alone}".rstrip() + where_from("pip", target.sources),
            f"--wheel-dir={WHEELS}",
            SOURCE if self.source else shell(compiling.requirement),
            mounts=tuple(self._mounts(target, compiling.toolkit)),
        )

    def _told(self, compiling: Compiling) -> Iterator[str]:
        yield from (shell(f"{name}={value}") for name, value in compiling.variables)
        if compiling.toolkit:
            home = compiling.toolkit.home
            yield from (f"CUDA_HOME={home}", f'PATH="{home}/bin:$PATH"')
        jobs = str(self.jobs) if self.jobs else '"$jobs"'
        yield from (f"MAX_JOBS={jobs}", f"CMAKE_BUILD_PARALLEL_LEVEL={jobs}")

    def _mounts(self, target: Target, toolkit: CudaToolkit | None) -> Iterator[Mount]:
        yield installer_mount(_PIP)
        if toolkit and toolkit.image:
            yield Mount.bind(toolkit.home, source=toolkit.home, from_=TOOLKIT)
        if self.source:
            yield Mount.bind(SOURCE, source=str(self.source), readwrite=True)
        yield from host_mounts(target.sources.host_settings)

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """The wheel is installed alone, its version written down for all that follows; then comes what it needs."""
        name = str(self.package)
        program = f"from importlib.metadata import version; print({name!r}, version({name!r}), sep='==')"
        fresh = f"--no-deps {wheels_in(WHEELS, target.installer.program)}"
        commands: list[Command] = [
            *guard(target),
            [*install(target, origin=""), fresh, name],
            [f"{target.interpreter} -Bc {shell(program)}", f">> {CONSTRAINTS}"],
            [*install(target, sealed=True), name],
        ]
        wheels = Mount.bind(WHEELS, source=WHEELS, from_=self.stage)
        return (
            Comment(f"{name} as it was compiled above; later installs keep it."),
            one_after_the_other(target, commands, (wheels,)),
        )


def _brought(target: Target, compiling: Compiling) -> Iterator[Instruction | Comment]:
    """Python packages that it is built with, and nvcc where that is one of them."""
    commands: list[Command] = []
    toolkit = compiling.toolkit if compiling.toolkit and not compiling.toolkit.image else None
    names = (*(compiling.build_requires or ()), *(toolkit.requirements if toolkit else ()))
    if names:
        commands.append([*install(target), *map(shell, sorted(names))])
    if toolkit:
        modules = f"{target.interpreter} -Bc 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'"
        commands += [
            [f'ln -sfn "$({modules})/{toolkit.folder}" {toolkit.home}'],
            [f"ln -sfn lib {toolkit.home}/lib64"],
            [_LINKS.format(folder=f"{toolkit.home}/lib")],
        ]
    if commands:
        yield one_after_the_other(target, [*guard(target), *commands])


def pip_stage(base: ImageReference, tool: HashedTool, sources: Sources) -> tuple[Instruction | Comment, ...]:
    """The stage that holds pip, where another program installs packages."""
    _, *stage = installer_stage(base, _PIP, (tool,), sources)
    return (Comment("pip makes wheels of what is compiled: uv has no command for that."), *stage)
