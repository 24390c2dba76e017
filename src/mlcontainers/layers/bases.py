"""What an image starts from."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from mlcontainers.layers.model import Model
from mlcontainers.values.references import ImageReference
from mlcontainers.values.versions import CudaVersion, PythonVersion


class CpuBase(Model, frozen=True):
    """A slim Python base; nothing in the image may bring CUDA."""

    kind: Literal["cpu"] = "cpu"
    python: PythonVersion | None = None
    """The newest that everything in the image has wheels for, where it is left out."""


class CudaBase(Model, frozen=True):
    """Whatever base this image needs to compute on NVIDIA GPUs."""

    kind: Literal["cuda"] = "cuda"
    version: CudaVersion | None = None
    """The CUDA release that frameworks are built for; decided by the frameworks where it is left out."""
    python: PythonVersion | None = None
    """The newest that everything in the image has wheels for, where it is left out."""


class ReferenceBase(Model, frozen=True):
    """A base image of the user's choice."""

    kind: Literal["reference"] = "reference"
    reference: ImageReference
    python: PythonVersion | None = None
    """The Python inside it, where its name does not tell."""
    cuda: CudaVersion | None = None
    """The CUDA release to choose wheels for; CPU wheels where it is left out and the name does not tell."""


AnyBase: TypeAlias = Annotated[CpuBase | CudaBase | ReferenceBase, Field(discriminator="kind")]
