"""One `CMD`, `ENTRYPOINT` and `HEALTHCHECK` a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Cmd, Entrypoint, Healthcheck
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import Place, View


def _find(view: View) -> Iterator[Finding]:
    last: dict[tuple[int, str], Place] = {}
    for place in view.places:
        if isinstance(place.node, Cmd | Entrypoint | Healthcheck):
            key = place.stage, place.node.keyword
            if key in last:
                yield last[key], f"a later {place.node.keyword} in this stage replaces this one", ("remove it",)
            last[key] = place


RULE = Rule("MultipleInstructionsDisallowed", "multiple-instructions-disallowed", "only the last one counts", _find)
