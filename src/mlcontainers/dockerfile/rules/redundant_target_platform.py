"""`--platform=$TARGETPLATFORM` says what holds anyway."""

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
        if isinstance(place.node, From) and place.node.platform in {"$TARGETPLATFORM", "${TARGETPLATFORM}"}:
            yield place, f"--platform={place.node.platform} is the default", ("leave it out",)


RULE = Rule("RedundantTargetPlatform", "redundant-target-platform", "a base is fetched for the target anyway", _find)
