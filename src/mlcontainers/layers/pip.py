"""Packages from the Python index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from mlcontainers.layers.installing import install
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.values.paths import MountedPath
from mlcontainers.values.text import invalid
from mlcontainers.values.wishes import PackageRequirement

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Comment, Instruction
    from mlcontainers.layers.target import Target


class Pip(Layer, frozen=True):
    """Python packages beside the frameworks, by name or from a requirements file; the frameworks' versions hold."""

    volatility: ClassVar[Volatility] = Volatility.PACKAGES

    kind: Literal["pip"] = "pip"
    packages: Annotated[tuple[PackageRequirement, ...], Field(strict=False)] = ()
    """Requirements such as `accelerate>=1.2`."""
    requirements: MountedPath | None = None
    """A requirements file of the build context."""

    @model_validator(mode="after")
    def _something_to_install(self) -> Self:
        if not self.packages and self.requirements is None:
            raise invalid("nothing-to-install", "neither packages nor requirements are given")
        return self

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction; the file is mounted, so its text is part of the cache key and in no layer."""
        files = (str(self.requirements),) if self.requirements else ()
        return (install(target, sorted({str(package) for package in self.packages}), files=files),)
