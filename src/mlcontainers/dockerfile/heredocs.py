"""Heredocs: texts that stand below the instruction that uses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from mlcontainers.dockerfile.refusals import BLANKS, refuse

_DELIMITER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII).fullmatch
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]").search
_MARK = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)", re.DOTALL).fullmatch
# What ends a run of plain characters while words are cut as the builder's shell reader does.
_PLAIN = re.compile(rf"[^'\"\\$<{BLANKS}]+").match
_SOLID = re.compile(rf"[^{BLANKS}]+").match
_NAME = re.compile(r"[^\W\d]\w*|\d+|[@*#?$!-]").match
_MODIFIER = re.compile(r":?[-+?]|##?|%%?|//?").match

Mark: TypeAlias = tuple[str, bool, bool, str]
"""Delimiter, whether the body is expanded, whether leading tabs go, and the file descriptor as text."""


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A text with the word that ends it. `expand` lets the builder or the shell replace variables in it."""

    body: str
    """The lines as they stand, each with its line end."""
    delimiter: str = "EOF"
    expand: bool = False
    chomp: bool = False
    """`<<-`: leading tabs are taken away."""
    descriptor: str = ""
    """The file descriptor's number as written in front of `<<`; empty for none."""

    def __post_init__(self) -> None:
        if not _DELIMITER(self.delimiter):
            hint = "letters, digits and _ after a first letter, as in EOF"
            raise refuse("bad-delimiter", f"{self.delimiter!r} cannot end a heredoc", hint)
        if self.descriptor and not (self.descriptor.isascii() and self.descriptor.isdigit()):
            raise refuse("bad-descriptor", f"{self.descriptor!r} is no file descriptor")
        if self.body and not self.body.endswith("\n"):
            object.__setattr__(self, "body", self.body + "\n")
        if found := _CONTROL(self.body):
            raise refuse("control-character", f"the body of heredoc {self.delimiter} holds {found[0]!r}")
        try:
            self.body.encode()
        except UnicodeEncodeError:
            raise refuse("not-utf8", f"the body of heredoc {self.delimiter} cannot be written as UTF-8") from None
        lines = self.body.split("\n")
        if self.delimiter in (line.lstrip("\t") if self.chomp else line for line in lines):
            raise refuse(
                "delimiter-in-body",
                f"the body of heredoc {self.delimiter} holds the line {self.delimiter}",
                "choose another delimiter",
                because="it ends there, and what follows is read as instructions",
            )
        if max(map(len, lines)) > 16_000 and max(len(line.encode()) for line in lines) > 65_535:
            raise refuse("long-line", f"a line of heredoc {self.delimiter} is longer than 65535 bytes")

    @property
    def mark(self) -> str:
        """What stands in the instruction's line, as in `<<'EOF'`."""
        quoted = self.delimiter if self.expand else f"'{self.delimiter}'"
        return f"{self.descriptor}<<{'-' if self.chomp else ''}{quoted}"

    @property
    def content(self) -> str:
        """What a program gets to read: without leading tabs, where they are taken away."""
        if not self.chomp:
            return self.body
        return "\n".join(line.lstrip("\t") for line in self.body.split("\n"))

    def __str__(self) -> str:
        return self.mark


def trusted(body: str, mark: Mark) -> Heredoc:
    """A heredoc that was read from a file."""
    heredoc = object.__new__(Heredoc)
    delimiter, expand, chomp, descriptor = mark
    for name, value in zip(Heredoc.__slots__, (body, delimiter, expand, chomp, descriptor), strict=True):
        object.__setattr__(heredoc, name, value)
    return heredoc


def marks(line: str) -> list[Mark]:
    """The heredocs that a line opens, as BuildKit sees them.

    The line is cut by the shell reader that also expands variables; where that one fails, as at an
    apostrophe on its own, no heredoc is seen at all. The escape is a backslash here, whatever the file says.
    """
    if "<<" not in line:
        return []
    words = shell_words(line)
    if words is None:
        return []
    return [mark for mark in map(read_mark, words) if mark]


def read_mark(word: str) -> Mark | None:
    """One word as a heredoc, such as `3<<-'EOF'`; `None` if it is none."""
    match = _MARK(word)
    if not match or not match[3]:
        return None
    name = _unquoted(match[3])
    if not name:
        return None
    return name, _quotes(name) == _quotes(match[3]), bool(match[2]), match[1]


def shell_words(line: str) -> list[str] | None:
    """The line's words, quotes and escapes kept; `None` where the builder's reader fails."""
    words: list[str] = []
    start = -1
    position, end = 0, len(line)
    while position < end:
        character = line[position]
        if character in BLANKS:
            if start >= 0:
                words.append(line[start:position])
                start = -1
            position += 1
            continue
        if start < 0:
            start = position
        following = _after(line, position, character)
        if following is None:
            return None
        if character == "$" and (blank := _first_blank(line, position, following)):
            # What stands in braces is cut at its blanks all the same.
            position = blank
            while position < following:
                match = _SOLID(line, position, following)
                if match is None:
                    position, start = _cut(words, line, start, position)
                    continue
                start = position if start < 0 else start
                position = match.end()
            continue
        position = following
    if start >= 0:
        words.append(line[start:])
    return words


def _first_blank(line: str, start: int, end: int) -> int:
    """Where the first blank stands between two places; 0 for none."""
    return next((position for position in range(start, end) if line[position] in BLANKS), 0)


def _cut(words: list[str], line: str, start: int, blank: int) -> tuple[int, int]:
    """End the word that began at `start`, if one did, before a blank."""
    if start >= 0:
        words.append(line[start:blank])
    return blank + 1, -1


def _after(line: str, position: int, character: str) -> int | None:
    """Where the piece of a word that begins here ends; `None` where it has no end."""
    if character == "'":
        close = line.find("'", position + 1)
        return None if close < 0 else close + 1
    if character in '"$':
        return _after_nested(line, position)
    if character == "\\":
        return min(position + 2, len(line))
    if line.startswith("<<", position):
        # Since frontend 1.16 blanks may stand between << and the delimiter.
        return _gap(line, position + 2)
    match = _PLAIN(line, position)
    return match.end() if match else position + 1


def _gap(line: str, position: int) -> int:
    while position < len(line) and line[position] in "\t\r ":
        position += 1
    return position


def _after_nested(line: str, position: int) -> int | None:
    """Behind a double quote or a variable and all inside, with a stack: they nest as deep as they like."""
    waiting: list[str] = []
    while position < len(line):
        character = line[position]
        if waiting and character == waiting[-1]:
            waiting.pop()
            position += 1
        elif character == "\\":
            position += 2
        elif character == "'" and waiting[-1:] != ['"']:
            position = line.find("'", position + 1) + 1
            if not position:
                return None
        elif character == "$":
            opened = _opened(line, position + 1)
            if opened is None:
                return None
            position = opened[0]
            waiting += opened[1]
        else:
            if character == '"':
                waiting.append('"')
            position += 1
        if not waiting:
            return min(position, len(line))
    return None


def _opened(line: str, position: int) -> tuple[int, str] | None:
    """Behind the `name` or `{name:-` of a variable, and what has to come, the last first; `None` for none."""
    braces = line.startswith("{", position)
    match = _NAME(line, position + braces)
    if not braces:
        return (match.end() if match else position), ""
    if not match and line[position + 1 : position + 2] not in {"+", "%", "/"}:
        return None
    position = match.end() if match else position + 1  # A modifier needs no name.
    if line.startswith("}", position):
        return position + 1, ""
    modifier = _MODIFIER(line, position)
    if not modifier:
        return None
    return modifier.end(), "}/" if modifier[0][0] == "/" else "}"


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')


def _unquoted(text: str) -> str:
    """The delimiter without its quotes and escapes."""
    out: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in "'\"":
            close = text.find(character, position + 1)
            inner = text[position + 1 : close if close >= 0 else None]
            out.append(re.sub(r'\\(["$\\])', r"\1", inner) if character == '"' else inner)
            position = close + 1 if close >= 0 else len(text)
            continue
        if character == "\\":
            position += 1
        out.append(text[position : position + 1])
        position += 1
    return "".join(out)
