"""Dockerfile text from instructions: all of it is made here and in `lines`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, Env, Label, Onbuild
from mlcontainers.dockerfile.instructions.instruction import trusted
from mlcontainers.dockerfile.instructions.lines import line
from mlcontainers.dockerfile.words import Word, translate

if TYPE_CHECKING:
    from mlcontainers.dockerfile.instructions.instruction import Instruction


def written(instruction: Instruction, escape: str = "\\") -> str:
    """One instruction in canonical form with the heredocs below it, without the final line end.

    Nodes are spelled with a backslash; a file with another escape character gets that one.
    """
    if escape != "\\":
        return line(_respelled(instruction, escape), escape).replace("\\\n", f"{escape}\n") + _below(instruction)
    known: str | None = instruction.__dict__.get("written")
    if known is None:
        # It never changes, and plans share most of their instructions.
        known = instruction.__dict__["written"] = line(instruction, escape) + _below(instruction)
    return known


def _below(instruction: Instruction) -> str:
    return "".join([f"\n{heredoc.body}{heredoc.delimiter}" for heredoc in instruction.heredocs])


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
