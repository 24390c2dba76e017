"""Keras, on one of its backends."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from mlcontainers.layers.framework import Framework, Wish, build_for

if TYPE_CHECKING:
    from mlcontainers.values.accelerators import Accelerator


class Keras(Framework, frozen=True):
    """Keras 3 and the framework that computes for it, which `KERAS_BACKEND` names in the image."""

    project: ClassVar[str] = "keras"
    title: ClassVar[str] = "Keras"

    kind: Literal["keras"] = "keras"
    backend: Literal["tensorflow", "torch", "jax"] = "tensorflow"
    """The framework that computes; a layer of its own can say which version."""

    def wishes(self, accelerator: Accelerator, machine: str) -> tuple[Wish, ...]:
        """Keras, and its backend."""
        return (*super().wishes(accelerator, machine), Wish(build_for(self.backend, accelerator, machine)))

    def environment(self) -> tuple[tuple[str, str], ...]:
        """Keras would take TensorFlow, installed or not (keras `src/backend/config.py`)."""
        return (("KERAS_BACKEND", self.backend),)
