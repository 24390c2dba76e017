"""JAX."""

from __future__ import annotations

from typing import ClassVar, Literal

from mlcontainers.layers.framework import Framework


class Jax(Framework, frozen=True):
    """JAX with its jaxlib, and with the plugins of one CUDA major where the image computes on NVIDIA GPUs."""

    project: ClassVar[str] = "jax"
    title: ClassVar[str] = "JAX"

    kind: Literal["jax"] = "jax"
