"""`--platform=$TARGETPLATFORM` says what holds anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError, expand, variables
from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        platform = place.node.platform if isinstance(place.node, From) else None
        if platform and "TARGETPLATFORM" in platform and _is_target(platform, view.escape):
            yield place, f"--platform={platform} is the default", ("leave it out",)


def _is_target(platform: str, escape: str) -> bool:
    """Whether nothing but the target's platform goes in, and nothing else comes out."""
    try:
        names = {variable.name for variable in variables(platform, escape)}
        return names == {"TARGETPLATFORM"} and expand(platform, {"TARGETPLATFORM": "os/cpu"}.get, escape) == "os/cpu"
    except BadExpansionError:
        return False


RULE = Rule("RedundantTargetPlatform", "redundant-target-platform", "a base is fetched for the target anyway", _find)
