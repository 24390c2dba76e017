"""From text to logical lines: physical lines joined, comments dropped, directives read, flags split off."""

from __future__ import annotations

import re
from typing import NamedTuple

from mlcontainers.dockerfile.refusals import BLANKS, LONGEST_LINE
from mlcontainers.errors import InvalidDockerfileError

BOM = "\ufeff"
DIRECTIVES = ("syntax", "escape", "check")
_DIRECTIVE = re.compile(
    r"#[\t\n\f\r ]*([A-Za-z][A-Za-z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*", re.DOTALL
).fullmatch
_PLAIN_FLAG = re.compile("(--[^\\s'\"\\\\`\x1c-\x1f]+)[\t\v\f\r ]+", re.ASCII).match
_BLANK = re.compile("[\t\v\f\r ]+")
# Go's notion of a blank for a single byte.
_BYTE_BLANKS = "\t\n\v\f\r \x85\xa0"


class SyntaxRefusal(InvalidDockerfileError):
    """What the builder's parser itself refuses, wherever it stands: also in the trigger of an ONBUILD."""


class Logical(NamedTuple):
    """One instruction's line, joined."""

    text: str
    parts: tuple[str, ...]
    """The physical lines that `text` was joined from; none where it is one."""
    end: int
    """The first physical line behind it, counted from 0."""
    empty_continuation: bool = False
    open_end: bool = False
    """Whether the file ends where another line was to follow."""


def physical_lines(text: str) -> list[str]:
    """The lines without their LF; only LF ends a line."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def overlong(lines: list[str]) -> list[int]:
    """The lines, counted from 1, that are longer than the builder reads."""
    if max(map(len, lines), default=0) <= LONGEST_LINE // 4:
        return []
    return [
        number
        for number, line in enumerate(lines, 1)
        if len(line) > LONGEST_LINE // 4 and len(line.encode("utf-8", "surrogatepass")) > LONGEST_LINE
    ]


def read_directive(line: str) -> tuple[str, str] | None:
    """Name in lower case and value, if this line is a directive that builders know."""
    match = _DIRECTIVE(line.rstrip("\r").lstrip(BLANKS))
    if not match or match[1].lower() not in DIRECTIVES:
        return None
    return match[1].lower(), match[2]


def join(lines: list[str], start: int, escape: str, first: str) -> Logical:
    """The logical line that begins at `start`; `first` is that line without blanks in front."""
    text, continues = _uncontinued(first, escape)
    if not continues:
        return Logical(text, (), start + 1)
    parts = [text]
    position, count = start + 1, len(lines)
    empty = False
    while continues and position < count:
        line = lines[position].rstrip("\r")
        position += 1
        first = line.lstrip(" ")[:1]
        if not "$" <= first <= "~":  # Neither a comment nor a blank of any kind begins with these.
            first = line.lstrip(BLANKS)[:1]
            if not first:
                empty = True
                continue
            if first == "#":
                continue
        if line[-1] == escape and line[-2:-1] != escape:
            parts.append(line[:-1])
            continue
        piece, continues = _uncontinued(line, escape)
        parts.append(piece)
    return Logical("".join(parts), tuple(parts), position, empty, continues)


def inner_comments(text: str, escape: str) -> list[str]:
    """The comments that stand between the lines of an instruction, without their `#`."""
    first, *lines = text.removeprefix(BOM).split("\n")
    _, continues = _uncontinued(first.rstrip("\r").lstrip(BLANKS), escape)
    found: list[str] = []
    for line in lines:
        if not continues:
            break
        bare = line.strip(BLANKS)
        if bare.startswith("#"):
            found.append(bare[1:].removeprefix(" "))
        elif bare:
            _, continues = _uncontinued(line.rstrip("\r"), escape)
    return found


def _uncontinued(line: str, escape: str) -> tuple[str, bool]:
    """The line without its final escape, and whether it had one."""
    bare = line.rstrip(" \t") if line[-1] in " \t" else line
    if bare[-1:] == escape and bare[-2:-1] != escape:
        return bare[:-1], True
    return line, False


def split(text: str, escape: str) -> tuple[str, tuple[str, ...], str]:
    """A logical line as keyword, flags and arguments."""
    keyword, _, rest = text.partition(" ")
    # Printable ASCII at both ends and a keyword of letters leave nothing to trim: the way of nearly every line.
    if keyword.isalpha() and "!" <= rest[:1] <= "~" and "!" <= rest[-1:] <= "~":
        return (keyword, *split_flags(rest, escape)) if rest[:2] == "--" else (keyword, (), rest)
    keyword, rest = split_keyword(text)
    return (keyword, *split_flags(rest, escape)) if rest else (keyword, (), "")


def split_keyword(text: str) -> tuple[str, str]:
    """Keyword as written, and all behind it."""
    parts = _BLANK.split(text.strip(BLANKS), 1)
    return (parts[0], parts[1]) if len(parts) == 2 else (parts[0], "")


def split_blanks(text: str) -> list[str]:
    """Words between blanks: quotes protect nothing."""
    return _BLANK.split(text) if text else []


def split_flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """Leading words that start with `--`, read as flags, and the arguments behind them."""
    if not text.startswith("--"):
        return (), text.strip(BLANKS)
    flags: list[str] = []
    while match := _PLAIN_FLAG(text):
        # The common case; anything odd goes the long way below.
        if not match[1].isascii():
            break
        flags.append(match[1])
        text = text[match.end() :]
    if not text.startswith("--"):
        return tuple(flags), text.strip(BLANKS)
    others, rest = _odd_flags(text, escape)
    return (*flags, *others), rest.strip(BLANKS)


def _odd_flags(text: str, escape: str) -> tuple[list[str], str]:
    """Flags with quotes and escapes, byte by byte as the builder reads them."""
    data = text.encode("utf-8", "surrogateescape").decode("latin-1")
    words: list[str] = []
    position, end = 0, len(data)
    while True:
        while position < end and data[position] in _BYTE_BLANKS:
            position += 1
        if not data.startswith("--", position):
            return words, data[position:].encode("latin-1").decode("utf-8", "surrogateescape")
        word, position = _odd_flag(data, position, escape)
        if word == "--":
            return words, data[position:].encode("latin-1").decode("utf-8", "surrogateescape")
        words.append(word)


def _odd_flag(data: str, position: int, escape: str) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    while position < len(data):
        character = data[position]
        position += 1
        if not quote and character in _BYTE_BLANKS:
            break
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif character == escape:
            word.append(data[position : position + 1])
            position += 1
        else:
            word.append(character)
    return "".join(word), position
