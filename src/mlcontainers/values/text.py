"""Plain text at the door: one line, no control characters, said once for every field of every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


LONGEST = 10_000
"""Bytes of a text as UTF-8. A line of a Dockerfile has 65,535, and quoting makes a text at most five times longer."""


def invalid(code: str, what: str, *hints: str, because: tuple[str, ...] = ()) -> InvalidValueError:
    """The error for a text that is refused at the door; whoever knows the place adds it."""
    return InvalidValueError(Problem(code, "error", "", what, because, hints))


def line(text: object, what: str = "text") -> str:
    """`text` if it is one line of at most `LONGEST` bytes, without control characters, surrogates or line separators.

    A line break is what turns a value into an instruction of its own, so none passes here.
    """
    if not isinstance(text, str):
        given = cast("list[object]", text) if isinstance(text, list | tuple) else []
        hint = (f"without the brackets: {', '.join(map(repr, given))}",) if given else ()
        raise invalid("not-text", f"{what} must be text, got {text!r}", *hint)
    if len(text) > LONGEST // 4 and len(text.encode("utf-8", "replace")) > LONGEST:
        because = ("a line of a Dockerfile has room for 65,535 bytes, and quoting needs some of it",)
        shown = f"{what} {text[:40]!r}... is longer than {LONGEST:,} bytes"
        raise invalid("too-long", shown, "put it into a file of the build context", because=because)
    if text.isascii() and text.isprintable():
        return text
    for character in text:
        if not character.isprintable() and character != "\u00a0":
            raise invalid(
                "control-character",
                f"{what} {text!r} holds the character {character!r}",
                f"write {what} on one line, without control characters",
                because=("a line break or control character could start a new Dockerfile instruction",),
            )
    return text


def word(text: object, what: str = "text") -> str:
    """One line that is not empty and has no blank at either end."""
    checked = line(text, what)
    if not checked.strip() or checked != checked.strip():
        raise invalid("blank", f"{what} {checked!r} is empty or begins or ends with a blank")
    return checked


def did_you_mean(wrong: str, known: Iterable[str]) -> tuple[str, ...]:
    """`did you mean 'x'?` for the closest known word, or nothing."""
    import difflib  # only a mistake needs it

    close = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)
    return tuple(f"did you mean {match!r}?" for match in close)
