"""What no Dockerfile can hold, refused where it would enter."""

from __future__ import annotations

from mlcontainers.errors import InvalidDockerfileError, Problem

LONGEST_LINE = 65_535
"""Bytes of a physical line, without its end: BuildKit's scanner stops above."""


def refuse(code: str, what: str, *hints: str, because: str = "") -> InvalidDockerfileError:
    """The error for something that cannot be written."""
    return InvalidDockerfileError(Problem(code, "error", "", what, (because,) if because else (), hints))


def one_line(text: object, what: str) -> str:
    """`text`, if it stays on the line it is put on."""
    if not isinstance(text, str):
        raise refuse("not-text", f"{what} must be text, got {text!r}")
    if "\n" in text or "\r" in text or "\0" in text:
        raise refuse(
            "line-break",
            f"{what} {text!r} holds a line break or NUL",
            "write it on one line",
            because="what follows a line break is read as an instruction of its own",
        )
    if len(text) > LONGEST_LINE // 4 and len(text.encode("utf-8", "replace")) > LONGEST_LINE - 1000:
        raise refuse("long-line", f"{what} is longer than a line of a Dockerfile may be ({LONGEST_LINE} bytes)")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse("not-utf8", f"{what} {text!r} cannot be written as UTF-8") from None
    return text


def filled(text: object, what: str) -> str:
    """One line with something on it, without blanks at its ends, where the reader would trim them."""
    line = one_line(text, what)
    if not line or line != line.strip(" \t\v\f\r\n\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"):
        raise refuse("blank", f"{what} {line!r} is empty or begins or ends with a blank")
    return line


def flag_value(text: object, what: str) -> str:
    """A value that every builder reads the same as a flag: ASCII, no quotes, no backslash, no blank."""
    value = one_line(text, what)
    if not value.isascii() or any(character in value for character in " \t\v\f'\"\\"):
        raise refuse(
            "bad-flag",
            f"{what} {value!r} holds a blank, a quote, a backslash or a character beyond ASCII",
            because="flags are read byte by byte, and builders differ in what they unquote there",
        )
    return value
