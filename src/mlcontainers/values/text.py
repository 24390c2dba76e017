"""Plain text at the door: one line, no control characters, said once for every field of every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


def invalid(code: str, what: str, *hints: str, because: tuple[str, ...] = ()) -> InvalidValueError:
    """The error for a text that is refused at the door; whoever knows the place adds it."""
    return InvalidValueError(Problem(code, "error", "", what, because, hints))


def line(text: object, what: str = "text") -> str:
    """`text` if it is one line without control characters, surrogates or line separators.

    A line break is what turns a value into an instruction of its own, so none passes here.
    """
    if not isinstance(text, str):
        given = cast("list[object]", text) if isinstance(text, list | tuple) else []
        hint = (f"without the brackets: {', '.join(map(repr, given))}",) if given else ()
        raise invalid("not-text", f"{what} must be text, got {text!r}", *hint)
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
