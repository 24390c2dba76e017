"""From a logical line to a typed instruction: what BuildKit's instruction reader accepts, and why not the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.forms import Command, ExecForm
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
from mlcontainers.dockerfile.reading import (
    Flags,
    Reading,
    command_of,
    flags_of,
    json_strings,
    list_of,
    one_argument,
    text_of,
    truth_of,
)  # fmt: skip
from mlcontainers.dockerfile.refusals import BLANKS, refuse
from mlcontainers.dockerfile.words import Word, join_blanks, split_words, translate
from mlcontainers.errors import InvalidDockerfileError, Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII).fullmatch
_WHOLE = re.compile(r"\+?[0-9]{1,20}", re.ASCII).fullmatch


def read_instruction(reading: Reading) -> Instruction:
    """The typed instruction, or an `InvalidDockerfileError` that says what a builder would say."""
    keyword = reading.source.keyword.upper()
    reader = _READERS.get(keyword)
    if reader is None:
        hints = did_you_mean(keyword, _READERS)
        raise refuse("unknown-instruction", f"there is no instruction {reading.source.keyword!r}", *hints)
    return reader(reading)


def _from(reading: Reading) -> Instruction:
    flags = flags_of(reading)
    words = split_blanks(reading.source.arguments)
    if len(words) not in {1, 3} or (len(words) == 3 and words[1].lower() != "as"):
        hint = "a comment needs a line of its own" if "#" in words else "FROM image AS name"
        raise refuse("argument-count", f"FROM takes an image, or image AS name, got {' '.join(words)!r}", hint)
    name = words[2].lower() if len(words) == 3 else None
    if name is not None and not _STAGE_NAME(name):
        hint = "lower-case letters, digits and _ . - after a first letter"
        raise refuse("bad-stage-name", f"{words[2]!r} is no name of a stage", hint)
    platform = text_of(flags, "platform") or None
    return trusted(From, reading.source, image=words[0], name=name, platform=platform)


def _run(reading: Reading) -> Instruction:
    flags = flags_of(reading)
    for name, allowed in (("network", NETWORKS), ("security", SECURITIES)):
        value = text_of(flags, name)
        if value is not None and value not in allowed:
            raise refuse(f"bad-{name}", f"--{name}={value} is none of {', '.join(allowed)}")
    return trusted(
        Run, reading.source,
        command=command_of(reading, reading.source.arguments),
        mounts=tuple([read_mount(value) for value in list_of(flags, "mount")]),
        network=text_of(flags, "network"),
        security=text_of(flags, "security"),
        devices=tuple(list_of(flags, "device")),
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
    flags_of(reading)
    return trusted(Cmd, reading.source, command=command_of(reading, reading.source.arguments))


def _entrypoint(reading: Reading) -> Instruction:
    flags_of(reading)
    return trusted(Entrypoint, reading.source, command=command_of(reading, reading.source.arguments))


def _shell(reading: Reading) -> Instruction:
    flags_of(reading)
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
    flags = flags_of(reading)
    sources, destination = _paths(reading)
    return trusted(
        Copy, reading.source, sources=sources, destination=destination,
        from_=text_of(flags, "from"), chown=text_of(flags, "chown"), chmod=text_of(flags, "chmod"),
        link=truth_of(flags, "link"), exclude=tuple(list_of(flags, "exclude")), parents=truth_of(flags, "parents"),
    )  # fmt: skip


def _add(reading: Reading) -> Instruction:
    flags = flags_of(reading)
    sources, destination = _paths(reading)
    return trusted(
        Add, reading.source, sources=sources, destination=destination,
        chown=text_of(flags, "chown"), chmod=text_of(flags, "chmod"), checksum=text_of(flags, "checksum"),
        link=truth_of(flags, "link"), exclude=tuple(list_of(flags, "exclude")),
        keep_git_dir=truth_of(flags, "keep-git-dir"),
        unpack=truth_of(flags, "unpack") if "unpack" in flags else None,
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
    flags_of(reading)
    if not pairs:
        raise refuse("no-argument", "ENV needs a name and a value")
    return trusted(Env, reading.source, pairs=pairs)


def _label(reading: Reading) -> Instruction:
    pairs = _pairs(reading)
    flags_of(reading)
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
    return trusted(Workdir, reading.source, path=one_argument(reading, "path"))


def _user(reading: Reading) -> Instruction:
    return trusted(User, reading.source, user=one_argument(reading, "user"))


def _maintainer(reading: Reading) -> Instruction:
    return trusted(Maintainer, reading.source, name=one_argument(reading, "name"))


def _stopsignal(reading: Reading) -> Instruction:
    # Builders drop its flags without a word.
    if not reading.source.arguments:
        raise refuse("no-argument", "STOPSIGNAL needs a signal")
    return trusted(Stopsignal, reading.source, signal=reading.source.arguments)


def _expose(reading: Reading) -> Instruction:
    return trusted(Expose, reading.source, ports=tuple(split_blanks(one_argument(reading, "port"))))


def _volume(reading: Reading) -> Instruction:
    text = one_argument(reading, "path")
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
    flags = flags_of(reading)
    command = command_of(reading, text)
    if not text or command == ExecForm(()):
        raise refuse("no-argument", "HEALTHCHECK CMD needs a command")
    return _healthy(reading, command, flags)


def _healthy(reading: Reading, command: Command | None, flags: Flags) -> Instruction:
    times = {name: text_of(flags, name) for name in ("interval", "timeout", "start-period", "start-interval")}
    for name, value in times.items():
        if value and not is_duration(value):
            because = "a number needs a unit: ms, s, m or h" if value.isdigit() else ""
            raise refuse("bad-duration", f"--{name}={value} is no duration", f"--{name}=30s", because=because)
    retries = text_of(flags, "retries")
    if retries and (not _WHOLE(retries) or int(retries) >= 2**31):
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
        flags_of(reading)
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
    flags_of(reading)
    if word.upper() in {"ONBUILD", "FROM", "MAINTAINER"}:
        raise refuse("bad-trigger", f"ONBUILD takes no {word.upper()}")
    return trusted(Onbuild, source, instruction=child)


_READERS: dict[str, Callable[[Reading], Instruction]] = {
    "ADD": _add, "ARG": _arg, "CMD": _cmd, "COPY": _copy, "ENTRYPOINT": _entrypoint, "ENV": _env,
    "EXPOSE": _expose, "FROM": _from, "HEALTHCHECK": _healthcheck, "LABEL": _label,
    "MAINTAINER": _maintainer, "ONBUILD": _onbuild, "RUN": _run, "SHELL": _shell,
    "STOPSIGNAL": _stopsignal, "USER": _user, "VOLUME": _volume, "WORKDIR": _workdir,
}  # fmt: skip
