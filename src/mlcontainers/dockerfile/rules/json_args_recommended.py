"""What the container runs is in the JSON form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.forms import ShellForm
from mlcontainers.dockerfile.instructions import Cmd, Entrypoint, Shell
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    chosen = {place.stage for place in view.places if isinstance(place.node, Shell)}
    for place in view.places:
        node = place.node
        if not isinstance(node, Cmd | Entrypoint) or place.stage in chosen:
            continue
        if isinstance(node.command, ShellForm) and node.command.command:
            yield place, f"{node.keyword} is in the shell form", (f'{node.keyword} ["program", "argument"]',)


RULE = Rule("JSONArgsRecommended", "json-args-recommended", "a shell in between keeps signals from the program", _find)
