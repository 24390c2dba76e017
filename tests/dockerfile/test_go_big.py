"""BuildKit's own parser, as the package `dockerfile` wraps that of BuildKit 0.12: two readers of the same text.

It knows no instruction reader, so it may take what we refuse; never the reverse. Where newer frontends read
otherwise, and we with them, is a table.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers.dockerfile import Dockerfile, ExecForm, Heredoc
from mlcontainers.dockerfile.instructions import Add, Copy, Env, Instruction, Label, Run
from mlcontainers.errors import InvalidDockerfileError

go: Any = import_module("dockerfile")
FOLDER = Path(__file__).parent
FILES = [*sorted(FOLDER.glob("cases/*.Dockerfile")), *sorted(FOLDER.glob("verdicts/*/*.Dockerfile"))]
TEXTS = [path.read_bytes().decode() for path in FILES]
PIECES = sorted({line for text in TEXTS for line in text.splitlines(keepends=True)})


class Difference(NamedTuple):
    """A text that the two read otherwise: the keywords and arguments of each."""

    text: str
    theirs: list[tuple[str, ...]]
    ours: list[tuple[str, str]]


DIFFERENCES = {
    "text behind a JSON array: ignored before 1.9, and the array ran": Difference(
        'CMD ["a"] b\n', [("CMD", "a")], [("CMD", '["a"] b')]
    ),
    "blanks behind <<: no heredoc before 1.16": Difference(
        "RUN << E\na\nE\n", [("RUN", "<< E"), ("A", ""), ("E", "")], [("RUN", "<< E")]
    ),
    "`# check=` in front of another directive: none before 1.8": Difference(
        "# check=skip=all\n# escape=`\nUSER a`\nb\n", [("USER", "a`"), ("B", "")], [("USER", "ab")]
    ),
    "the escape of a flag: always a backslash before 1.15": Difference(
        "# escape=`\nCOPY --chown=1`:1 a b\n", [("COPY", "--chown=1`:1", "a", "b")], [("COPY", "a b")]
    ),
    "a NUL: the wrapper's text ends there": Difference("RUN a\0b\n", [("RUN", "a")], [("RUN", "a\0b")]),
}


def with_base(text: str) -> str:
    """A file of the text, with a FROM below the directives."""
    lines = text.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "".join([*lines[:first], "FROM scratch\n", *lines[first:]])


@pytest.mark.parametrize("known", DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_known_difference(known: Difference) -> None:
    text = with_base(known.text)
    theirs = [(command.cmd.upper(), *command.flags, *command.value) for command in go.parse_string(text)]
    ours = [(node.keyword, node.source.arguments) for node in Dockerfile.parse(text).instructions if node.source]

    assert theirs[1:] == known.theirs
    assert ours[1:] == known.ours


def test_bytes_that_are_no_utf8_are_beyond_the_wrapper() -> None:
    content = b"FROM scratch\nRUN \xff\n"

    assert Dockerfile.parse(content).encode() == content
    with pytest.raises(UnicodeDecodeError):
        go.parse_string(content.decode())


@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in FILES])
def test_both_read_the_same(text: str) -> None:
    assert_same(text)


@settings(max_examples=60000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6), st.data())
def test_both_read_the_same_when_files_are_mixed(lines: list[str], data: st.DataObject) -> None:
    text = "FROM scratch\n" + "".join(lines)
    cut = data.draw(st.integers(min_value=0, max_value=len(text)))
    piece = data.draw(st.sampled_from(["", " ", "\\", "\n", "\\\n", '"', "'", "<<E", "#", "--x", "[", "$", "\t"]))

    assert_same(text[:cut] + piece + text[cut:])


def assert_same(text: str) -> None:
    try:
        ours = Dockerfile.parse(text).instructions
    except InvalidDockerfileError:
        return
    if is_known(text, ours):
        return
    theirs: list[Any] = go.parse_string(text)

    assert [(n.keyword, n.span and (n.span.start_line, n.span.end_line)) for n in ours] == [
        (command.cmd.upper(), (command.start_line, command.end_line)) for command in theirs
    ]
    for node, command in zip(ours, theirs, strict=True):
        assert node.source and node.source.flags == tuple(command.flags)
        assert_same_values(node, tuple(command.value))


def is_known(text: str, nodes: tuple[Instruction, ...]) -> bool:
    """Whether one of the differences may be in it."""
    sources = [node.source for node in nodes if node.source]
    return (
        any(" [" in f" {source.arguments}" for source in sources)
        or "<< " in text
        or "<<\t" in text
        or "check" in text
        or ("escape" in text and any("--" in source.text for source in sources))
        or "\0" in text
    )


def assert_same_values(node: Instruction, values: tuple[str, ...]) -> None:
    match node:
        case Run(command=command):
            text = command.argv if isinstance(command, ExecForm) else tuple(filter(None, [command.command]))
            assert text == values
        case Env() | Label():
            assert tuple(name for name, _ in node.pairs) == values[0::2]
        case Copy() | Add():
            paths = [source.delimiter if isinstance(source, Heredoc) else source for source in node.sources]
            assert len(values) == len(paths) + 1
            assert all(path in value for path, value in zip([*paths, node.destination], values, strict=True))
        case _:
            return
