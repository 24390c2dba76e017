"""No stage is called `scratch` or `context`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        if isinstance(place.node, From) and place.node.name in {"scratch", "context"}:
            yield place, f"the stage is called {place.node.name!r}", ()


RULE = Rule("ReservedStageName", "reserved-stage-name", "the word means something else to builders", _find)
