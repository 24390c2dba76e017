"""The parts that instructions are read from: flags with their kinds, the JSON form, commands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from mlcontainers.dockerfile.forms import Command, ExecForm, trusted_shell
from mlcontainers.dockerfile.lexer import SyntaxRefusal
from mlcontainers.dockerfile.refusals import BLANKS, refuse
from mlcontainers.errors import Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from mlcontainers.dockerfile.heredocs import Heredoc
    from mlcontainers.dockerfile.instructions import Source

Flags: TypeAlias = dict[str, list[str | None]]
"""The values of each flag; `None` for a bare one."""

_SURROGATE = re.compile("[\ud800-\udfff]")
STRING, BOOL, LIST = "string", "bool", "list"
_NO_FLAGS: dict[str, str] = {}
FLAGS: dict[str, dict[str, str]] = {
    "FROM": {"platform": STRING},
    "RUN": {"mount": LIST, "network": STRING, "security": STRING, "device": LIST},
    "COPY": {
        "from": STRING, "chown": STRING, "chmod": STRING, "link": BOOL, "parents": BOOL, "exclude": LIST,
    },
    "ADD": {
        "chown": STRING, "chmod": STRING, "checksum": STRING, "link": BOOL, "keep-git-dir": BOOL,
        "unpack": BOOL, "exclude": LIST,
    },
    "HEALTHCHECK": {
        "interval": STRING, "timeout": STRING, "start-period": STRING, "start-interval": STRING,
        "retries": STRING,
    },
}  # fmt: skip
"""The flags that have a meaning, by instruction."""


class Reading:
    """One instruction being read: its parts as text, and the bodies below it."""

    __slots__ = ("cuts", "escape", "heredocs", "source", "text")

    def __init__(self, source: Source, text: str, cuts: tuple[int, ...], escape: str, heredocs: list[Heredoc]) -> None:
        self.source = source
        self.text = text
        """The whole joined line."""
        self.cuts = cuts
        self.escape = escape
        self.heredocs = heredocs


def is_json(text: str) -> bool:
    """Whether arguments are in the JSON form."""
    return text.startswith("[") and json_strings(text) is not None


def json_strings(text: str) -> tuple[str, ...] | None:
    """A JSON array of strings; `None` where the builder takes the text for the other form."""
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text, parse_int=_no_text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    for item in items:
        if not isinstance(item, str):
            because = "an array that is valid JSON is taken for the exec form, which holds strings only"
            raise SyntaxRefusal(
                Problem("json-not-strings", "error", "", f"{text} holds something that is no string", (because,))
            )
    # Go replaces what cannot be UTF-8, Python keeps it.
    return tuple([item if item.isascii() else _SURROGATE.sub("\ufffd", item) for item in items])


def _no_text(number: str) -> None:
    """Numbers are not strings, which is all that counts; Python reads no endless ones."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def flags_of(reading: Reading) -> Flags:
    """The flags by name, each with its values; refused where they mean nothing."""
    if not reading.source.flags:
        return {}
    keyword = reading.source.keyword.upper()
    known = FLAGS.get(keyword, _NO_FLAGS)
    found: Flags = {}
    for flag in reading.source.flags:
        name, equals, value = flag[2:].partition("=")
        kind = known.get(name)
        if kind is None:
            _refuse_flag(keyword, flag, name, known)
        if kind != LIST and name in found:
            raise refuse("flag-twice", f"{keyword} has the flag --{name} twice")
        if kind == BOOL and equals and value.lower() not in {"true", "false"}:
            raise refuse("bad-flag", f"--{name}={value} is neither true nor false")
        if kind != BOOL and not equals:
            raise refuse("bad-flag", f"--{name} needs a value", f"--{name}=...")
        found.setdefault(name, []).append((value.lower() if kind == BOOL else value) if equals else None)
    return found


def _refuse_flag(keyword: str, flag: str, name: str, known: dict[str, str]) -> NoReturn:
    if not known:
        hint = f"write {keyword} -- {flag}, or the JSON form" if keyword in {"CMD", "ENTRYPOINT"} else ""
        raise refuse("unknown-flag", f"{keyword} takes no flags, and {flag} reads as one", *([hint] if hint else []))
    hints = [hint.replace("'", "'--", 1) for hint in did_you_mean(name, known)]
    raise refuse("unknown-flag", f"{keyword} has no flag --{name}", *hints)


def text_of(flags: Flags, name: str) -> str | None:
    """The value of a flag; `None` where it is not given."""
    values = flags.get(name)
    return values[0] if values else None


def truth_of(flags: Flags, name: str) -> bool:
    """Whether a flag is given and not `false`."""
    values = flags.get(name)
    return values is not None and values[0] != "false"


def list_of(flags: Flags, name: str) -> list[str]:
    """All values of a flag that may be repeated."""
    return [value for value in flags.get(name, []) if value is not None]


def one_argument(reading: Reading, what: str) -> str:
    """The one argument of an instruction without flags."""
    flags_of(reading)
    if not reading.source.arguments:
        raise refuse("no-argument", f"{reading.source.keyword.upper()} needs a {what}")
    return reading.source.arguments


def command_of(reading: Reading, text: str) -> Command:
    """Exec form where the text is a JSON array, else shell form."""
    strings = json_strings(text)
    if strings is not None:
        return trusted_exec(strings)
    return trusted_shell(_pieces(reading, text))


def trusted_exec(argv: tuple[str, ...]) -> ExecForm:
    """An exec form that was read from a file."""
    form = object.__new__(ExecForm)
    object.__setattr__(form, "argv", argv)
    return form


def _pieces(reading: Reading, text: str) -> tuple[str, ...]:
    """The command in the lines it was written on."""
    if not reading.cuts:
        return (text,)
    start = len(reading.text.rstrip(BLANKS)) - len(text)
    cuts = [cut - start for cut in reading.cuts if 0 < cut - start < len(text)]
    pieces: list[str] = []
    for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        piece = text[begin:end]
        if pieces and not piece.strip(BLANKS):
            pieces[-1] += piece
        elif piece:
            pieces.append(piece)
    return tuple(pieces)
