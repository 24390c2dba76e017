"""No two stages of one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    seen: set[str] = set()
    for place in view.places:
        if isinstance(place.node, From) and place.node.name:
            if place.node.name in seen:
                yield place, f"a stage above is called {place.node.name!r} too", ()
            seen.add(place.node.name)


RULE = Rule("DuplicateStageName", "duplicate-stage-name", "later references see the last one only", _find)
