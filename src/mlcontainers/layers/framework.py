"""What all frameworks share: wishes for the planner, and one instruction that installs what it decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mlcontainers.dockerfile import Comment
from mlcontainers.layers.installing import install_pins
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.values.wishes import VersionWish

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Target


@dataclass(frozen=True, slots=True)
class Wish:
    """A project that is wanted, as planners hear it."""

    project: str
    version: VersionWish | None = None
    companion_of: str = ""
    """Its version follows from this project's: `torchvision` from `torch`."""
    extras: tuple[str, ...] = ()
    """As in `tensorflow[and-cuda]`."""


class Framework(Layer, frozen=True):
    """A framework with its companions: versions are decided by the planner, then sealed."""

    volatility: ClassVar[Volatility] = Volatility.FRAMEWORK
    project: ClassVar[str]
    title: ClassVar[str]

    version: VersionWish | None = None
    """A version or a range; the newest that fits everything else where it is left out."""

    def wishes(self) -> tuple[Wish, ...]:
        """What the planner has to decide for this layer, the framework itself first."""
        return (Wish(self.project, self.version),)

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction, since a framework's wheels are the heaviest and steadiest layer there is."""
        origins = dict.fromkeys(
            "this build's wheelhouse" if pin.local else f"{self.title}'s own index" if pin.index else "the Python index"
            for pin in target.pins
        )
        return (
            Comment(f"{self.title} for {target.accelerator}, from {' and '.join(origins)}; later installs keep it."),
            install_pins(target),
        )
