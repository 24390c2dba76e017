"""Where in the text a problem lies: the lines of its instruction, and the very words it is about."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.refusals import BLANKS
from mlcontainers.errors import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.instructions import Source
    from mlcontainers.errors import Problem

_FIRST_WORD = re.compile(f"[^{BLANKS}]+").search


def located(problem: Problem, source: Source | None) -> Problem:
    """The same problem with its place in the file; as it is where the instruction was made."""
    if source is None:
        return problem
    where = f"Dockerfile:{source.start_line}"
    return replace(problem, where=where, span=source.span, point=point(source, problem.part), part="")


def point(source: Source, part: str) -> Span | None:
    """Where these words stand in an instruction; `None` where they are not found on one line of it."""
    word = _FIRST_WORD(part)
    if word is None:
        return None
    for text in dict.fromkeys((part, word[0])):
        # Words at a boundary first: `a` is not meant where `data` stands.
        for before in (r"(?<![\w-])", ""):
            search = re.compile(before + re.escape(text)).search
            for number, line in _lines(source):
                if found := search(line):
                    return Span(number, number, found.start() + 1, found.end())
    return None


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    """The physical lines, but for comments inside the instruction."""
    for number, line in enumerate(source.text.removeprefix("\ufeff").split("\n"), source.start_line):
        if not line.lstrip(BLANKS).startswith("#"):
            yield number, line
