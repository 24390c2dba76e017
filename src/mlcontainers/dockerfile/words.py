"""Values of `ENV`, `LABEL` and `ARG` as they stand in the file: with quotes, escapes and variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from mlcontainers.dockerfile.refusals import BLANKS, expandable, one_line, refuse
from mlcontainers.values.quoting import dockerfile_value

_SPECIAL_IN_QUOTES = frozenset('"$')


@dataclass(frozen=True, slots=True)
class Word:
    """One value as written, the escape character being a backslash.

    `Word.literal` means its text, `Word.template` lets variables be expanded.
    """

    raw: str

    def __post_init__(self) -> None:
        one_line(self.raw, "value")
        if split_words(self.raw) != [self.raw] or is_open(self.raw):
            raise refuse(
                "bad-word",
                f"{self.raw!r} is not one word of a Dockerfile",
                f"Word.literal({self.raw!r})",
                because="blanks outside quotes and quotes without an end change what follows",
            )
        expandable(self.raw, "value")

    @classmethod
    def literal(cls, text: str) -> Word:
        """Exactly this text: quoted, with every variable switched off."""
        return cls.trusted(dockerfile_value(one_line(text, "value")))

    @classmethod
    def template(cls, text: str) -> Word:
        """This text with `$NAME` and `${NAME}` expanded by the builder."""
        escaped = one_line(text, "value").replace("\\", "\\\\").replace('"', '\\"')
        return cls.trusted(expandable(f'"{escaped}"', "value"))

    @classmethod
    def of(cls, value: Word | str) -> Word:
        """A word, or literally this text."""
        return value if isinstance(value, Word) else cls.literal(value)

    @classmethod
    def trusted(cls, raw: str) -> Word:
        """A word that whoever calls knows to be one: read from a file, or quoted just now."""
        word = object.__new__(cls)
        object.__setattr__(word, "raw", raw)
        return word

    def __str__(self) -> str:
        return self.raw


def split_words(text: str, escape: str = "\\") -> list[str]:
    """The words of `ENV`, `LABEL` and `ARG`: blanks separate outside quotes, and quotes stay."""
    words = _words(escape).findall(text)
    if words and words[-1][-1] == escape and _dangles(words[-1], escape):
        # An escape as the very last character escapes nothing and is dropped.
        words[-1] = words[-1][:-1]
        if not words[-1]:
            words.pop()
    return words


def is_open(word: str, escape: str = "\\") -> bool:
    """Whether a quote in this word has no end, or an escape nothing behind it."""
    return _closed(escape).fullmatch(word) is None


def join_blanks(text: str, escape: str = "\\") -> str:
    """A text with blanks as one word: each blank outside quotes gets an escape before it."""
    return "".join(
        part if part[0] not in BLANKS else "".join(escape + blank for blank in part)
        for part in _parts(escape).findall(text)
    )


def translate(raw: str, old: str, new: str) -> str:
    """The same word for a file with another escape character."""
    if old not in raw and new not in raw:
        return raw
    written: list[str] = []
    quote = ""
    position = 0
    while position < len(raw):
        character = raw[position]
        following = raw[position + 1 : position + 2]
        if quote == "'":
            written.append(character)
            quote = "" if character == "'" else quote
        elif character == old and (not quote or following in _SPECIAL_IN_QUOTES or following == old):
            # The old escape itself needs none under the new one; a new one doubles.
            written.append(following if following == old else new + following)
            position += 1
        elif character == new:
            written.append(new + new)
        else:
            written.append(character)
            if character in "'\"" and quote in {"", character}:
                quote = "" if quote else character
        position += 1
    return "".join(written)


@cache
def _words(escape: str) -> re.Pattern[str]:
    return re.compile(f"(?:{_atom(escape)})+", re.DOTALL)


@cache
def _parts(escape: str) -> re.Pattern[str]:
    return re.compile(f"[{BLANKS}]+|(?:{_atom(escape)})+", re.DOTALL)


@cache
def _atoms(escape: str) -> re.Pattern[str]:
    return re.compile(_atom(escape), re.DOTALL)


@cache
def _closed(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(rf"(?:[^'\"{e}]|{e}.|'[^']*'|\"(?:[^\"{e}]|{e}.)*\")*", re.DOTALL)


def _atom(escape: str) -> str:
    """Plain text, an escaped character, or a quoted text that may lack its end."""
    e = re.escape(escape)
    return rf"[^'\"{BLANKS}{e}]+|{e}(?:.|\Z)|'[^']*(?:'|\Z)|\"(?:[^\"{e}]|{e}(?:.|\Z))*(?:\"|\Z)"


def _dangles(word: str, escape: str) -> bool:
    """Whether the last character is an escape with nothing behind it."""
    last = _atoms(escape).findall(word)[-1]
    return last[0] != "'" and (len(last) - len(last.rstrip(escape))) % 2 == 1
