"""What every layer has: a kind, how often it changes, and how it becomes instructions."""

from __future__ import annotations

from abc import abstractmethod
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from mlcontainers.layers.model import Model

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Comment, Instruction
    from mlcontainers.layers.target import Target


class Volatility(IntEnum):
    """How often a layer changes, from hardly ever to with every edit; layers are written in this order."""

    SYSTEM = 1
    FRAMEWORK = 2
    EXTENSION = 3
    """Compiled against frameworks: longer in the making than anything else."""
    PACKAGES = 4
    CODE = 5
    BARRIER = 9
    """Nothing is known about it: what comes before stays before, what comes after stays after."""


class Layer(Model, frozen=True):
    """One thing the user added."""

    volatility: ClassVar[Volatility]

    @abstractmethod
    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """The instructions that make this layer, in the image that was decided."""
