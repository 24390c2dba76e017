"""Variables in a text: which are named, and whether a builder could expand them at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]", re.ASCII).match
_MODIFIER = re.compile(r":[-+?]|[-+?]|##?|%%?|//?").match


@dataclass(frozen=True, slots=True)
class Variable:
    """One use of a variable."""

    name: str
    modifier: str = ""
    """What stands behind the name in braces, such as `:-`; empty for none."""

    @property
    def may_be_unset(self) -> bool:
        """Whether the text says what happens without a value."""
        return self.modifier[-1:] in {"-", "+", "?"}


class BadExpansionError(ValueError):
    """A text that no builder can expand; its argument is the reason."""


def variables(text: str, escape: str = "\\") -> tuple[Variable, ...]:
    """The variables that a builder looks up in a text, in order."""
    if "$" not in text and "'" not in text and '"' not in text:
        return ()
    return tuple(_walk(text, escape))


def _walk(text: str, escape: str) -> Iterator[Variable]:
    position, quote = 0, ""
    while position < len(text):
        character = text[position]
        position += 1
        if quote == "'":
            quote = "" if character == "'" else quote
        elif character == escape:
            position += 1
        elif character in "'\"" and quote in {"", character}:
            quote = "" if quote else character
        elif character == "$":
            found, position = _variable(text, position, escape)
            yield from found
    if quote:
        raise BadExpansionError(f"the quote {quote} has no end")


def _variable(text: str, position: int, escape: str) -> tuple[list[Variable], int]:
    if text[position : position + 1] != "{":
        match = _NAME(text, position)
        return ([Variable(match[0])], match.end()) if match else ([], position)
    match = _NAME(text, position + 1)
    if not match:
        raise BadExpansionError("${ needs the name of a variable")
    close = text[match.end() : match.end() + 1]
    if close == "}":
        return [Variable(match[0])], match.end() + 1
    modifier = _MODIFIER(text, match.end())
    if not modifier:
        what = f"the modifier {close!r} is none that builders know" if close else "the brace has no end"
        raise BadExpansionError(f"in ${{{match[0]}: {what}")
    end = _closing(text, modifier.end(), escape)
    return [Variable(match[0], modifier[0]), *_walk(text[modifier.end() : end], escape)], end + 1


def _closing(text: str, position: int, escape: str) -> int:
    depth = 1
    quote = ""
    while position < len(text):
        character = text[position]
        if character == escape and quote != "'":
            position += 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif text.startswith("${", position):
            depth += 1
            position += 1
        elif character == "}":
            depth -= 1
            if not depth:
                return position
        position += 1
    raise BadExpansionError("${ has no end")
