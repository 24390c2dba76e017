"""The cells of a matrix on their way to images: their names, and what became of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlcontainers.errors import BuildFailedError, ImpossibleError, InvalidValueError, Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcontainers.engines.built import BuiltImage
    from mlcontainers.engines.events import Event
    from mlcontainers.errors import MlcontainersError
    from mlcontainers.planners.matrices import Cell

_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class CellEvent:
    """Something that happens while many images are built."""

    cell: str
    """The name of the cell, as in `base.python=3.12`."""
    event: Event
    shared: bool = False
    """The step is another cell's too, for which this has been told already."""


@dataclass(frozen=True, slots=True)
class BuiltCell:
    """One image of many, and what became of it."""

    cell: Cell
    built: BuiltImage | None
    error: MlcontainersError | None
    """ImpossibleError where facts rule it out; BuildFailedError or VerifyFailedError where the engine did."""

    @property
    def state(self) -> Literal["built", "impossible", "failed"]:
        """What became of it, in a word."""
        if self.built is not None:
            return "built"
        return "impossible" if isinstance(self.error, ImpossibleError) else "failed"

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it is not built; none where it is."""
        return self.error.problems if self.error else ()

    def to_json(self) -> dict[str, object]:
        """The answer as data for programs."""
        error = self.error if isinstance(self.error, BuildFailedError) else None
        return {
            "cell": self.cell.name,
            "values": dict(self.cell.values),
            "state": self.state,
            "image": self.built.to_json() if self.built else None,
            "problems": [problem.to_json() for problem in self.problems],
            "step": error.step if error else None,
            "layer": error.layer if error else None,
            "log_tail": list(error.log_tail) if error else [],
        }


def filled(template: str, cell: Cell) -> str:
    """A name with the cell's values in the place of its fields: `app:py{base.python}` is `app:py3.12`.

    What a tag cannot hold becomes a dash.
    """
    values = {field: "none" if value is None else str(value) for field, value in cell.values}

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            what = f"the name {template!r} has the field {found[1]!r}, which is no axis of the matrix"
            raise InvalidValueError(
                Problem("no-field", "error", "tags", what, (), did_you_mean(found[1], list(values)))
            )
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", values[found[1]])

    return _FIELD.sub(value, template)


def slugs(names: Iterable[str]) -> tuple[str, ...]:
    """Each name as a word that the builder takes for a target, and no two alike."""
    words: list[str] = []
    for position, name in enumerate(names, start=1):
        word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        words.append(f"{position}-{word}" if word else str(position))
    return tuple(words)
