"""What the planners decided, as layers need to hear it: layers look nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from mlcontainers.layers.installers import Installer

if TYPE_CHECKING:
    from packaging.version import Version

    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.locks import LockedPackage
    from mlcontainers.values.platforms import Platform
    from mlcontainers.values.references import ImageReference
    from mlcontainers.values.sources import Sources
    from mlcontainers.values.versions import CudaVersion, PythonVersion


class Index(Struct, frozen=True):
    """A wheel index of a framework's own, apart from the Python index."""

    name: str
    """How a mirror is assigned to it: `pytorch`."""
    url: str


class Pin(Struct, frozen=True):
    """One package, decided: this version, from this one index."""

    project: str
    version: Version
    index: Index | None = None
    """None is the Python index, whatever the user's tools are configured for."""
    local: bool = False
    """It lies in the wheelhouse of this build."""
    extras: tuple[str, ...] = ()
    """As in `tensorflow[and-cuda]`."""
    cuda: CudaVersion | None = None
    """The CUDA that its wheel is built for; None in a build for the CPU, and where nobody knows."""
    cudnn: str | None = None
    also: tuple[str, ...] = ()
    """Projects that it imports and does not name, each in whatever version fits."""

    def __str__(self) -> str:
        return f"{self.project}=={self.version}"

    @property
    def requirement(self) -> str:
        """As an installer takes it, extras included."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.project}{extras}=={self.version}"


class Routed(Struct, frozen=True):
    """Packages of a layer that come from an index of the user's own."""

    index: Index
    credentials: str | None
    """Id of the secret that is a netrc for it."""
    names: tuple[str, ...]
    lines: tuple[str, ...]
    """As requirements: `acme>=1`, with hashes where they are checked."""
    hashed: bool = False


class Reading(Struct, frozen=True):
    """What the files of a layer say, as far as its instructions depend on it."""

    files: tuple[str, ...] = ()
    """Further files that those of the layer name."""
    index_lines: tuple[str, ...] = ()
    """Files with lines about indexes, which are left out: the image says where packages come from."""


class CudaToolkit(Struct, frozen=True):
    """nvcc and what it needs, as a stage has it while it compiles."""

    home: str
    """Where it is: `/usr/local/cuda-12.8`."""
    image: ImageReference | None = None
    """The image that it is mounted from; None where wheels bring it."""
    requirements: tuple[str, ...] = ()
    """Those wheels, as requirements."""
    folder: str = ""
    """The folder that they fill, below that of Python's modules."""


class Compiling(Struct, frozen=True):
    """How the extension at hand is compiled."""

    requirement: str
    """What is compiled, as pip takes it."""
    build_requires: tuple[str, ...] | None
    """What its build imports; None where it is built apart, with what it declares itself."""
    variables: tuple[tuple[str, str], ...]
    """What its build is told."""
    gigabytes: int
    """Memory that one compiler is given."""
    system: tuple[str, ...] = ()
    """System packages that the Python of the base lacks for it."""
    toolkit: CudaToolkit | None = None


class Target(Struct, frozen=True):
    """The decided image, as far as layers need it."""

    base: ImageReference
    platform: Platform
    python: PythonVersion | None
    """None where nothing depends on it and the base does not tell."""
    accelerator: Accelerator
    interpreter: str
    """The Python that everything is installed for, as absolute path in the image."""
    sources: Sources
    pins: tuple[Pin, ...] = ()
    """What the layer at hand installs, in its own order."""
    reproducible: bool = False
    """Two builds of it are to have equal layers."""
    sealed: bool = False
    """An earlier layer has written constraints that this one must obey."""
    installer: Installer = field(default_factory=Installer)
    reading: Reading = Reading()
    """What the files of the layer at hand say."""
    routed: tuple[Routed, ...] = ()
    """What the layer at hand takes from indexes of the user's own."""
    python_taken: bool = False
    """The image has a Python, so no layer may bring another unasked."""
    cuda_taken: bool = False
    """The base or the wheels bring CUDA, or nothing may, so no layer may bring it."""
    compiling: Compiling | None = None
    """How the layer at hand is compiled, where it is."""
    elsewhere: tuple[tuple[str, str], ...] = ()
    """Packages of such indexes that nothing has installed by then, and their index: none may come from another."""
    locked: tuple[LockedPackage, ...] | None = None
    """Everything that the layer at hand installs, where a lock has it."""
