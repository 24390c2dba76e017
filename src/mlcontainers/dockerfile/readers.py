"""From a logical line to a typed instruction: what BuildKit's instruction reader accepts, and why not the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

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
    Fields,
    Lines,
    command_of,
    flags_of,
    json_strings,
    one_argument,
)  # fmt: skip
from mlcontainers.dockerfile.refusals import BLANKS, refuse
from mlcontainers.dockerfile.words import Word, join_blanks, split_words, translate
from mlcontainers.errors import InvalidDockerfileError, Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader: TypeAlias = Callable[[Source, Lines], Instruction]

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.ASCII).fullmatch
_WHOLE = re.compile(r"\+?[0-9]{1,20}", re.ASCII).fullmatch


def reader_of(keyword: str) -> Reader:
    """What reads the instructions of a keyword: a typed instruction, or an `InvalidDockerfileError` as a builder's."""
    reader = READERS.get(keyword.upper())
    if reader is None:
        hints = did_you_mean(keyword.upper(), READERS)
        raise refuse("unknown-instruction", f"there is no instruction {keyword!r}", *hints, part=keyword)
    return reader


def _from(source: Source, lines: Lines) -> Instruction:
    flags = flags_of(source)
    words = split_blanks(source.arguments)
    if len(words) not in {1, 3} or (len(words) == 3 and words[1].lower() != "as"):
        hint = "a comment needs a line of its own" if "#" in words else "FROM image AS name"
        raise refuse(
            "argument-count",
            f"FROM takes an image, or image AS name, got {' '.join(words)!r}",
            hint,
            part=source.arguments,
        )
    name = words[2].lower() if len(words) == 3 else None
    if name is not None and not _STAGE_NAME(name):
        hint = "lower-case letters, digits and _ . - after a first letter"
        raise refuse("bad-stage-name", f"{words[2]!r} is no name of a stage", hint, part=words[2])
    # Builders take an empty platform for none.
    return trusted(From, source, image=words[0], name=name, platform=flags.get("platform") or None)


def _run(source: Source, lines: Lines) -> Instruction:
    command = command_of(lines, source.arguments)
    if not source.flags:
        return trusted(Run, source, command=command, bodies=lines.heredocs)
    flags = flags_of(source)
    for name, allowed in (("network", NETWORKS), ("security", SECURITIES)):
        value = flags.get(name)
        if value is not None and value not in allowed:
            what = f"--{name}={value} is none of {', '.join(allowed)}"
            raise refuse(f"bad-{name}", what, part=f"--{name}={value}")
    flags["mounts"] = tuple([read_mount(value) for value in flags.get("mounts", ())])
    return trusted(Run, source, command=command, bodies=lines.heredocs, **flags)


def read_mount(text: str) -> Mount:
    """The value of one `--mount`: a record of CSV."""
    type = "bind"
    options: list[tuple[str, str | None]] = []
    early: list[str] = []
    for field in _csv(text):
        key, equals, value = field.partition("=")
        key = key.lower()
        if key == "from" and "$" in value:
            raise refuse("bad-mount", f"mount option from={value!r} takes no variable", part=field)
        if key == "type" and equals:
            type = value.lower()
            early = [name for name, _ in options if name in {"size", "required"}]
        else:
            options.append((key, value if equals else None))
    return trusted_mount(type, tuple(options), tuple(early))


def _csv(text: str) -> list[str]:
    if not text:
        raise refuse("bad-mount", "--mount needs a value", "--mount=type=cache,target=/path")
    if '"' not in text:
        return text.split(",")
    if not re.fullmatch(r'(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*', text):
        raise refuse("bad-mount", f"--mount={text} has a stray quote", part="--mount")
    fields = re.findall(r'(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))', text)
    return [quoted.replace('""', '"') or plain for quoted, plain in fields]


def _cmd(source: Source, lines: Lines) -> Instruction:
    flags_of(source)
    return trusted(Cmd, source, command=command_of(lines, source.arguments))


def _entrypoint(source: Source, lines: Lines) -> Instruction:
    flags_of(source)
    return trusted(Entrypoint, source, command=command_of(lines, source.arguments))


def _shell(source: Source, lines: Lines) -> Instruction:
    flags_of(source)
    argv = json_strings(source.arguments)
    if not argv:
        hint = 'SHELL ["/bin/bash", "-c"]'
        raise refuse("bad-shell", "SHELL takes a JSON array", hint, part=source.arguments)
    return trusted(Shell, source, argv=argv)


def _paths(source: Source, lines: Lines) -> tuple[tuple[str | Heredoc, ...], str]:
    text = source.arguments
    keyword = source.keyword.upper()
    strings = json_strings(text) if text[:1] == "[" else None
    words = split_blanks(text) if strings is None else list(strings)
    if len(words) < 2:
        what = f"{keyword} takes at least a source and a destination, got {text!r}"
        raise refuse("argument-count", what, part=text)
    if strings is not None or "<<" not in text:
        return tuple(words[:-1]), words[-1]
    if read_mark(words[-1]):
        raise refuse("heredoc-destination", f"{keyword} cannot copy to the heredoc {words[-1]}", part=words[-1])
    bodies = {heredoc.delimiter: heredoc for heredoc in lines.heredocs}
    sources: list[str | Heredoc] = []
    for word in words[:-1]:
        mark = read_mark(word) if "<<" in word else None
        sources.append(bodies.get(mark[0], word) if mark else word)
    return tuple(sources), words[-1]


def _copy(source: Source, lines: Lines) -> Instruction:
    flags = flags_of(source)
    sources, destination = _paths(source, lines)
    return trusted(Copy, source, sources=sources, destination=destination, **flags)


def _add(source: Source, lines: Lines) -> Instruction:
    flags = flags_of(source)
    sources, destination = _paths(source, lines)
    return trusted(Add, source, sources=sources, destination=destination, **flags)


def _pairs(source: Source, lines: Lines) -> tuple[tuple[str, Word], ...]:
    text, escape = source.arguments, lines.escape
    keyword = source.keyword.upper()
    words = split_words(text, escape)
    if words and "=" not in words[0]:
        name, *rest = re.split("[\t\v\f\r ]+", text, maxsplit=1)
        if not rest:
            raise SyntaxRefusal(
                Problem(
                    "no-value",
                    "error",
                    "",
                    f"{keyword} {text} has no value",
                    (),
                    (f'{keyword} {text}="..."',),
                    part=text,
                )
            )
        return ((name, _word(join_blanks(rest[0], escape), escape)),)
    pairs: list[tuple[str, Word]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            hint = f'put a value with blanks in quotes, as in {keyword} NAME="a b"'
            because = "every word of this form is a pair"
            raise SyntaxRefusal(
                Problem("bad-pair", "error", "", f"{keyword} has no = in {word!r}", (because,), (hint,), part=word)
            )
        if not name:
            raise refuse("bad-name", f"{keyword} has a pair without a name: {word!r}", part=word)
        pairs.append((name, _word(value, escape)))
    return tuple(pairs)


def _word(raw: str, escape: str) -> Word:
    return Word.trusted(raw if escape == "\\" else translate(raw, escape, "\\"))


def _env(source: Source, lines: Lines) -> Instruction:
    pairs = _pairs(source, lines)
    flags_of(source)
    if not pairs:
        raise refuse("no-argument", "ENV needs a name and a value")
    return trusted(Env, source, pairs=pairs)


def _label(source: Source, lines: Lines) -> Instruction:
    pairs = _pairs(source, lines)
    flags_of(source)
    if not pairs:
        raise refuse("no-argument", "LABEL needs a name and a value")
    return trusted(Label, source, pairs=pairs)


def _arg(source: Source, lines: Lines) -> Instruction:
    pairs: list[tuple[str, Word | None]] = []
    for word in split_words(source.arguments, lines.escape):
        name, equals, value = word.partition("=")
        if not name:
            hint = "ARG NAME=value, without blanks around ="
            raise refuse("bad-name", f"ARG has no name in {word!r}", hint, part=word)
        pairs.append((name, _word(value, lines.escape) if equals else None))
    if not pairs:
        raise refuse("no-argument", "ARG needs a name")
    return trusted(Arg, source, name=pairs[0][0], default=pairs[0][1], others=tuple(pairs[1:]))


def _workdir(source: Source, lines: Lines) -> Instruction:
    return trusted(Workdir, source, path=one_argument(source, "path"))


def _user(source: Source, lines: Lines) -> Instruction:
    return trusted(User, source, user=one_argument(source, "user"))


def _maintainer(source: Source, lines: Lines) -> Instruction:
    return trusted(Maintainer, source, name=one_argument(source, "name"))


def _stopsignal(source: Source, lines: Lines) -> Instruction:
    # Builders drop its flags without a word.
    if not source.arguments:
        raise refuse("no-argument", "STOPSIGNAL needs a signal")
    return trusted(Stopsignal, source, signal=source.arguments)


def _expose(source: Source, lines: Lines) -> Instruction:
    return trusted(Expose, source, ports=tuple(split_blanks(one_argument(source, "port"))))


def _volume(source: Source, lines: Lines) -> Instruction:
    text = one_argument(source, "path")
    strings = json_strings(text)
    paths = tuple(split_blanks(text)) if strings is None else strings
    if not paths or not all(path.strip(BLANKS) for path in paths):
        raise refuse("no-argument", f"VOLUME {text} names an empty path or none", part=text)
    return trusted(Volume, source, paths=paths)


def _healthcheck(source: Source, lines: Lines) -> Instruction:
    word, *rest = re.split(f"[{BLANKS}]+", source.arguments, maxsplit=1)
    text = rest[0] if rest else ""
    if word.upper() == "NONE":
        if text:
            raise refuse("argument-count", f"HEALTHCHECK NONE takes nothing else, got {text!r}", part=text)
        return _healthy(source, None, {})
    if word.upper() != "CMD":
        what = f"HEALTHCHECK takes CMD or NONE, got {word!r}"
        raise refuse("bad-healthcheck", what, "HEALTHCHECK CMD ...", part=word)
    flags = flags_of(source)
    command = command_of(lines, text)
    if not text or command == ExecForm(()):
        raise refuse("no-argument", "HEALTHCHECK CMD needs a command")
    return _healthy(source, command, flags)


def _healthy(source: Source, command: Command | None, flags: Fields) -> Instruction:
    # Builders take an empty value for none.
    given = {name: value for name, value in flags.items() if value}
    for name, value in given.items():
        flag = name.replace("_", "-")
        if name != "retries" and not is_duration(value):
            because = "a number needs a unit: ms, s, m or h" if value.isdigit() else ""
            what, part = f"--{flag}={value} is no duration", f"--{flag}={value}"
            raise refuse("bad-duration", what, f"--{flag}=30s", because=because, part=part)
    if retries := given.get("retries"):
        if not _WHOLE(retries) or int(retries) >= 2**31:
            raise refuse("bad-retries", f"--retries={retries} is no number from 0 on", part=f"--retries={retries}")
        given["retries"] = int(retries)
    return trusted(Healthcheck, source, command=command, **given)


def _onbuild(source: Source, lines: Lines) -> Instruction:
    text = source.arguments
    if not text:
        flags_of(source)
        raise refuse("no-argument", "ONBUILD needs an instruction")
    word, rest = split_keyword(text)
    if word.upper() == "ONBUILD":
        raise refuse("bad-trigger", "ONBUILD takes no ONBUILD", part=f"{word} ")
    flags, arguments = split_flags(rest, lines.escape)
    inner = Source("", source.start_line, source.end_line, word, arguments, flags)
    try:
        child = reader_of(word)(inner, lines)
    except SyntaxRefusal:
        raise
    except InvalidDockerfileError:
        # Builders find out when the trigger fires; until then they only keep its text.
        child = trusted(Unreadable, inner, word=word, text=rest)
    flags_of(source)
    if word.upper() in {"FROM", "MAINTAINER"}:
        raise refuse("bad-trigger", f"ONBUILD takes no {word.upper()}", part=word)
    return trusted(Onbuild, source, instruction=child)


READERS: dict[str, Reader] = {
    "ADD": _add, "ARG": _arg, "CMD": _cmd, "COPY": _copy, "ENTRYPOINT": _entrypoint, "ENV": _env,
    "EXPOSE": _expose, "FROM": _from, "HEALTHCHECK": _healthcheck, "LABEL": _label,
    "MAINTAINER": _maintainer, "ONBUILD": _onbuild, "RUN": _run, "SHELL": _shell,
    "STOPSIGNAL": _stopsignal, "USER": _user, "VOLUME": _volume, "WORKDIR": _workdir,
}  # fmt: skip
