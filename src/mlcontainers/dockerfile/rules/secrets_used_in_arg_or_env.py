"""No secret in an `ARG` or `ENV`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, Env
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View

_SECRET = re.compile(r"(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.I)
_OPEN = re.compile(r"(?:^|_)(?:public|file|version)(?:_|$)", re.I)


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        if isinstance(place.node, Arg | Env) and place.stage >= 0:
            for name, _ in place.node.pairs:
                if _SECRET.search(name) and not _OPEN.search(name):
                    hint = f"RUN --mount=type=secret,id={name},env={name} ..."
                    yield place, f"{place.node.keyword} {name!r} looks like a secret", (hint,)


RULE = Rule(
    "SecretsUsedInArgOrEnv", "secrets-used-in-arg-or-env", "whoever has the image can read it from its history", _find
)
