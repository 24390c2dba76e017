"""A plan as people and as programs read it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.planners.plans import Plan


def explain(plan: Plan) -> str:
    """One paragraph a decision, then everything else that a reader should know before building."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    for decision in plan.decisions:
        yield f"{decision.subject}: {decision.choice}"
        yield from (f"  because {fact}" for fact in decision.because)
    yield ""
    if plan.driver_floor:
        yield f"NVIDIA driver: {plan.driver_floor} or newer on the host"
    if plan.forecast.known_download or plan.forecast.unknown:
        yield f"download: {_download(plan)}"
    yield from (f"expires: {fact}" for fact in plan.expiry)
    yield f"facts: as of {plan.facts_date}"
    for problem in plan.problems:
        yield ""
        yield str(problem)


def _download(plan: Plan) -> str:
    unknown = ", ".join(plan.forecast.unknown)
    if not plan.forecast.known_download:
        return f"the size of {unknown} is not known"
    known = f"at least {human_size(plan.forecast.known_download)} of framework wheels"
    return f"{known}; the size of {unknown} is not known" if unknown else f"{known}, and what they depend on"


def to_json(plan: Plan) -> dict[str, Any]:
    """Plain data: dictionaries, lists, text and numbers."""
    return {
        "schema": 1,
        "image": json.loads(plan.image.dump("json")),
        "base": str(plan.target.base),
        "python": str(plan.target.python),
        "platform": str(plan.target.platform),
        "accelerator": str(plan.target.accelerator),
        "packages": [
            {
                "project": pin.project,
                "version": str(pin.version),
                "index": pin.index.url if pin.index else None,
            }
            for pin in plan.pins
        ],
        "decisions": [
            {"subject": d.subject, "choice": d.choice, "because": [asdict(fact) for fact in d.because]}
            for d in plan.decisions
        ],
        "problems": [problem.to_json() for problem in plan.problems],
        "driver_floor": plan.driver_floor,
        "forecast": asdict(plan.forecast),
        "expiry": [asdict(fact) for fact in plan.expiry],
        "secrets": list(plan.secrets),
        "contexts": list(plan.contexts),
        "facts_date": plan.facts_date,
        "dockerfile": plan.dockerfile.render(),
    }
