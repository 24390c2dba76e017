"""From a logical line to a typed instruction: what BuildKit's instruction reader accepts, and why not the rest."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from mlcontainers.dockerfile.forms import Command, ExecForm, trusted_shell
from mlcontainers.dockerfile.heredocs import Heredoc, read_mark
from mlcontainers.dockerfile.instructions import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Source,
    Stopsignal,
    Unreadable,
    User,
    Volume,
    Workdir,
)  # fmt: skip
from mlcontainers.dockerfile.instructions.commands import NETWORKS, SECURITIES, is_duration
from mlcontainers.dockerfile.instructions.instruction import trusted
from mlcontainers.dockerfile.lexer import SyntaxRefusal, split_blanks, split_flags, split_keyword
from mlcontainers.dockerfile.mounts import Mount
from mlcontainers.dockerfile.mounts import trusted as trusted_mount
from mlcontainers.dockerfile.refusals import BLANKS, refuse
from mlcontainers.dockerfile.words import Word, join_blanks, split_words, translate
from mlcontainers.errors import InvalidDockerfileError, Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    Flags = dict[str, list[str | None]]

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII).fullmatch
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII).fullmatch

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


def read_instruction(reading: Reading) -> Instruction:
    """The typed instruction, or an `InvalidDockerfileError` that says what a builder would say."""
    keyword = reading.source.keyword.upper()
    reader = _READERS.get(keyword)
    if reader is None:
        hints = did_you_mean(keyword, _READERS)
        raise refuse("unknown-instruction", f"there is no instruction {reading.source.keyword!r}", *hints)
    return reader(reading)


def is_json(text: str) -> bool:
    """Whether arguments are in the JSON form."""
    return text.startswith("[") and json_strings(text) is not None


def json_strings(text: str) -> tuple[str, ...] | None:
    """A JSON array of strings; `None` where the builder takes the text for the other form."""
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    for item in items:
        if not isinstance(item, str):
            because = "an array that is valid JSON is taken for the exec form, which holds strings only"
            raise SyntaxRefusal(
                Problem("json-not-strings", "error", "", f"{text} holds {item!r}, which is no string", (because,))
            )
    # Go replaces what cannot be UTF-8, Python keeps it.
    return tuple([item if item.isascii() else _SURROGATE.sub("\ufffd", item) for item in items])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _flags(reading: Reading) -> Flags:
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


def _text(flags: Flags, name: str) -> str | None:
    values = flags.get(name)
    return values[0] if values else None


def _truth(flags: Flags, name: str) -> bool:
    values = flags.get(name)
    return values is not None and values[0] != "false"


def _listed(flags: Flags, name: str) -> list[str]:
    return [value for value in flags.get(name, []) if value is not None]


def _one(reading: Reading, what: str) -> str:
    """The one argument of an instruction without flags."""
    _flags(reading)
    if not reading.source.arguments:
        raise refuse("no-argument", f"{reading.source.keyword.upper()} needs a {what}")
    return reading.source.arguments


def _command(reading: Reading, text: str) -> Command:
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


def _from(reading: Reading) -> Instruction:
    flags = _flags(reading)
    words = split_blanks(reading.source.arguments)
    if len(words) not in {1, 3} or (len(words) == 3 and words[1].lower() != "as"):
        hint = "a comment needs a line of its own" if "#" in words else "FROM image AS name"
        raise refuse("argument-count", f"FROM takes an image, or image AS name, got {' '.join(words)!r}", hint)
    name = words[2].lower() if len(words) == 3 else None
    if name is not None and not _STAGE_NAME(name):
        hint = "lower-case letters, digits and _ . - after a first letter"
        raise refuse("bad-stage-name", f"{words[2]!r} is no name of a stage", hint)
    platform = _text(flags, "platform") or None
    return trusted(From, reading.source, image=words[0], name=name, platform=platform)


def _run(reading: Reading) -> Instruction:
    flags = _flags(reading)
    for name, allowed in (("network", NETWORKS), ("security", SECURITIES)):
        value = _text(flags, name)
        if value is not None and value not in allowed:
            raise refuse(f"bad-{name}", f"--{name}={value} is none of {', '.join(allowed)}")
    return trusted(
        Run, reading.source,
        command=_command(reading, reading.source.arguments),
        mounts=tuple([read_mount(value) for value in _listed(flags, "mount")]),
        network=_text(flags, "network"),
        security=_text(flags, "security"),
        devices=tuple(_listed(flags, "device")),
        bodies=tuple(reading.heredocs),
    )  # fmt: skip


def read_mount(text: str) -> Mount:
    """The value of one `--mount`: a record of CSV."""
    type = "bind"
    options: list[tuple[str, str | None]] = []
    for field in _csv(text):
        key, equals, value = field.partition("=")
        key = key.lower()
        if key == "from" and "$" in value:
            raise refuse("bad-mount", f"mount option from={value!r} takes no variable")
        if key == "type" and equals:
            type = value.lower()
        else:
            options.append((key, value if equals else None))
    return trusted_mount(type, tuple(options))


def _csv(text: str) -> list[str]:
    if not text:
        raise refuse("bad-mount", "--mount needs a value", "--mount=type=cache,target=/path")
    if '"' not in text:
        return text.split(",")
    if not re.fullmatch(r'(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*', text):
        raise refuse("bad-mount", f"--mount={text} has a stray quote")
    fields = re.findall(r'(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))', text)
    return [quoted.replace('""', '"') or plain for quoted, plain in fields]


def _cmd(reading: Reading) -> Instruction:
    _flags(reading)
    return trusted(Cmd, reading.source, command=_command(reading, reading.source.arguments))


def _entrypoint(reading: Reading) -> Instruction:
    _flags(reading)
    return trusted(Entrypoint, reading.source, command=_command(reading, reading.source.arguments))


def _shell(reading: Reading) -> Instruction:
    _flags(reading)
    argv = json_strings(reading.source.arguments)
    if not argv:
        raise refuse("bad-shell", "SHELL takes a JSON array", 'SHELL ["/bin/bash", "-c"]')
    return trusted(Shell, reading.source, argv=argv)


def _paths(reading: Reading) -> tuple[tuple[str | Heredoc, ...], str]:
    text = reading.source.arguments
    keyword = reading.source.keyword.upper()
    strings = json_strings(text)
    words = split_blanks(text) if strings is None else list(strings)
    if len(words) < 2:
        raise refuse("argument-count", f"{keyword} takes at least a source and a destination, got {text!r}")
    if strings is not None:
        return tuple(words[:-1]), words[-1]
    if read_mark(words[-1]):
        raise refuse("heredoc-destination", f"{keyword} cannot copy to the heredoc {words[-1]}")
    bodies = {heredoc.delimiter: heredoc for heredoc in reading.heredocs}
    sources: list[str | Heredoc] = []
    for word in words[:-1]:
        mark = read_mark(word) if "<<" in word else None
        sources.append(bodies.get(mark[0], word) if mark else word)
    return tuple(sources), words[-1]


def _copy(reading: Reading) -> Instruction:
    flags = _flags(reading)
    sources, destination = _paths(reading)
    return trusted(
        Copy, reading.source, sources=sources, destination=destination,
        from_=_text(flags, "from"), chown=_text(flags, "chown"), chmod=_text(flags, "chmod"),
        link=_truth(flags, "link"), exclude=tuple(_listed(flags, "exclude")), parents=_truth(flags, "parents"),
    )  # fmt: skip


def _add(reading: Reading) -> Instruction:
    flags = _flags(reading)
    sources, destination = _paths(reading)
    return trusted(
        Add, reading.source, sources=sources, destination=destination,
        chown=_text(flags, "chown"), chmod=_text(flags, "chmod"), checksum=_text(flags, "checksum"),
        link=_truth(flags, "link"), exclude=tuple(_listed(flags, "exclude")),
        keep_git_dir=_truth(flags, "keep-git-dir"),
        unpack=_truth(flags, "unpack") if "unpack" in flags else None,
    )  # fmt: skip


def _pairs(reading: Reading) -> tuple[tuple[str, Word], ...]:
    text, escape = reading.source.arguments, reading.escape
    keyword = reading.source.keyword.upper()
    words = split_words(text, escape)
    if words and "=" not in words[0]:
        name, *rest = re.split("[\t\v\f\r ]+", text, maxsplit=1)
        if not rest:
            raise SyntaxRefusal(
                Problem("no-value", "error", "", f"{keyword} {text} has no value", (), (f'{keyword} {text}="..."',))
            )
        return ((name, _word(join_blanks(rest[0], escape), escape)),)
    pairs: list[tuple[str, Word]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            hint = f'put a value with blanks in quotes, as in {keyword} NAME="a b"'
            because = "every word of this form is a pair"
            raise SyntaxRefusal(
                Problem("bad-pair", "error", "", f"{keyword} has no = in {word!r}", (because,), (hint,))
            )
        if not name:
            raise refuse("bad-name", f"{keyword} has a pair without a name: {word!r}")
        pairs.append((name, _word(value, escape)))
    return tuple(pairs)


def _word(raw: str, escape: str) -> Word:
    return Word.trusted(raw if escape == "\\" else translate(raw, escape, "\\"))


def _env(reading: Reading) -> Instruction:
    pairs = _pairs(reading)
    _flags(reading)
    if not pairs:
        raise refuse("no-argument", "ENV needs a name and a value")
    return trusted(Env, reading.source, pairs=pairs)


def _label(reading: Reading) -> Instruction:
    pairs = _pairs(reading)
    _flags(reading)
    if not pairs:
        raise refuse("no-argument", "LABEL needs a name and a value")
    return trusted(Label, reading.source, pairs=pairs)


def _arg(reading: Reading) -> Instruction:
    pairs: list[tuple[str, Word | None]] = []
    for word in split_words(reading.source.arguments, reading.escape):
        name, equals, value = word.partition("=")
        if not name:
            raise refuse("bad-name", f"ARG has no name in {word!r}", "ARG NAME=value, without blanks around =")
        pairs.append((name, _word(value, reading.escape) if equals else None))
    if not pairs:
        raise refuse("no-argument", "ARG needs a name")
    return trusted(Arg, reading.source, name=pairs[0][0], default=pairs[0][1], others=tuple(pairs[1:]))


def _workdir(reading: Reading) -> Instruction:
    return trusted(Workdir, reading.source, path=_one(reading, "path"))


def _user(reading: Reading) -> Instruction:
    return trusted(User, reading.source, user=_one(reading, "user"))


def _maintainer(reading: Reading) -> Instruction:
    return trusted(Maintainer, reading.source, name=_one(reading, "name"))


def _stopsignal(reading: Reading) -> Instruction:
    # Builders drop its flags without a word.
    if not reading.source.arguments:
        raise refuse("no-argument", "STOPSIGNAL needs a signal")
    return trusted(Stopsignal, reading.source, signal=reading.source.arguments)


def _expose(reading: Reading) -> Instruction:
    return trusted(Expose, reading.source, ports=tuple(split_blanks(_one(reading, "port"))))


def _volume(reading: Reading) -> Instruction:
    text = _one(reading, "path")
    strings = json_strings(text)
    paths = tuple(split_blanks(text)) if strings is None else strings
    if not paths or not all(path.strip(BLANKS) for path in paths):
        raise refuse("no-argument", f"VOLUME {text} names an empty path or none")
    return trusted(Volume, reading.source, paths=paths)


def _healthcheck(reading: Reading) -> Instruction:
    word, *rest = re.split(f"[{BLANKS}]+", reading.source.arguments, maxsplit=1)
    text = rest[0] if rest else ""
    if word.upper() == "NONE":
        if text:
            raise refuse("argument-count", f"HEALTHCHECK NONE takes nothing else, got {text!r}")
        return _healthy(reading, None, {})
    if word.upper() != "CMD":
        raise refuse("bad-healthcheck", f"HEALTHCHECK takes CMD or NONE, got {word!r}", "HEALTHCHECK CMD ...")
    flags = _flags(reading)
    command = _command(reading, text)
    if not text or command == ExecForm(()):
        raise refuse("no-argument", "HEALTHCHECK CMD needs a command")
    return _healthy(reading, command, flags)


def _healthy(reading: Reading, command: Command | None, flags: Flags) -> Instruction:
    times = {name: _text(flags, name) for name in ("interval", "timeout", "start-period", "start-interval")}
    for name, value in times.items():
        if value and not is_duration(value):
            because = "a number needs a unit: ms, s, m or h" if value.isdigit() else ""
            raise refuse("bad-duration", f"--{name}={value} is no duration", f"--{name}=30s", because=because)
    retries = _text(flags, "retries")
    if retries and (not _WHOLE(retries) or not 0 <= int(retries[:12]) < 2**31):
        raise refuse("bad-retries", f"--retries={retries} is no number from 0 on")
    return trusted(
        Healthcheck, reading.source, command=command,
        interval=times["interval"] or None, timeout=times["timeout"] or None,
        start_period=times["start-period"] or None, start_interval=times["start-interval"] or None,
        retries=int(retries) if retries else None,
    )  # fmt: skip


def _onbuild(reading: Reading) -> Instruction:
    text = reading.source.arguments
    if not text:
        _flags(reading)
        raise refuse("no-argument", "ONBUILD needs an instruction")
    word, rest = split_keyword(text)
    flags, arguments = split_flags(rest)
    source = reading.source
    inner = Source("", source.start_line, source.end_line, word, arguments, flags)
    try:
        child = read_instruction(Reading(inner, reading.text, reading.cuts, reading.escape, reading.heredocs))
    except SyntaxRefusal:
        raise
    except InvalidDockerfileError:
        # Builders find out when the trigger fires; until then they only keep its text.
        child = trusted(Unreadable, inner, word=word, text=rest)
    _flags(reading)
    if word.upper() in {"ONBUILD", "FROM", "MAINTAINER"}:
        raise refuse("bad-trigger", f"ONBUILD takes no {word.upper()}")
    return trusted(Onbuild, source, instruction=child)


_READERS: dict[str, Callable[[Reading], Instruction]] = {
    "ADD": _add, "ARG": _arg, "CMD": _cmd, "COPY": _copy, "ENTRYPOINT": _entrypoint, "ENV": _env,
    "EXPOSE": _expose, "FROM": _from, "HEALTHCHECK": _healthcheck, "LABEL": _label,
    "MAINTAINER": _maintainer, "ONBUILD": _onbuild, "RUN": _run, "SHELL": _shell,
    "STOPSIGNAL": _stopsignal, "USER": _user, "VOLUME": _volume, "WORKDIR": _workdir,
}  # fmt: skip
