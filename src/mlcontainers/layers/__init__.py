"""What users add to an image. A new kind is a new file and one line here."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from mlcontainers.layers.apt import Apt, AptSource
from mlcontainers.layers.conda import Conda
from mlcontainers.layers.extension import Extension
from mlcontainers.layers.files import Files
from mlcontainers.layers.framework import Framework, Wish
from mlcontainers.layers.jax import Jax
from mlcontainers.layers.keras import Keras
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.layers.other import Other
from mlcontainers.layers.pip import Pip
from mlcontainers.layers.run import Shell
from mlcontainers.layers.sklearn import Sklearn
from mlcontainers.layers.target import Compiling, CudaToolkit, Index, Pin, Target
from mlcontainers.layers.tensorflow import TensorFlow
from mlcontainers.layers.torch import Torch
from mlcontainers.layers.transformers import Transformers

AnyLayer: TypeAlias = Annotated[
    Apt | Torch | TensorFlow | Keras | Jax | Sklearn | Transformers | Other | Extension | Pip | Conda | Files | Shell,
    Field(discriminator="kind"),
]

__all__ = [
    "AnyLayer",
    "Apt",
    "AptSource",
    "Compiling",
    "Conda",
    "CudaToolkit",
    "Extension",
    "Files",
    "Framework",
    "Index",
    "Jax",
    "Keras",
    "Layer",
    "Other",
    "Pin",
    "Pip",
    "Shell",
    "Sklearn",
    "Target",
    "TensorFlow",
    "Torch",
    "Transformers",
    "Volatility",
    "Wish",
]
