"""With nothing but the defaults of its ARGs, `FROM` names an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.rules.rule import Rule
from mlcontainers.dockerfile.scopes import PLATFORM_ARGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View

_PLAIN = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)


def _find(view: View) -> Iterator[Finding]:
    empty = {name for name, arg in view.globals.items() if not _default(arg.pairs, name)}
    for place in view.places:
        if not isinstance(place.node, From):
            continue
        names = {first or second for first, second in _PLAIN.findall(place.node.image)}
        blank = _PLAIN.sub(lambda match: "" if (match[1] or match[2]) in empty else "x", place.node.image)
        if names & empty - PLATFORM_ARGS and (not blank or blank[-1] in ":/@" or blank[0] in ":/@"):
            missing = sorted(names & empty)[0]
            yield place, f"without a --build-arg, {place.node.image!r} is no image", (f"ARG {missing}=...",)


def _default(pairs: tuple[tuple[str, object], ...], name: str) -> str:
    value = dict(pairs).get(name)
    return "" if value is None else str(value).strip("\"'")


RULE = Rule(
    "InvalidDefaultArgInFrom", "invalid-default-arg-in-from", "the file builds only with the right argument", _find
)
