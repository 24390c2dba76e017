"""A problem for people to see: its line of the file, with carets under the words it is about."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlcontainers.errors import Problem, Span

_WIDTH = 100
"""Columns of a line that are drawn; more would wrap, and the carets with it."""
_LEAD = 20
"""What is kept in front of the carets where a line is cut."""


def draw(problem: Problem, text: str) -> str:
    """The problem as text, and where it lies in `text` drawn below its place."""
    head, *rest = str(replace(problem, where="")).split("\n")
    place = [f"  where: {problem.where}"] if problem.where else []
    return "\n".join([head, *place, *_picture(problem, text), *rest])


def _picture(problem: Problem, text: str) -> list[str]:
    span = problem.point or problem.span
    lines = text.removeprefix("\ufeff").split("\n")
    if span is None or not 1 <= span.start_line <= len(lines):
        return []
    line = lines[span.start_line - 1].rstrip("\r")
    start, end = _columns(span, line)
    # A long line is cut around what matters.
    cut = max(0, start - _LEAD) if end > _WIDTH else 0
    shown = line[cut : cut + _WIDTH]
    before, marked = line[cut:start], line[start : min(end, cut + _WIDTH)]
    margin = f"{span.start_line:>6} | "
    more = ("... " if cut else "", " ..." if len(line) > cut + _WIDTH else "")
    carets = " " * (len(more[0]) + _width(before)) + "^" * max(1, _width(marked))
    return [f"{margin}{more[0]}{_printable(shown)}{more[1]}", f"{' ' * (len(margin) - 2)}| {carets}"]


def _columns(span: Span, line: str) -> tuple[int, int]:
    """What to mark, from 0: up to the end of the line where the span goes on below it."""
    start = span.start_column - 1 if span.start_column else len(line) - len(line.lstrip())
    end = span.end_column if span.start_line == span.end_line and span.end_column else len(line.rstrip())
    return start, max(start, end)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " if character == "\t" else "?" for character in text)


def _width(text: str) -> int:
    """Columns of a terminal: some characters take two, some none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
