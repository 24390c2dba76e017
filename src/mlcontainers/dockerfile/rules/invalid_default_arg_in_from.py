"""A `FROM` names an image also where nobody gives a build argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError, expand
from mlcontainers.dockerfile.instructions import From
from mlcontainers.dockerfile.meaning import is_reference
from mlcontainers.dockerfile.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.rules.rule import Finding
    from mlcontainers.dockerfile.scopes import View


def _find(view: View) -> Iterator[Finding]:
    resolution = view.resolution
    for place in view.places:
        node = place.node
        if resolution is None or not isinstance(node, From) or "$" not in node.image:
            continue
        values = resolution.variables(node)
        try:
            image = expand(node.image, values.get, view.escape)
        except BadExpansionError:
            return  # Told elsewhere, and builders look no further either.
        if not is_reference(image) and view.stage_of(image, place.stage) is None:
            result = repr(image) if image else "nothing"
            yield place, f"without a --build-arg, {node.image!r} comes to {result}", ("give its ARG a default",)


RULE = Rule(
    "InvalidDefaultArgInFrom", "invalid-default-arg-in-from", "the file builds only with the right argument", _find
)
