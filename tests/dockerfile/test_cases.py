"""Each case is a file that a person can read, and beside it what we make of it.

`python -m tests.dockerfile.test_cases` writes the outcomes anew: read the difference before you keep it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mlcontainers.dockerfile import Dockerfile, ExecForm, Heredoc, check
from mlcontainers.dockerfile.instructions import Add, Copy, Env, Instruction, Label, Run
from mlcontainers.errors import InvalidDockerfileError

go: Any = import_module("dockerfile")
"""A wrapper of BuildKit's own parser, without types."""
CASES = sorted((Path(__file__).parent / "cases").glob("*.Dockerfile"))


def outcome(content: bytes) -> str:
    """The instructions with their lines, or that it cannot be read; then all problems."""
    try:
        nodes = Dockerfile.parse(content).instructions
    except InvalidDockerfileError:
        lines = ["cannot be read"]
    else:
        lines = [_line(node) for node in nodes]
    lines += [f"{p.severity}[{p.code}] {p.where}: {p.what}" for p in check(content)]
    return "\n".join(lines) + "\n"


def _line(node: Instruction) -> str:
    assert node.span
    lines = f"{node.span.start_line}-{node.span.end_line}"
    return " ".join([lines, repr(node)])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_outcome(path: Path) -> None:
    content = path.read_bytes()

    assert outcome(content) == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_parses_renders_as_it_stood(path: Path) -> None:
    content = path.read_bytes()
    try:
        document = Dockerfile.parse(content)
    except InvalidDockerfileError:
        return

    assert document.encode() == content
    assert document.formatted().instructions == document.instructions


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_go_parser_agrees(path: Path) -> None:
    """BuildKit 0.12's own parser: it knows no instruction reader, so it may take what we refuse, never the reverse."""
    text = path.read_bytes().decode()
    try:
        ours = Dockerfile.parse(text).instructions
    except InvalidDockerfileError:
        return

    theirs: list[Any] = go.parse_string(text)

    assert [(n.keyword, n.span and (n.span.start_line, n.span.end_line)) for n in ours] == [
        (command.cmd.upper(), (command.start_line, command.end_line)) for command in theirs
    ]
    for node, command in zip(ours, theirs, strict=True):
        assert node.source and node.source.flags == tuple(command.flags)
        _assert_same_values(node, tuple(command.value))


def _assert_same_values(node: Instruction, values: tuple[str, ...]) -> None:
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


if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(outcome(case.read_bytes()))
