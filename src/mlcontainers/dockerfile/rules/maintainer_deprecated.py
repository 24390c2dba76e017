"""`MAINTAINER` is a label today."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Maintainer
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        if isinstance(place.node, Maintainer):
            name = json.dumps(place.node.name, ensure_ascii=False)
            yield place, "MAINTAINER is deprecated", (f"LABEL org.opencontainers.image.authors={name}",)


RULE = Rule("MaintainerDeprecated", "maintainer-deprecated", "labels say it in a standard way", _find)
