"""What all frameworks share: wishes for the planner, and one instruction that installs what it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from mlcontainers.dockerfile import Comment
from mlcontainers.layers.installing import LOCKED, install_pins
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.values.accelerators import Cpu, Cuda
from mlcontainers.values.wishes import VersionWish

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Target
    from mlcontainers.values.accelerators import Accelerator


_CPU_SIBLINGS = {
    "x86_64": {"tensorflow": "tensorflow-cpu", "xgboost": "xgboost-cpu"},
    "aarch64": {"xgboost": "xgboost-cpu"},
}
_OWNERS = {"pytorch": "PyTorch"}
_CUDA_SIBLINGS = {"onnxruntime": "onnxruntime-gpu", "paddlepaddle": "paddlepaddle-gpu"}


class Wish(Struct, frozen=True):
    """A project that is wanted, as planners hear it."""

    project: str
    version: VersionWish | None = None
    companion_of: str = ""
    """Its version follows from this project's: `torchvision` from `torch`."""
    extras: tuple[str, ...] = ()
    """As in `tensorflow[and-cuda]`."""


def build_for(project: str, accelerator: Accelerator, machine: str) -> str:
    """The project that has the build for this accelerator, where a framework is published under several names."""
    siblings = _CUDA_SIBLINGS if isinstance(accelerator, Cuda) else _CPU_SIBLINGS.get(machine, {})
    return siblings.get(project, project) if isinstance(accelerator, Cpu | Cuda) else project


class Framework(Layer, frozen=True):
    """A framework with its companions: versions are decided by the planner, then sealed."""

    volatility: ClassVar[Volatility] = Volatility.FRAMEWORK
    project: ClassVar[str]
    title: ClassVar[str]

    version: VersionWish | None = None
    """A version or a range; the newest that fits everything else where it is left out."""

    @property
    def name(self) -> str:
        """What people call it in a sentence."""
        return self.title

    def wishes(self, accelerator: Accelerator, machine: str) -> tuple[Wish, ...]:
        """What the planner has to decide for this layer, the framework itself first."""
        return (Wish(build_for(self.project, accelerator, machine), self.version),)

    def system_packages(self) -> tuple[tuple[str, str], ...]:
        """System packages that were asked for with it, each with the reason."""
        return ()

    def environment(self) -> tuple[tuple[str, str], ...]:
        """Variables that the container needs; the user's own win over them."""
        return ()

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction, since a framework's wheels are the heaviest and steadiest layer there is."""
        origins = dict.fromkeys(
            "this build's wheelhouse"
            if pin.local
            else f"{_OWNERS[pin.index.name]}'s own index"
            if pin.index
            else "the Python index"
            for pin in target.pins
        )
        return (
            Comment(f"{self.name} for {target.accelerator}, from {' and '.join(origins)}; later installs keep it."),
            *(() if target.locked is None else (LOCKED,)),
            install_pins(target),
        )
