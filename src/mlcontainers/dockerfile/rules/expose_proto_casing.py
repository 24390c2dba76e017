"""Protocols are lower case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Expose
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    for place in view.places:
        if isinstance(place.node, Expose):
            for port in place.node.ports:
                number, _, protocol = (view.expanded(port, place) or "").rpartition(":")[2].partition("/")
                if protocol != protocol.lower():
                    yield place, f"the protocol of {port!r} is not lower case", (f"{number}/{protocol.lower()}",)


RULE = Rule("ExposeProtoCasing", "expose-proto-casing", "protocols are compared as lower case", _find)
