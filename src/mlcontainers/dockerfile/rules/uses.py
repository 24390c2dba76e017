"""The variables that an instruction has a builder look up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError, Variable, variables
from mlcontainers.dockerfile.instructions import Arg, Env, Label
from mlcontainers.dockerfile.meaning import expanded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.instructions import Instruction


def uses(node: Instruction, escape: str) -> Iterator[Variable]:
    """In order; texts that cannot be expanded are told elsewhere."""
    spelled = "\\" if isinstance(node, Env | Label | Arg) else escape
    for _, text in expanded(node):
        try:
            yield from variables(text, spelled)
        except BadExpansionError:
            continue
