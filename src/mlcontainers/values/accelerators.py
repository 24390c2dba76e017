"""What computes: the CPU, or a GPU through CUDA or ROCm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mlcontainers.values.text import word
from mlcontainers.values.versions import CudaVersion


@dataclass(frozen=True, slots=True)
class Cpu:
    """No GPU: no CUDA library may enter the image."""

    def __str__(self) -> str:
        return "CPU"


@dataclass(frozen=True, slots=True)
class Cuda:
    """An NVIDIA GPU; without a version the newest that everything else admits."""

    version: CudaVersion | None

    def __init__(self, version: CudaVersion | str | None = None) -> None:
        object.__setattr__(self, "version", None if version is None else CudaVersion.of(version))

    def __str__(self) -> str:
        return "CUDA" if self.version is None else f"CUDA {self.version}"


@dataclass(frozen=True, slots=True)
class Rocm:
    """An AMD GPU; without a version the newest that everything else admits."""

    version: str | None

    def __init__(self, version: str | None = None) -> None:
        object.__setattr__(self, "version", None if version is None else word(version, "ROCm version"))

    def __str__(self) -> str:
        return "ROCm" if self.version is None else f"ROCm {self.version}"


Accelerator: TypeAlias = Cpu | Cuda | Rocm
