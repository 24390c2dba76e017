"""What the planners decided, as layers need to hear it: layers look nothing up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.platforms import Platform
    from mlcontainers.values.references import ImageReference
    from mlcontainers.values.sources import Sources
    from mlcontainers.values.versions import CudaVersion, PythonVersion


@dataclass(frozen=True, slots=True)
class Index:
    """A wheel index of a framework's own, apart from the Python index."""

    name: str
    """How a mirror is assigned to it: `pytorch`."""
    url: str


@dataclass(frozen=True, slots=True)
class Pin:
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

    def __str__(self) -> str:
        return f"{self.project}=={self.version}"

    @property
    def requirement(self) -> str:
        """As an installer takes it, extras included."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.project}{extras}=={self.version}"


@dataclass(frozen=True, slots=True)
class Target:
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
    sealed: bool = False
    """An earlier layer has written constraints that this one must obey."""
