"""What touches the machine: builds through `docker buildx`, everything else through the Docker SDK."""

from __future__ import annotations

from mlcontainers.engines.building import BuiltImage, build
from mlcontainers.engines.events import Event
from mlcontainers.engines.reports import Report
from mlcontainers.engines.verifying import verify

__all__ = ["BuiltImage", "Event", "Report", "build", "verify"]
