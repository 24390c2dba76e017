"""The first `WORKDIR` of a stage is absolute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Workdir
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        node = place.node
        # Where the first one of a stage is right, so are those that follow.
        if not isinstance(node, Workdir) or place.workdir:
            continue
        path = view.expanded(node.path, place)
        if path is not None and not path.startswith("/"):
            what = f"WORKDIR {node.path} is relative to a folder that the file does not name"
            yield place, what, (f"WORKDIR /{path}",)


RULE = Rule("WorkdirRelativePath", "workdir-relative-path", "it depends on the base image where it ends up", _find)
