"""The parts that instructions are read from: flags with their kinds, the JSON form, commands."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from mlcontainers.dockerfile.forms import Command, ExecForm, trusted_shell
from mlcontainers.dockerfile.lexer import SyntaxRefusal
from mlcontainers.dockerfile.refusals import BLANKS, refuse
from mlcontainers.errors import Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from mlcontainers.dockerfile.heredocs import Heredoc
    from mlcontainers.dockerfile.instructions import Source

Fields: TypeAlias = dict[str, Any]
"""Text, truth or tuple of texts by the name of an instruction's field."""

_SURROGATE = re.compile("[\ud800-\udfff]")
STRING, BOOL, LIST = "string", "bool", "list"
_NO_FLAGS: dict[str, str] = {}
_FIELDS = {
    "from": "from_", "mount": "mounts", "device": "devices", "keep-git-dir": "keep_git_dir",
    "start-period": "start_period", "start-interval": "start_interval",
}  # fmt: skip
"""Where a field has another name than its flag."""
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


class Lines(NamedTuple):
    """What an instruction's reader may need beside its parts: how it was cut into lines, and the bodies below it."""

    escape: str
    joined: str = ""
    """The whole joined line; empty where the instruction is one physical line."""
    parts: tuple[str, ...] = ()
    """The physical lines that `joined` was joined from; none where it is one."""
    heredocs: tuple[Heredoc, ...] = ()


def is_json(text: str) -> bool:
    """Whether arguments are in the JSON form."""
    return text.startswith("[") and json_strings(text) is not None


def json_strings(text: str) -> tuple[str, ...] | None:
    """A JSON array of strings; `None` where the builder takes the text for the other form."""
    if not text.startswith("["):
        return None
    try:
        # Cheaper than `decode`, which looks for blanks at both ends; here there are none.
        items, end = _array(text)
    except (ValueError, RecursionError):
        return None
    if end != len(text):
        return None
    try:
        joined = "".join(items)
    except TypeError:
        because = "an array that is valid JSON is taken for the exec form, which holds strings only"
        what = f"{text} holds something that is no string"
        raise SyntaxRefusal(Problem("json-not-strings", "error", "", what, (because,), part=text)) from None
    # Go replaces what cannot be UTF-8, Python keeps it.
    return tuple(items if joined.isascii() else [_SURROGATE.sub("\ufffd", item) for item in items])


def json_prefix(text: str) -> bool:
    """Whether a text begins with a JSON array of strings and goes on behind it."""
    try:
        items, end = _array(text)
    except (ValueError, RecursionError):
        return False
    return end < len(text) and all(isinstance(item, str) for item in items)


def _no_text(number: str) -> None:
    """Numbers are not strings, which is all that counts; Python reads no endless ones."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_array = json.JSONDecoder(parse_int=_no_text, parse_constant=_no_constant).raw_decode


def field_of(flag: str) -> str:
    """The field of an instruction that holds a flag."""
    return _FIELDS.get(flag, flag)


def flags_of(source: Source) -> Fields:
    """The flags by the name of the field that holds them; refused where they mean nothing."""
    if not source.flags:
        return {}
    keyword = source.keyword.upper()
    known = FLAGS.get(keyword, _NO_FLAGS)
    found: Fields = {}
    for flag in source.flags:
        name, equals, value = flag[2:].partition("=")
        kind = known.get(name)
        if kind is None:
            _refuse_flag(keyword, flag, name, known)
        field = _FIELDS.get(name, name)
        if kind == LIST and equals:
            found[field] = (*found.get(field, ()), value)
            continue
        if field in found:
            raise refuse("flag-twice", f"{keyword} has the flag --{name} twice", part=flag)
        if kind == BOOL:
            truth = value.lower() if equals else "true"
            if truth not in {"true", "false"}:
                raise refuse("bad-flag", f"--{name}={value} is neither true nor false", part=flag)
            found[field] = truth == "true"
        elif equals:
            found[field] = value
        else:
            raise refuse("bad-flag", f"--{name} needs a value", f"--{name}=...", part=flag)
    return found


def _refuse_flag(keyword: str, flag: str, name: str, known: dict[str, str]) -> NoReturn:
    if not known:
        hint = f"write {keyword} -- {flag}, or the JSON form" if keyword in {"CMD", "ENTRYPOINT"} else ""
        what = f"{keyword} takes no flags, and {flag} reads as one"
        raise refuse("unknown-flag", what, *([hint] if hint else []), part=flag)
    hints = [hint.replace("'", "'--", 1) for hint in did_you_mean(name, known)]
    raise refuse("unknown-flag", f"{keyword} has no flag --{name}", *hints, part=flag)


def one_argument(source: Source, what: str) -> str:
    """The one argument of an instruction without flags."""
    if source.flags:
        flags_of(source)
    if not source.arguments:
        raise refuse("no-argument", f"{source.keyword.upper()} needs a {what}")
    return source.arguments


def command_of(lines: Lines, text: str) -> Command:
    """Exec form where the text is a JSON array, else shell form."""
    if text[:1] == "[" and (strings := json_strings(text)) is not None:
        return trusted_exec(strings)
    return trusted_shell(_pieces(lines, text) if lines.parts else (text,))


def trusted_exec(argv: tuple[str, ...]) -> ExecForm:
    """An exec form that was read from a file."""
    form = object.__new__(ExecForm)
    object.__setattr__(form, "argv", argv)
    return form


def _pieces(lines: Lines, text: str) -> tuple[str, ...]:
    """The command in the lines it was written on."""
    start = len(lines.joined.rstrip(BLANKS)) - len(text)
    first, *others = lines.parts
    if start < len(first) and others:
        pieces = (first[start:], *others[:-1], others[-1].rstrip(BLANKS))
        if "" not in map(str.strip, pieces):
            return pieces
    return _odd_pieces(lines, text, start)


def _odd_pieces(lines: Lines, text: str, start: int) -> tuple[str, ...]:
    """The same where the command begins further down, or lines hold nothing but blanks."""
    cuts = [cut - start for cut in accumulate(map(len, lines.parts)) if 0 < cut - start < len(text)]
    pieces: list[str] = []
    for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        piece = text[begin:end]
        if pieces and not piece.strip(BLANKS):
            pieces[-1] += piece
        elif piece:
            pieces.append(piece)
    return tuple(pieces)
