"""TensorFlow."""

from __future__ import annotations

from typing import ClassVar, Literal

from mlcontainers.layers.framework import Framework


class TensorFlow(Framework, frozen=True):
    """TensorFlow with its Keras: the CPU build where nothing computes on a GPU, else with the CUDA that it pins."""

    project: ClassVar[str] = "tensorflow"
    title: ClassVar[str] = "TensorFlow"

    kind: Literal["tensorflow"] = "tensorflow"
