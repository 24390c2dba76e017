"""The plan: everything that was decided about an image, why, and the Dockerfile that follows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Dockerfile
    from mlcontainers.errors import Problem
    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.layers import Compiling, Pin, Target
    from mlcontainers.planners.forecasting import Forecast
    from mlcontainers.planners.installs import Install
    from mlcontainers.values.context import ContextFiles
    from mlcontainers.values.evidence import Fact
    from mlcontainers.values.locks import Lock
    from mlcontainers.values.sources import Sources


class Decision(Struct, frozen=True):
    """One thing that was decided, and the facts it rests on."""

    subject: str
    """What it is about: `base image`, `torch`, `Python`."""
    choice: str
    because: tuple[Fact, ...] = ()


class Extensions(Struct, frozen=True):
    """What is compiled in an image, and why so."""

    compiling: tuple[Compiling | None, ...]
    """For each layer how it is compiled; None for those that are not."""
    decisions: tuple[Decision, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """An image, decided: equal images and equal facts give equal plans, on every machine."""

    image: Image
    target: Target
    sources: Sources
    context: ContextFiles | None
    """The files of the build context that were read; None where none were given."""
    dockerfile: Dockerfile
    origins: tuple[str | None, ...]
    """For each instruction of the Dockerfile the layer that wrote it, such as `layers[1] (torch)`."""
    pins: tuple[Pin, ...]
    """Every package that was decided."""
    installs: tuple[Install, ...]
    """The steps that install Python packages, in the order in which they run: what a lock has to hold."""
    decisions: tuple[Decision, ...]
    problems: tuple[Problem, ...]
    """Warnings and remarks. What is impossible has raised ImpossibleError instead."""
    expiry: tuple[Fact, ...]
    """Until when what it stands on is supported."""
    forecast: Forecast
    driver_floor: str | None
    """The oldest NVIDIA driver of the host that runs it; None where no GPU is used or nobody knows."""
    capabilities: tuple[str, ...]
    """The compute capabilities that torch's build has code for; none where no GPU is used or nobody has listed them."""
    secrets: tuple[str, ...]
    """Ids of all build secrets that steps ask for."""
    required_secrets: tuple[str, ...]
    """Those of them that a build has to be given; without the others a step does as well."""
    contexts: tuple[str, ...]
    """Named build contexts that the build has to be given."""
    facts_date: str
    """The day of the newest facts it rests on."""
    lock: Lock | None
    """By which its base images are named; builds of it make equal layers."""
    facts: Catalogue = field(compare=False, repr=False)
    """All that was known: the same image is planned again from the same facts."""

    def explain(self) -> str:
        """The plan as text for people: decisions with reasons, problems, driver, sizes and ends of support."""
        return "\n".join(_lines(self)) + "\n"

    def to_json(self) -> dict[str, Any]:
        """The plan as data for programs."""
        return {
            "schema": 1,
            "image": json.loads(self.image.dump("json")),
            "base": str(self.target.base),
            "python": None if self.target.python is None else str(self.target.python),
            "platform": str(self.target.platform),
            "accelerator": str(self.target.accelerator),
            "packages": [
                {
                    "project": pin.project,
                    "version": str(pin.version),
                    "index": pin.index.url if pin.index else None,
                }
                for pin in self.pins
            ],
            "decisions": [
                {"subject": d.subject, "choice": d.choice, "because": [asdict(fact) for fact in d.because]}
                for d in self.decisions
            ],
            "problems": [problem.to_json() for problem in self.problems],
            "driver_floor": self.driver_floor,
            "capabilities": list(self.capabilities),
            "forecast": asdict(self.forecast),
            "expiry": [asdict(fact) for fact in self.expiry],
            "secrets": list(self.secrets),
            "contexts": list(self.contexts),
            "facts_date": self.facts_date,
            "lock": self.lock.to_json() if self.lock else None,
            "dockerfile": self.dockerfile.render(),
        }


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of `Plan.to_json`; `docs/plan.schema.json` publishes it."""
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    optional = {"type": ["string", "null"]}
    fact = _object({"claim": text, "source": text, "date": text})
    facts = {"type": "array", "items": fact}
    span = {"type": ["object", "null"]}
    line = {"type": ["integer", "null"]}
    problem = {
        "code": text, "severity": {"enum": ["error", "warning", "info"]}, "where": text, "what": text, "because": texts,
        "hints": texts, "point": span, "line": line, "end_line": line,
    }  # fmt: skip
    package = _object({"project": text, "version": text, "index": optional})
    decision = _object({"subject": text, "choice": text, "because": facts})
    count = {"type": "integer", "minimum": 0}
    sizes = dict.fromkeys(("download", "image", "compressed", "peak_disk", "layers"), count)
    forecast = _object({**sizes, "unknown": texts, "bound": {"type": "number"}})
    fields = {
        "schema": {"const": 1}, "image": {"type": "object"}, "base": text, "python": optional, "platform": text,
        "accelerator": text, "packages": {"type": "array", "items": package},
        "decisions": {"type": "array", "items": decision}, "problems": {"type": "array", "items": _object(problem)},
        "driver_floor": optional, "capabilities": texts, "forecast": forecast, "expiry": facts, "secrets": texts,
        "contexts": texts, "facts_date": text, "lock": {"type": ["object", "null"]},
        "dockerfile": text,
    }  # fmt: skip
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What mlcontainers decided about an image",
    }
    return {**head, **_object(fields)}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    """An object with just these fields, all of them."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def _lines(plan: Plan) -> Iterator[str]:
    for decision in plan.decisions:
        yield f"{decision.subject}: {decision.choice}"
        yield from (f"  because {fact}" for fact in decision.because)
    yield ""
    if plan.driver_floor:
        yield f"NVIDIA driver: {plan.driver_floor} or newer on the host"
    if plan.capabilities:
        yield f"GPUs of compute capability: {', '.join(plan.capabilities)}"
    yield from _sizes(plan.forecast)
    yield from (f"expires: {fact}" for fact in plan.expiry)
    yield f"facts: as of {plan.facts_date}"
    for problem in plan.problems:
        yield ""
        yield str(problem)


def _sizes(forecast: Forecast) -> Iterator[str]:
    if forecast.download:
        size = {name: human_size(getattr(forecast, name)) for name in ("download", "image", "compressed", "peak_disk")}
        yield f"download: {size['download']} of wheels"
        yield (
            f"image: the base image and {size['image']} ({size['compressed']} compressed) "
            f"in {forecast.layers} layers; within {forecast.bound:.0%}"
        )
        yield f"disk while building: {size['peak_disk']} at most"
    if forecast.unknown:
        yield f"not measured, and on top: {', '.join(forecast.unknown)}"
