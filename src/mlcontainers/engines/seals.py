"""A build that failed at the seal: who wanted what, and what was planned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import Run
from mlcontainers.errors import Problem

if TYPE_CHECKING:
    from mlcontainers.planners import Plan

_BY_PIP = re.compile(
    r"The conflict is caused by: (?P<wish>.+?) The user requested \(constraint\) (?P<name>\S+?)==(?P<version>\S+)"
)
_SWAPPED = re.compile(r"^(\S+) (\S+) is installed, planned was (\S+)$", re.MULTILINE)
_MISFIT = re.compile(r"The package `(\S+)` requires `(.+?)`, but `(\S+)` is installed")


def broken_seal(plan: Plan, layer: str, log: str) -> Problem | None:
    """The problem, where a step wanted another release of what a framework layer had sealed; None for other failures.

    It knows the words of uv's and pip's resolvers, and of the last step of an image, which compares.
    """
    if found := list(_SWAPPED.finditer(log)):
        states = (
            (name, "is not installed" if now == "None" else f"{now} is installed", planned)
            for name, now, planned in _groups(found)
        )
        what = "; ".join(f"{name} {state}, and {planned} was planned" for name, state, planned in states)
        hint = f"leave {', '.join(match[1] for match in found)} to its own layer"
        return Problem("not-as-planned", "error", layer, what, _commands(plan), (hint,))
    if found := list(_MISFIT.finditer(log)):
        what = "; ".join(f"{name} requires {wish}, and {now} is installed" for name, wish, now in _groups(found))
        hint = "install it with what it needs, in a version that fits"
        return Problem("does-not-fit", "error", layer, what, _commands(plan), (hint,))
    return _refused(plan, layer, " ".join(log.split()))


def _groups(found: list[re.Match[str]]) -> list[tuple[str, str, str]]:
    return [(match[1], match[2], match[3]) for match in found]


def _refused(plan: Plan, layer: str, words: str) -> Problem | None:
    if match := _BY_PIP.search(words):
        return _sealed(plan, layer, match["wish"], match["name"], match["version"])
    for pin in plan.pins if "No solution found" in words else ():
        name = re.escape(pin.project)
        # The label of a build is no part of what resolvers compare: `torch==2.13.0` stands for `2.13.0+cpu` too.
        version = re.escape(pin.version.public) + r"(?:\+\w+)?"
        wish = re.search(rf"(?:\S+ depends on|you require) {name}(?!=={version}(?![\w.+]))[=<>!~]\S*[^\s,.]", words)
        if wish and re.search(rf"\b{name}=={version}(?![\w.+])", words):
            return _sealed(plan, layer, wish[0], pin.project, str(pin.version))
    return None


def _sealed(plan: Plan, layer: str, wish: str, name: str, version: str) -> Problem:
    owner = _owner(plan, f"{name}=={version}")
    what = f"{wish}, and {name} {version} is sealed"
    because = (f"{owner or 'a framework layer'} installed {name} {version}, and no later step may swap it",)
    hints = (
        f"ask for a release that works with {name} {version}",
        f"or ask for another {name} in its own layer{f', {owner}' if owner else ''}",
    )
    return Problem("sealed", "error", layer, what, because, hints)


def _owner(plan: Plan, pin: str) -> str:
    """The layer that wrote this pin."""
    for instruction, origin in zip(plan.dockerfile.instructions, plan.origins, strict=True):
        if isinstance(instruction, Run) and pin in str(instruction) and (origin or "").startswith("layers["):
            return origin or ""
    return ""


def _commands(plan: Plan) -> tuple[str, ...]:
    """The layers of which nothing is known: whatever changed what was installed was one of them."""
    found = dict.fromkeys(origin for origin in plan.origins if origin and origin.endswith("(run)"))
    return (f"{', '.join(found)} may have done so: commands are not checked",) if found else ()
