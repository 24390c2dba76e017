"""No blank line inside an instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        if place.node.source and place.node.source.empty_continuation:
            hint = "remove the blank line, or put a # on it"
            yield place, f"a blank line stands inside {place.node.keyword}", (hint,)


RULE = Rule(
    "NoEmptyContinuation", "no-empty-continuation",
    "builders read on behind it today and will refuse it one day; many tools already end the instruction there", _find,
)  # fmt: skip
