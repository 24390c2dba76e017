"""What is true about frameworks, CUDA, Python and base images: dated records with sources. Knows no Docker."""

from __future__ import annotations

from mlcontainers.facts.catalogues import Catalogue, catalogue
from mlcontainers.facts.evidence import Source
from mlcontainers.facts.known import Known
from mlcontainers.facts.releases import Release, Wheels
from mlcontainers.facts.tables import (
    Build,
    Compiled,
    CudaImage,
    PythonImage,
    PythonRelease,
    Suite,
    SystemLibraries,
    Tool,
    Toolkit,
)

__all__ = [
    "Build",
    "Catalogue",
    "Compiled",
    "CudaImage",
    "Known",
    "PythonImage",
    "PythonRelease",
    "Release",
    "Source",
    "Suite",
    "SystemLibraries",
    "Tool",
    "Toolkit",
    "Wheels",
    "catalogue",
]
