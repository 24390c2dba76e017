"""What planners ask and answer each other, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from packaging.version import Version

    from mlcontainers.errors import Problem
    from mlcontainers.layers.framework import Wish
    from mlcontainers.layers.target import Index
    from mlcontainers.planners.needs import AnyNeed
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.drivers import Driver
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.platforms import Platform
    from mlcontainers.values.versions import CudaVersion, PythonVersion


class Question(Struct, frozen=True):
    """Which releases make all these wishes come true together?"""

    wishes: tuple[Wish, ...]
    accelerator: Accelerator | None
    """None takes what an installer takes."""
    platform: Platform
    pythons: tuple[PythonVersion, ...]
    """The Pythons that may be chosen, the best first."""
    glibc: tuple[int, int] | None = None
    """The newest glibc that a base may have; None where nobody knows."""
    driver: Driver | None = None
    """The NVIDIA driver of the machine that will run it; None where nothing is said."""
    gpus: tuple[str, ...] = ()
    """The GPUs of that machine, by compute capability or by name."""


class Chosen(Struct, frozen=True, cache_hash=True):
    """One release and build, with the facts it rests on."""

    project: str
    version: Version
    """With the local label, where the wheel has one: `2.9.1+cu126`."""
    index: Index | None
    cuda: CudaVersion | None = None
    """The CUDA that the wheel brings or asks for."""
    cudnn: str | None = None
    glibc: tuple[int, int] | None = None
    size: int | None = None
    """Bytes of the wheel, where they are known."""
    because: tuple[Fact, ...] = ()
    doubts: tuple[Problem, ...] = ()
    """What the facts do not know about it."""
    extras: tuple[str, ...] = ()
    """As in `tensorflow[and-cuda]`."""
    also: tuple[str, ...] = ()
    """Projects that it imports and does not name."""
    cuda_of_base: bool = False
    """Its wheel brings no CUDA: the base image has to."""
    base_cuda: CudaVersion | None = None
    """The CUDA that it is known to work with there."""
    needs: tuple[AnyNeed, ...] = ()
    """What it asks of other packages."""


class Rejected(Struct, frozen=True):
    """A release that cannot be, and why."""

    project: str
    reason: Fact
    python: PythonVersion
    by_build: bool = False
    """Its wheels fit the Python; it is the build for the accelerator that is missing."""


class Solution(Struct, frozen=True):
    """All wishes, fulfilled."""

    python: PythonVersion | None
    """None where nothing depends on it and the base does not tell."""
    packages: tuple[Chosen, ...]
    rejected: tuple[Rejected, ...] = ()

    @property
    def doubts(self) -> tuple[Problem, ...]:
        """What the facts do not know about any of them."""
        return tuple(doubt for package in self.packages for doubt in package.doubts)


class Refusal(Struct, frozen=True):
    """No releases fulfil all wishes: the facts that stand against each way."""

    rejected: tuple[Rejected, ...]
    clash: tuple[Fact, ...] = ()
    """What two packages ask of a third, or of a library, that cannot both be had."""

    @property
    def reasons(self) -> tuple[Fact, ...]:
        """The clash; else what stands against the best Python on which only the build is missing, or the best.

        What one source says of one project is told once, of its newest release: the others are alike.
        """
        if self.clash:
            return self.clash
        telling = [rejected for rejected in self.rejected if rejected.by_build] or list(self.rejected)
        python = telling[0].python if telling else None
        told: dict[tuple[str, str], Fact] = {}
        for rejected in telling:
            if rejected.python == python:
                told.setdefault((rejected.project, rejected.reason.source), rejected.reason)
        return tuple(told.values())
