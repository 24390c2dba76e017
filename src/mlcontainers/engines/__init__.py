"""What touches the machine: builds through `docker buildx`, everything else through the Docker SDK."""

from __future__ import annotations

from mlcontainers.engines.building import BuiltImage, build
from mlcontainers.engines.events import Event

__all__ = ["BuiltImage", "Event", "build"]
