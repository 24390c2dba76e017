"""`CMD` and `ENTRYPOINT` are in the exec form, unless a `SHELL` was chosen for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.forms import ShellForm
from mlcontainers.dockerfile.instructions import Cmd, Entrypoint, From, Shell
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    chosen: set[int] = set()
    for place in view.places:
        node = place.node
        if isinstance(node, From) and view.stage_of(node.image, place.stage) in chosen:
            chosen.add(place.stage)
        if isinstance(node, Shell):
            chosen.add(place.stage)
        if not isinstance(node, Cmd | Entrypoint) or place.stage in chosen:
            continue
        if isinstance(node.command, ShellForm):
            yield place, f"{node.keyword} is in the shell form", (f'{node.keyword} ["program", "argument"]',)


RULE = Rule("JSONArgsRecommended", "json-args-recommended", "a shell in between keeps signals from the program", _find)
