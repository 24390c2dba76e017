"""One instruction as text: keyword, flags, arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions.instruction import Unreadable
from mlcontainers.dockerfile.refusals import refuse

if TYPE_CHECKING:
    from mlcontainers.dockerfile.instructions.instruction import Flag, Instruction

# Printable ASCII without blanks, quotes, backquotes and backslashes.
_PLAIN = re.compile(r"[!#-&(-\[\]-_a-~]*").fullmatch
_BELOW = " \\\n    "
_SPREAD = frozenset(("RUN", "HEALTHCHECK"))


def line(instruction: Instruction, escape: str = "\\") -> str:
    """One instruction without its heredocs' bodies.

    A single flag stands on the instruction's line; several stand one below the other.
    """
    arguments = instruction.arguments
    keyword = instruction.word if isinstance(instruction, Unreadable) else instruction.keyword
    flags = instruction.flags
    if arguments[:2] == "--" and not isinstance(instruction, Unreadable):
        arguments = f"-- {arguments}"  # A lone -- ends the flags.
    if not flags:
        return f"{keyword} {arguments}" if arguments else keyword
    # A line that begins with # would be dropped as a comment.
    several = len(flags) > 1 and keyword in _SPREAD and not arguments.startswith("#")
    separator = _BELOW if several else " "
    return f"{keyword} {separator.join([_flag(flag, escape) for flag in flags])}{separator}{arguments}"


def _flag(flag: Flag, escape: str) -> str:
    name, value = flag
    if value is None:
        return f"--{name}"
    if _PLAIN(value):
        return f"--{name}={value}"
    if not value.isascii():
        because = "flags are read byte by byte, so builders garble what is beyond ASCII"
        raise refuse("bad-flag", f"--{name}={value!r} cannot be written", because=because)
    escaped = value.replace(escape, 2 * escape).replace('"', f'{escape}"')
    return f'--{name}="{escaped}"'
