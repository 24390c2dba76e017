"""Variables in a text, as builders expand them: quotes, escapes, `$name` and `${name...}`.

The rules are those of BuildKit's `frontend/dockerfile/shell`; they resemble a shell's and are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from mlcontainers.dockerfile.patterns import BadPatternError, replaced, without_prefix, without_suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lookup: TypeAlias = Callable[[str], str | None]
    """The value of a variable; `None` where it is unset."""

_SPECIAL = frozenset("@*#?-$!")
_DEEPEST = 50
"""Builders read deeper, but Python's stack ends."""
_CONDITIONS = frozenset("-+?")
_TRIMS = frozenset("#%")
_PLAIN = re.compile(r"[^'\"$\\`}/]+").match


class BadExpansionError(ValueError):
    """A text that no builder can expand; its argument is the reason."""


@dataclass(frozen=True)
class Variable:
    """One use of a variable: `$name`, or `${name}` with a modifier such as `:-` and what follows it."""

    name: str
    modifier: str = ""
    word: tuple[Part, ...] = ()
    """The default, the alternative, the message or the pattern."""
    replacement: tuple[Part, ...] = ()

    @property
    def may_be_unset(self) -> bool:
        """Whether the text says what happens without a value."""
        return self.modifier[-1:] in _CONDITIONS

    @cached_property
    def inner(self) -> tuple[Variable, ...]:
        """The variables in its word and its replacement."""
        return variables_in((*self.word, *self.replacement))

    def expand(self, lookup: Lookup) -> str:
        """Its text, where `lookup` knows the values."""
        word = joined(self.word, lookup)
        value = lookup(self.name)
        unset = value is None or (not value and self.modifier[:1] == ":")
        match self.modifier[-1:]:
            case "-":
                return word if unset else value or ""
            case "+":
                return "" if unset else word
            case "?":
                if unset:
                    state = "unset" if value is None else "empty"
                    raise BadExpansionError(f"{self.name}: {word or f'is not allowed to be {state}'}")
                return value or ""
            case "":
                return value or ""
            case _:
                return self._patterned(value or "", word, lookup)

    def _patterned(self, value: str, word: str, lookup: Lookup) -> str:
        try:
            if self.modifier == "#":
                return without_prefix(value, word)
            if self.modifier == "%":
                return without_suffix(value, word)
            return replaced(value, word, joined(self.replacement, lookup), every=self.modifier == "//")
        except BadPatternError as error:
            raise BadExpansionError(str(error)) from None


Part: TypeAlias = "str | Variable"
"""Plain text without its quotes and escapes, or a variable."""


def expand(text: str, lookup: Lookup, escape: str = "\\") -> str:
    """The text with quotes and escapes read and variables replaced; raises BadExpansionError."""
    return joined(parts(text, escape), lookup)


def joined(pieces: tuple[Part, ...], lookup: Lookup) -> str:
    """Pieces as one text."""
    return "".join([piece if isinstance(piece, str) else piece.expand(lookup) for piece in pieces])


def variables(text: str, escape: str = "\\") -> tuple[Variable, ...]:
    """The variables that a builder looks up in a text, in order; raises BadExpansionError."""
    return variables_in(parts(text, escape))


def variables_in(pieces: tuple[Part, ...]) -> tuple[Variable, ...]:
    """The variables in pieces and within each other, in order."""
    found: list[Variable] = []
    for piece in pieces:
        if isinstance(piece, Variable):
            found += (piece, *piece.inner)
    return tuple(found)


def parts(text: str, escape: str = "\\", *, quotes: bool = True) -> tuple[Part, ...]:
    """What a text is made of; raises BadExpansionError where builders stumble, whatever the values are.

    Without `quotes` they are characters like others, as in the body of a heredoc.
    """
    return _Reader(text, escape, quotes).until("", raw=False)


class _Reader:
    """One walk through a text; every method reads what it is named for and moves on."""

    def __init__(self, text: str, escape: str, quotes: bool) -> None:
        self.text = text
        self.quotes = quotes
        self.escape = escape
        self.position = 0
        self.depth = 0

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def next(self) -> str:
        character = self.peek()
        self.position += 1
        return character

    def until(self, stop: str, *, raw: bool) -> tuple[Part, ...]:
        """Up to a character, or to the end for none. `raw` keeps escapes, for patterns read them once more."""
        found: list[Part] = []
        while character := self.peek():
            if character == stop:
                self.position += 1
                return tuple(found)
            if character == "'" and self.quotes:
                found.append(self.single())
            elif character == '"' and self.quotes:
                found += self.double(raw=raw)
            elif character == "$":
                found.append(self.dollar())
            else:
                found.append(self.plain(raw=raw))
        if stop:
            raise BadExpansionError(f"the {stop} that ends ${{...}} is missing")
        return tuple(found)

    def plain(self, *, raw: bool) -> str:
        if run := _PLAIN(self.text, self.position):
            self.position = run.end()
            return run[0]
        character = self.next()
        if character != self.escape:
            return character
        following = self.next()
        # An escape at the very end is dropped.
        return character + following if raw else following

    def single(self) -> str:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            raise BadExpansionError("the quote ' has no end")
        start, self.position = self.position + 1, end + 1
        return self.text[start:end]

    def double(self, *, raw: bool) -> Iterator[Part]:
        self.position += 1
        while (character := self.peek()) != '"':
            if not character:
                raise BadExpansionError('the quote " has no end')
            if character == "$":
                yield self.dollar()
                continue
            self.position += 1
            if character != self.escape:
                yield character
                continue
            following = self.peek()
            if raw and following:
                yield character
            if following in {'"', "$", self.escape}:
                yield self.next()
            elif following:
                yield character
        self.position += 1

    def dollar(self) -> Part:
        self.position += 1
        if self.peek() != "{":
            name = self.name()
            return Variable(name) if name else "$"
        self.position += 1
        if self.peek() in {"", "{", "}", ":"}:
            raise BadExpansionError("${ needs the name of a variable")
        return self.braced(self.name())

    def braced(self, name: str) -> Variable:
        """What stands behind the name in `${name...}`."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise BadExpansionError(f"it is nested more than {_DEEPEST} deep, which is more than we read")
        variable = self.modified(name)
        self.depth -= 1
        return variable

    def modified(self, name: str) -> Variable:
        mark = self.next()
        colon = ""
        if mark == "}":
            return Variable(name)
        if mark == ":":
            colon, mark = mark, self.next()
        if mark in _CONDITIONS:
            return Variable(name, colon + mark, self.until("}", raw=False))
        if mark in _TRIMS and not colon:
            return self.checked(Variable(name, mark, self.until("}", raw=True)))
        if mark == "/" and not colon:
            every = self.peek() == "/"
            self.position += every
            pattern, replacement = self.until("/", raw=True), self.until("}", raw=True)
            return self.checked(Variable(name, "//" if every else "/", pattern, replacement))
        what = f"the modifier {colon + mark!r} is none that builders know" if mark else "the brace has no end"
        raise BadExpansionError(f"in ${{{name}: {what}")

    def checked(self, variable: Variable) -> Variable:
        """A pattern without variables is known to be one or not."""
        if not variable.inner:
            variable.expand(lambda name: "")
        return variable

    def name(self) -> str:
        """A name, a number, or one of the shell's special characters; empty for none."""
        start = self.position
        character = self.peek()
        if character in _SPECIAL:
            self.position += 1
        elif character.isdecimal():
            while self.peek().isdecimal():
                self.position += 1
        else:
            while (character := self.peek()) == "_" or character.isalpha() or character.isdecimal():
                self.position += 1
        return self.text[start : self.position]
