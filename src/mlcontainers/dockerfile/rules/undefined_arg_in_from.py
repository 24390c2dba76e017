"""`FROM` uses only variables that an `ARG` above it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.rules.rule import Rule
from mlcontainers.dockerfile.rules.uses import uses
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        if not isinstance(place.node, From):
            continue
        for name in uses(place.node, view.escape):
            if name not in place.seen:
                hints = (*did_you_mean(name, place.seen), f"ARG {name}=... above the first FROM")
                yield place, f"FROM uses {name!r}, which no ARG above it declares", hints


RULE = Rule("UndefinedArgInFrom", "undefined-arg-in-from", "it expands to nothing", _find)
