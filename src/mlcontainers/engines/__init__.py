"""What touches the machine: builds through `docker buildx`, everything else through the Docker SDK."""

from __future__ import annotations

from mlcontainers.engines.baking import build_all
from mlcontainers.engines.building import build
from mlcontainers.engines.built import BuiltImage
from mlcontainers.engines.caches import Cache
from mlcontainers.engines.cells import BuiltCell, CellEvent
from mlcontainers.engines.context import read_context
from mlcontainers.engines.events import Event
from mlcontainers.engines.inspecting import inspect
from mlcontainers.engines.reports import Report
from mlcontainers.engines.starting import run
from mlcontainers.engines.streaming import build_async, build_events
from mlcontainers.engines.verifying import verify

__all__ = [
    "BuiltCell",
    "BuiltImage",
    "Cache",
    "CellEvent",
    "Event",
    "Report",
    "build",
    "build_all",
    "build_async",
    "build_events",
    "inspect",
    "read_context",
    "run",
    "verify",
]
