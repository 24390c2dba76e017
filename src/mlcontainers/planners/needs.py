"""What one package asks of another, and of the CUDA libraries that they share."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from mlcontainers.facts import Release
    from mlcontainers.values.evidence import Fact

LIBRARIES = ("cuda_runtime", "cudnn", "nccl", "nvshmem")


class Need(Struct, frozen=True):
    """A project that is needed, in some of its releases."""

    project: str
    specifier: str
    because: Fact | None = None
    """What says so; `None` for what the user asks."""
    extras: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is about."""
        return self.project

    @property
    def exact(self) -> bool:
        """Whether it names one release (and so may name a yanked one)."""
        return any(part.operator in {"==", "==="} and "*" not in part.version for part in specifiers(self.specifier))

    def admits(self, release: Release) -> bool:
        """Whether a release will do. Installers take a withdrawn one only where it is named exactly."""
        if release.yanked and not self.exact:
            return False
        return self.contains(release.version)

    def contains(self, version: object) -> bool:
        """Whether a version is in the range."""
        return not self.specifier or specifiers(self.specifier).contains(str(version), prereleases=self.exact)


class LibraryNeed(Struct, frozen=True):
    """A CUDA library that a wheel brings or asks for, as a wheel of its own."""

    library: str
    """One of `LIBRARIES`."""
    major: int
    """The CUDA that the library's wheel is built for."""
    specifier: str
    because: Fact

    @property
    def name(self) -> str:
        """What it is about: libraries of one name share their files, whatever CUDA they are for."""
        return (
            f"library {self.library}" if self.library in {"cudnn", "nccl"} else f"library {self.library}-{self.major}"
        )


AnyNeed: TypeAlias = Need | LibraryNeed


@lru_cache(maxsize=8192)
def specifiers(text: str) -> SpecifierSet:
    """A range, read once."""
    from packaging.specifiers import SpecifierSet  # it loads logging and more

    return SpecifierSet(text)
