"""No fixed `--platform` in `FROM`."""

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
        if not isinstance(node, From) or not node.platform or "$" in node.platform:
            continue
        parts = node.platform.lower().split("/")
        if not any(part in (node.name or "") for part in parts):
            yield place, f"--platform={node.platform} is fixed", ("leave it out, or name the stage after it",)


RULE = Rule(
    "FromPlatformFlagConstDisallowed", "from-platform-flag-const-disallowed",
    "the stage cannot be built for any other platform", _find,
)  # fmt: skip
