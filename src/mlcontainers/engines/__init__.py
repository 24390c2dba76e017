"""What touches the machine: builds through `docker buildx`, everything else through the Docker SDK.

Names are loaded when they are first used: a command that only plans needs none of what builds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from mlcontainers.engines.trials import Trial
    from mlcontainers.engines.verifying import verify

_WHERE = {
    "BuiltCell": "cells",
    "BuiltImage": "built",
    "Cache": "caches",
    "CellEvent": "cells",
    "Event": "events",
    "Report": "reports",
    "Trial": "trials",
    "build": "building",
    "build_all": "baking",
    "build_async": "streaming",
    "build_events": "streaming",
    "inspect": "inspecting",
    "read_context": "context",
    "run": "starting",
    "verify": "verifying",
}

__all__ = [
    "BuiltCell",
    "BuiltImage",
    "Cache",
    "CellEvent",
    "Event",
    "Report",
    "Trial",
    "build",
    "build_all",
    "build_async",
    "build_events",
    "inspect",
    "read_context",
    "run",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'mlcontainers.engines' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"mlcontainers.engines.{_WHERE[name]}"), name)
    globals()[name] = value
    return value
