"""The one place where Dockerfile text is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, Env, Label, Onbuild
from mlcontainers.dockerfile.instructions.instruction import Unreadable, trusted
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.dockerfile.words import Word, translate

if TYPE_CHECKING:
    from mlcontainers.dockerfile.instructions.instruction import Flag, Instruction

# Letters beyond ASCII are no match either.
_PLAIN = re.compile(r"[^\s'\"\\\x00-\x1f\x7f-\U0010ffff]*", re.ASCII).fullmatch
_BELOW = " \\\n    "
_SPREAD = frozenset(("RUN", "HEALTHCHECK"))


def written(instruction: Instruction, escape: str = "\\") -> str:
    """One instruction in canonical form with the heredocs below it, without the final line end.

    Nodes are spelled with a backslash; a file with another escape character gets that one.
    """
    text = line(instruction) if escape == "\\" else line(_respelled(instruction, escape)).replace("\\\n", f"{escape}\n")
    for heredoc in instruction.heredocs:
        text += f"\n{heredoc.body}{heredoc.delimiter}"
    return text


def line(instruction: Instruction) -> str:
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
    return f"{keyword} {separator.join([_flag(flag) for flag in flags])}{separator}{arguments}"


def _flag(flag: Flag) -> str:
    name, value = flag
    if value is None:
        return f"--{name}"
    if _PLAIN(value):
        return f"--{name}={value}"
    if not value.isascii():
        because = "flags are read byte by byte, so builders garble what is beyond ASCII"
        raise refuse("bad-flag", f"--{name}={value!r} cannot be written", because=because)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'--{name}="{escaped}"'


def _respelled(instruction: Instruction, escape: str) -> Instruction:
    """The same values for a file with another escape character."""
    if isinstance(instruction, Env | Label):
        pairs = tuple([(name, _word(value, escape)) for name, value in instruction.pairs])
        return trusted(type(instruction), None, pairs=pairs)
    if isinstance(instruction, Arg):
        values = [(name, None if value is None else _word(value, escape)) for name, value in instruction.pairs]
        (name, default), *others = values
        return trusted(Arg, None, name=name, default=default, others=tuple(others))
    if isinstance(instruction, Onbuild):
        return trusted(Onbuild, None, instruction=_respelled(instruction.instruction, escape))
    return instruction


def _word(word: Word, escape: str) -> Word:
    return Word.trusted(translate(word.raw, "\\", escape))
