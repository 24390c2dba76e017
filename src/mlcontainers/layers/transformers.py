"""Hugging Face Transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from mlcontainers.layers.framework import Framework, Wish, build_for

if TYPE_CHECKING:
    from mlcontainers.values.accelerators import Accelerator


class Transformers(Framework, frozen=True):
    """Transformers and the framework that computes for it; its tokenizers follow from its own metadata."""

    project: ClassVar[str] = "transformers"
    title: ClassVar[str] = "Transformers"

    kind: Literal["transformers"] = "transformers"
    framework: Literal["torch", "none"] = "torch"
    """The framework that computes; with `none` only tokenizers, configurations and the like work."""

    def wishes(self, accelerator: Accelerator, machine: str) -> tuple[Wish, ...]:
        """Transformers, and what computes."""
        wished = super().wishes(accelerator, machine)
        return wished if self.framework == "none" else (*wished, Wish(build_for("torch", accelerator, machine)))
