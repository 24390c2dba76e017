"""What a verification found: as data for programs, and as text for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.errors import Problem

Verdict = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question about an image, and its answer."""

    name: str
    """Stable: `user`, `import torch`, `health`."""
    verdict: Verdict
    """`yes` is as it should be; `unknown` is what this machine cannot tell."""
    seen: str
    """What was seen, in one line."""
    problem: Problem | None = None
    """Set where the verdict is no: because of what, and what to do. A warning costs bytes or convenience, no more."""
    needs_gpu: bool = False
    """Only a machine with a GPU can tell."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that `verify` asked, and what it found."""

    reference: str
    image: str
    """The id by which the engine knows the image: the digest of what a registry would hold."""
    checks: tuple[Check, ...]
    installed: tuple[tuple[str, str], ...]
    """Every Python package in it, with its version, sorted."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Nothing that was asked is wrong. What is unknown is in `checks`."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, or worth knowing."""
        return tuple(check.problem for check in self.checks if check.problem is not None)

    def to_json(self) -> dict[str, Any]:
        """The report as data for programs."""
        return {
            "schema": 1,
            "reference": self.reference,
            "image": self.image,
            "ok": self.ok,
            "checks": [
                {**asdict(check), "problem": check.problem.to_json() if check.problem else None}
                for check in self.checks
            ],
            "problems": [problem.to_json() for problem in self.problems],
            "installed": dict(self.installed),
            "seconds": round(self.seconds, 3),
        }

    def explain(self) -> str:
        """The report as text for people: what was asked, what only a GPU can tell, and what is wrong."""
        return "\n".join(_lines(self)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    later = [check for check in report.checks if check.needs_gpu and check.verdict == "unknown"]
    yield from (f"{check.verdict:8}{check.name}: {check.seen}" for check in report.checks if check not in later)
    if later:
        yield ""
        yield "only a machine with a GPU can tell:"
        yield from (f"  {check.name}: {check.seen}" for check in later)
    yield ""
    yield f"{report.reference}: {'verified' if report.ok else 'not as it should be'}, {report.seconds:.1f} s"
    for problem in report.problems:
        yield ""
        yield str(problem)
