"""The one place where Dockerfile text is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcontainers.dockerfile.instructions import Flag, Instruction


def written(instruction: Instruction) -> str:
    """One instruction in canonical form, without the final line end.

    A single flag stands on the instruction's line; several stand one below the other.
    """
    flags = instruction.flags
    if not flags:
        return f"{instruction.keyword} {instruction.arguments}"
    separator = " \\\n    " if len(flags) > 1 and instruction.keyword in {"RUN", "HEALTHCHECK"} else " "
    return f"{instruction.keyword} {separator.join(map(_flag, flags))}{separator}{instruction.arguments}"


def _flag(flag: Flag) -> str:
    name, value = flag
    return f"--{name}" if value is None else f"--{name}={value}"
