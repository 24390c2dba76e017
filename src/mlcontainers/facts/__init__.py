"""What is true about frameworks, CUDA, Python and base images: dated records with sources. Knows no Docker."""

from __future__ import annotations

from mlcontainers.facts.catalogue import Catalogue, catalogue
from mlcontainers.facts.releases import Release, Wheels
from mlcontainers.facts.tables import CudaImage, PythonImage, PythonRelease, Suite, Tool, Toolkit

__all__ = [
    "Catalogue",
    "CudaImage",
    "PythonImage",
    "PythonRelease",
    "Release",
    "Suite",
    "Tool",
    "Toolkit",
    "Wheels",
    "catalogue",
]
