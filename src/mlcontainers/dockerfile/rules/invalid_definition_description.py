"""A comment right above a named `FROM` or an `ARG` begins with that name: builders show it as the description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, From
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        node = place.node
        names = (
            [node.name] if isinstance(node, From) else [name for name, _ in node.pairs] if isinstance(node, Arg) else []
        )
        comments = view.comments.get(place.line, ())
        if not comments or not any(names) or comments[-1].split(" ")[0] in names:
            continue
        what = f"the comment above {node.keyword} {names[0]} does not begin with that name"
        hints = (f"# {names[0]} {comments[-1]}", "or put an empty comment line, #, between them")
        yield place, what, hints


RULE = Rule(
    "InvalidDefinitionDescription", "invalid-definition-description", "it is shown as the description of nothing",
    _find, experimental=True,
)  # fmt: skip
