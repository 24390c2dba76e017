"""The plan: everything that was decided about an image, why, and the Dockerfile that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Dockerfile
    from mlcontainers.errors import Problem
    from mlcontainers.image import Image
    from mlcontainers.layers import Pin, Target
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.sources import Sources


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was decided, and the facts it rests on."""

    subject: str
    """What it is about: `base image`, `torch`, `Python`."""
    choice: str
    because: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the build will fetch, as far as the facts tell."""

    known_download: int
    """Bytes of those wheels of the frameworks whose size is known; what they depend on comes on top."""
    unknown: tuple[str, ...] = ()
    """Decided packages whose wheels have no known size."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An image, decided: equal images and equal facts give equal plans, on every machine."""

    image: Image
    target: Target
    sources: Sources
    dockerfile: Dockerfile
    origins: tuple[str | None, ...]
    """For each instruction of the Dockerfile the layer that wrote it, such as `layers[1] (torch)`."""
    pins: tuple[Pin, ...]
    """Every package that was decided."""
    decisions: tuple[Decision, ...]
    problems: tuple[Problem, ...]
    """Warnings and remarks. What is impossible has raised ImpossibleError instead."""
    expiry: tuple[Fact, ...]
    """Until when what it stands on is supported."""
    forecast: Forecast
    driver_floor: str | None
    """The oldest NVIDIA driver of the host that runs it; None where no GPU is used or nobody knows."""
    secrets: tuple[str, ...]
    """Ids of the build secrets that install steps ask for; none is required."""
    contexts: tuple[str, ...]
    """Named build contexts that the build has to be given."""
    facts_date: str
    """The day of the newest facts it rests on."""

    def explain(self) -> str:
        """The plan as text for people: decisions with reasons, problems, driver, sizes and ends of support."""
        from mlcontainers.planners.explaining import explain

        return explain(self)

    def to_json(self) -> dict[str, Any]:
        """The plan as data for programs."""
        from mlcontainers.planners.explaining import to_json

        return to_json(self)
