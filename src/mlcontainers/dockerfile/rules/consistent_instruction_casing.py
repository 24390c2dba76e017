"""All keywords are in one case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    # ARGs above the first FROM do not count.
    places = [place for place in view.places if place.stage >= 0 and place.node.keyword]
    read = [(place, place.node.source.keyword) for place in places if place.node.source]
    lower = sum(word.islower() for _, word in read)
    upper = sum(word.isupper() for _, word in read)
    for place, word in read:
        wanted = word.lower() if lower > upper else word.upper()
        if word != wanted:
            yield place, f"the keyword {word!r} is in another case than most", (wanted,)


RULE = Rule(
    "ConsistentInstructionCasing", "consistent-instruction-casing", "keywords in one case are easier to read", _find
)
