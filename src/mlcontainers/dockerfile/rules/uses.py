"""The variables that an instruction has a builder look up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError
from mlcontainers.dockerfile.texts import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.instructions import Instruction


def uses(node: Instruction, escape: str) -> Iterator[str]:
    """The names, once for each text; a text that cannot be expanded is told elsewhere.

    A variable with a default counts too: BuildKit asks whether it is declared, not whether it is needed.
    """
    for text in texts(node, escape):
        try:
            yield from dict.fromkeys(variable.name for variable in text.variables())
        except BadExpansionError:
            continue
