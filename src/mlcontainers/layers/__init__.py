"""What users add to an image. A new kind is a new file and one line here."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from mlcontainers.layers.apt import Apt
from mlcontainers.layers.files import Files
from mlcontainers.layers.framework import Framework, Wish
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.layers.pip import Pip
from mlcontainers.layers.run import Shell
from mlcontainers.layers.sklearn import Sklearn
from mlcontainers.layers.target import Index, Pin, Target
from mlcontainers.layers.torch import Torch

AnyLayer: TypeAlias = Annotated[Apt | Torch | Sklearn | Pip | Files | Shell, Field(discriminator="kind")]

__all__ = [
    "AnyLayer",
    "Apt",
    "Files",
    "Framework",
    "Index",
    "Layer",
    "Pin",
    "Pip",
    "Shell",
    "Sklearn",
    "Target",
    "Torch",
    "Volatility",
    "Wish",
]
