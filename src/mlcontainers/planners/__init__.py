"""One question a file; together they turn an image into a plan."""

from __future__ import annotations

from mlcontainers.planners.pinning import Answer, pin
from mlcontainers.planners.planning import plan
from mlcontainers.planners.plans import Decision, Forecast, Plan

__all__ = ["Answer", "Decision", "Forecast", "Plan", "pin", "plan"]
