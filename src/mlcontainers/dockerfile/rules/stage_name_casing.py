"""Stage names are lower case."""

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
        if isinstance(node, From) and node.name and node.source:
            written = node.source.arguments.split()[-1]
            if written != node.name:
                yield place, f"the stage name {written!r} is not lower case", (f"AS {node.name}",)


RULE = Rule("StageNameCasing", "stage-name-casing", "FROM finds a stage by its lower-case name only", _find)
