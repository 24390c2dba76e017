"""Colours on a terminal, plain text elsewhere."""

from __future__ import annotations

import io

import pytest

from mlcontainers.cli.drawing import show

TEXT = "Python: 3.12\n  because you asked for it\nwarning[x]: [bold] is text\n"


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal_with_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_file_gets_the_text_as_it_is() -> None:
    stream = io.StringIO()
    show(TEXT, stream)
    assert stream.getvalue() == TEXT


def test_a_terminal_gets_colours_around_the_same_text() -> None:
    stream = Terminal()
    show(TEXT, stream)
    assert "\x1b[" in stream.getvalue()
    assert "[bold] is text" in stream.getvalue()


def test_who_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    show(TEXT, stream)
    assert stream.getvalue() == TEXT
