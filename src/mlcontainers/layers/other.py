"""Any other framework that there are facts about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from mlcontainers.layers.framework import Framework, Wish, build_for
from mlcontainers.values.projects import ProjectName

if TYPE_CHECKING:
    from mlcontainers.values.accelerators import Accelerator


class Other(Framework, frozen=True):
    """A package of the catalogue by its name: xgboost, vllm, diffusers and so on, in the build for the image."""

    project: ClassVar[str] = ""
    title: ClassVar[str] = ""

    kind: Literal["framework"] = "framework"
    package: ProjectName
    """Its name on the Python index."""
    extras: Annotated[tuple[ProjectName, ...], Field(strict=False)] = ()
    """Further parts of it, by the names of its extras; what belongs to CUDA is chosen without being asked for."""

    @property
    def name(self) -> str:
        """Its project name."""
        return str(self.package)

    def wishes(self, accelerator: Accelerator, machine: str) -> tuple[Wish, ...]:
        """The package in the build for this accelerator."""
        name = build_for(str(self.package), accelerator, machine)
        return (Wish(name, self.version, extras=tuple(sorted(map(str, self.extras)))),)
