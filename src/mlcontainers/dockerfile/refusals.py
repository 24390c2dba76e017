"""What no Dockerfile can hold, refused where it would enter."""

from __future__ import annotations

import re

from mlcontainers.dockerfile.expansion import BadExpansionError, parts
from mlcontainers.errors import InvalidDockerfileError, Problem

# Printable ASCII without blanks, quotes and backslashes.
_PLAIN_FLAG = re.compile(r"[!#-&(-\[\]-~]+").fullmatch
LONGEST_LINE = 65_535
"""Bytes of a physical line, without its end: BuildKit's scanner stops above."""
_ROOM = LONGEST_LINE - 1_000
"""What one text may take of a line, so that keyword, flags and quoting fit beside it."""
BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What the builder trims: Unicode's white space as Go has it, narrower than Python's."""
# Line separators are no line ends for a builder, but they are for many a tool that reads the file.
_BREAKING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]").search


def refuse(code: str, what: str, *hints: str, because: str = "", part: str = "") -> InvalidDockerfileError:
    """The error for something that cannot be written; `part` is the text it is about, as it would stand there."""
    causes = (because,) if because else ()
    return InvalidDockerfileError(Problem(code, "error", "", what, causes, hints, part=part))


def one_line(text: object, what: str) -> str:
    """`text`, if it stays on the line it is put on: no control character but the tab."""
    if not isinstance(text, str):
        raise refuse("not-text", f"{what} must be text, got {text!r}")
    if not (text.isascii() and text.isprintable()):
        _check_odd(text, what)
    if len(text) > _ROOM // 4 and len(text.encode("utf-8", "replace")) > _ROOM:
        raise refuse("long-line", f"{what} is longer than a line of a Dockerfile may be ({LONGEST_LINE} bytes)")
    return text


def filled(text: object, what: str) -> str:
    """One line with something on it, without blanks at its ends, where the reader would trim them."""
    line = one_line(text, what)
    if not line or line[0] in BLANKS or line[-1] in BLANKS:
        raise refuse("blank", f"{what} {line!r} is empty or begins or ends with a blank")
    if line[-1] == "\\":
        raise open_line(what, line)
    return line


def expandable(text: str, what: str) -> str:
    """`text`, if a builder can expand the variables in it, whatever their values are."""
    if "$" in text:
        try:
            parts(text)
        except BadExpansionError as error:
            raise refuse("bad-expansion", f"{what} {text!r} cannot be expanded", because=str(error)) from None
    return text


def open_line(what: str, text: str) -> InvalidDockerfileError:
    """The error for a text that would swallow the line below it."""
    because = "a backslash at the end of a line joins the next line to it"
    return refuse("open-line", f"{what} {text!r} ends in a backslash", because=because)


def flag_value(text: object, what: str) -> str:
    """A value that every builder reads the same as a flag: ASCII, no quotes, no backslash, no blank."""
    if isinstance(text, str) and _PLAIN_FLAG(text) and len(text) < _ROOM:
        return text
    value = one_line(text, what)
    if not value:
        raise refuse("bad-flag", f"{what} is empty", because="builders take an empty flag for none at all")
    raise refuse(
        "bad-flag",
        f"{what} {value!r} holds a blank, a quote, a backslash or a character beyond ASCII",
        because="flags are read byte by byte, and builders differ in what they unquote there",
    )


def _check_odd(text: str, what: str) -> None:
    if found := _BREAKING(text):
        raise refuse(
            "control-character",
            f"{what} {text!r} holds {found[0]!r}",
            "write it on one line, without control characters",
            because="what follows a line break is read as an instruction of its own",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse("not-utf8", f"{what} {text!r} cannot be written as UTF-8") from None
