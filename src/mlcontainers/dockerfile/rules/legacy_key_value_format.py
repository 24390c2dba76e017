"""`ENV` and `LABEL` are written with `=`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Env, Label
from mlcontainers.dockerfile.rules.rule import Rule
from mlcontainers.dockerfile.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        node = place.node
        if isinstance(node, Env | Label) and node.source:
            words = split_words(node.source.arguments, view.escape)
            if words and "=" not in words[0]:
                yield place, f"{node.keyword} {node.pairs[0][0]} has no =", (f"{node.keyword} {node.arguments}",)


RULE = Rule("LegacyKeyValueFormat", "legacy-key-value-format", "the old form takes one pair and hides mistakes", _find)
