"""One question a file; together they turn an image into a plan."""

from __future__ import annotations

from mlcontainers.planners.forecasting import Forecast
from mlcontainers.planners.planning import plan
from mlcontainers.planners.plans import Decision, Plan

__all__ = ["Decision", "Forecast", "Plan", "plan"]
