"""`EXPOSE` names ports of the container, not addresses or ports of the host."""

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
                host, _, own = (view.expanded(port, place) or "").rpartition(":")
                if host.strip(":"):
                    yield place, f"{port!r} names a host's address or port", (f"EXPOSE {own}",)


RULE = Rule(
    "ExposeInvalidFormat", "expose-invalid-format", "builders ignore it today and will refuse it one day", _find
)
