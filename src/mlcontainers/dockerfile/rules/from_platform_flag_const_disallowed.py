"""`--platform` of a `FROM` is a variable, or the stage is named after the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


_SAME = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386"}
"""Other names of processors."""
_SYSTEMS = frozenset(("linux", "windows", "darwin", "freebsd"))


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        node = place.node
        if not isinstance(node, From) or not node.platform or "$" in node.platform:
            continue
        words = node.platform.lower().split("/")[:2]
        named = [_SAME.get(word, word) for word in words]
        if len(words) == 1:
            named += ["amd64"] if words[0] in _SYSTEMS else ["linux"]
        if not any(word in (node.name or "") for word in named):
            yield place, f"--platform={node.platform} is fixed", ("leave it out, or name the stage after it",)


RULE = Rule(
    "FromPlatformFlagConstDisallowed", "from-platform-flag-const-disallowed",
    "the stage cannot be built for any other platform", _find,
)  # fmt: skip
