"""PyTorch and the companions that move with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from mlcontainers.layers.framework import Framework, Wish

if TYPE_CHECKING:
    from mlcontainers.values.accelerators import Accelerator


COMPILERS = ("g++", "gcc", "libc6-dev")
COMPILING = "torch.compile and Triton compile while the program runs (100 MB of compilers, compressed)"


class Torch(Framework, frozen=True):
    """PyTorch, with torchvision and torchaudio on request: always the releases made for each other."""

    project: ClassVar[str] = "torch"
    title: ClassVar[str] = "PyTorch"

    kind: Literal["torch"] = "torch"
    vision: bool = False
    """torchvision too."""
    audio: bool = False
    """torchaudio too."""

    jit: bool = False
    """A C compiler too: `torch.compile` and Triton compile while the program runs."""

    def system_packages(self) -> tuple[tuple[str, str], ...]:
        """The compiler, by the names that Debian and Ubuntu have had for it for decades."""
        return tuple((name, COMPILING) for name in COMPILERS) if self.jit else ()

    def wishes(self, accelerator: Accelerator, machine: str) -> tuple[Wish, ...]:
        """torch, and its companions by the releases that name it."""
        companions = (("torchvision", self.vision), ("torchaudio", self.audio))
        return (
            *super().wishes(accelerator, machine),
            *(Wish(name, companion_of="torch") for name, wanted in companions if wanted),
        )
