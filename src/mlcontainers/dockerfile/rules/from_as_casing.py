"""`FROM` and `AS` are in the same case."""

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
        node = place.node
        if not (isinstance(node, From) and node.name and node.source):
            continue
        keyword, word = node.source.keyword, node.source.arguments.split()[1]
        # A keyword of both cases is told elsewhere.
        wanted = {keyword.lower(): word.lower(), keyword.upper(): word.upper()}.get(keyword, word)
        if word != wanted:
            yield place, f"{keyword!r} and {word!r} are in different cases", ("FROM image AS name",)


RULE = Rule("FromAsCasing", "from-as-casing", "keywords in one case are easier to read", _find)
