"""A variable is declared where it is used: ARGs above the first FROM are not seen inside a stage.

Without the base image at hand we tell only of names that no base image can have set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Expose, From
from mlcontainers.dockerfile.rules.rule import Rule
from mlcontainers.dockerfile.rules.uses import uses
from mlcontainers.dockerfile.scopes import PLATFORM_ARGS
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        # Builders look the variables of an EXPOSE up without a word.
        if isinstance(place.node, From | Expose) or place.stage < 0:
            continue
        for name in uses(place.node, view.escape):
            if name in place.seen or name == "PATH":
                continue
            if name in PLATFORM_ARGS or name in view.globals:
                yield place, f"{name!r} is not declared in this stage", (f"ARG {name}",)
            elif place.from_scratch:
                yield place, f"{name!r} is set nowhere above", did_you_mean(name, place.seen)


RULE = Rule("UndefinedVar", "undefined-var", "it expands to nothing", _find)
