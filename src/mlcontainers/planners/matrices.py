"""Many images at once: every combination of values that some fields may have, each planned or refused with reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from mlcontainers.errors import InvalidImageError, MlcontainersError, Problem
from mlcontainers.image import Image
from mlcontainers.planners.planning import plan
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlcontainers.facts import Catalogue
    from mlcontainers.planners.plans import Plan


class Cell(Struct, frozen=True):
    """One combination, and what became of it."""

    values: tuple[tuple[str, object], ...]
    """Field and value, in the order of the axes."""
    image: Image | None
    """None where no such image can be described."""
    plan: Plan | None
    """None where it is impossible."""
    problems: tuple[Problem, ...]
    """Why it is impossible, or what the plan has to say."""

    @property
    def name(self) -> str:
        """The values in words: `base.python=3.12 torch.version=2.9`."""
        return " ".join(f"{field}={_spoken(value)}" for field, value in self.values)


@dataclass(frozen=True, slots=True, init=False)
class Matrix:
    """An image whose fields take several values: `Matrix(image, {"base.python": ["3.11", "3.12"]})`.

    A field is named as in `image.toml`, that of a layer by the layer's kind: `platform`, `base`, `base.version`,
    `torch.version`. Raises InvalidImageError for an axis that is no field.
    """

    image: Image
    axes: tuple[tuple[str, tuple[Any, ...]], ...]

    def __init__(self, image: Image, axes: Mapping[str, Iterable[object]]) -> None:
        object.__setattr__(self, "image", image)
        object.__setattr__(self, "axes", tuple((field, tuple(values)) for field, values in axes.items()))
        data = _data(image)
        problems = [problem for field, values in self.axes for problem in _wrong(data, field, values)]
        if problems:
            raise InvalidImageError(*problems)

    def __len__(self) -> int:
        length = 1
        for _, values in self.axes:
            length *= len(values)
        return length

    def plan(self, *, facts: Catalogue | None = None) -> tuple[Cell, ...]:
        """Every cell, planned; the impossible ones with their reason. The last axis changes fastest."""
        return tuple(self._cells(facts))

    def _cells(self, facts: Catalogue | None) -> Iterator[Cell]:
        text = self.image.dump("json")
        fields = [field for field, _ in self.axes]
        for combination in product(*(values for _, values in self.axes)):
            values = tuple(zip(fields, combination, strict=True))
            data = json.loads(text)
            for field, value in values:
                _set(data, field, value)
            image = None
            try:
                image = Image.parse(json.dumps(data), "json")
                planned = plan(image, facts=facts)
            except MlcontainersError as error:
                yield Cell(values, image, None, error.problems)
            else:
                yield Cell(values, image, planned, planned.problems)


def _data(image: Image) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(image.dump("json")))


def _wrong(data: dict[str, Any], field: str, values: tuple[object, ...]) -> Iterator[Problem]:
    place = f"axis {field!r}"
    if not values:
        yield Problem("empty-axis", "error", place, f"the axis {field!r} has no values", (), ("give at least one",))
    head, dot, _ = field.partition(".")
    kinds = [str(layer["kind"]) for layer in data.get("layers", [])]
    known = (*Image.model_fields, *kinds)
    if head not in known or (head in kinds and not dot):
        what = f"the image has no field {field!r}"
        yield Problem(
            "no-field", "error", place, what, (), did_you_mean(field, [*known, *(f"{k}.version" for k in kinds)])
        )
    elif kinds.count(head) > 1:
        yield Problem("no-field", "error", place, f"{kinds.count(head)} layers are of the kind {head!r}")


def _set(data: dict[str, Any], field: str, value: object) -> None:
    """Put a value where a field is; None takes the field away."""
    *path, last = field.split(".")
    here = data
    for name in path:
        layers = [layer for layer in data.get("layers", []) if layer["kind"] == name]
        here = layers[0] if layers and here is data else here.setdefault(name, {})
    if value is None:
        here.pop(last, None)
    else:
        here[last] = value


def _spoken(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else "none" if value is None else str(value)
