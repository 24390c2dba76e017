"""The first `WORKDIR` of a stage is absolute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import From, Workdir
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    absolute: dict[int, bool] = {}
    for place in view.places:
        node = place.node
        if isinstance(node, From):
            base = view.stage_of(node.image, place.stage)
            absolute[place.stage] = base is not None and absolute.get(base, False)
        if isinstance(node, Workdir):
            path = node.path.strip("\"'")
            if path.startswith(("/", "$")) or path[1:2] == ":":
                absolute[place.stage] = True
            elif not absolute.get(place.stage):
                yield (
                    place,
                    f"WORKDIR {path} is relative to a folder that the file does not name",
                    (f"WORKDIR /{path}",),
                )


RULE = Rule("WorkdirRelativePath", "workdir-relative-path", "it depends on the base image where it ends up", _find)
