"""The two forms of a command: text for a shell, or a program with its arguments."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from mlcontainers.dockerfile.refusals import one_line, refuse

INDENT = "    "
_HEREDOC_LIKE = re.compile(r"""(?:^|[\s;&|(){}])[0-9]*<<(?!<)-?\s*[^\s<]""").search


@dataclass(frozen=True, slots=True)
class ShellForm:
    """Text for the stage's shell, in the physical lines it is written on; joined without the line ends."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, *pieces: str) -> ShellForm:
        """Pieces of one command, written one below the other; between two of them stands a blank."""
        if not pieces:
            raise refuse("empty-command", "a command needs some text")
        for piece in pieces:
            _check(piece)
        first, *others = (piece.strip(" \t") for piece in pieces)
        lines = (first, *(INDENT + other for other in others))
        return cls((*(line + " " for line in lines[:-1]), lines[-1]))

    @property
    def command(self) -> str:
        """What the shell gets, on one line."""
        return "".join(self.pieces)

    def __str__(self) -> str:
        return "\\\n".join(self.pieces)


@dataclass(frozen=True, slots=True)
class ExecForm:
    """A program and its arguments, without a shell: no variable is expanded."""

    argv: tuple[str, ...]

    @classmethod
    def of(cls, *argv: str) -> ExecForm:
        """A program and its arguments."""
        for argument in argv:
            one_line(argument, "argument")
        return cls(argv)

    def __str__(self) -> str:
        return json_array(self.argv)


def json_array(items: tuple[str, ...]) -> str:
    """The JSON form, as every builder reads it."""
    return "[" + ", ".join(json.dumps(item, ensure_ascii=False) for item in items) + "]"


def _check(piece: str) -> None:
    text = one_line(piece, "command")
    if not text.strip():
        raise refuse("empty-command", f"a command needs some text, got {text!r}")
    if text.rstrip(" \t").endswith("\\"):
        raise refuse("open-command", f"command {text!r} ends in a backslash", because="it joins the next line to it")
    if text.lstrip().startswith("#"):
        raise refuse("comment-command", f"command {text!r} begins with #", because="the builder drops such a line")
    if "<<" in text and _HEREDOC_LIKE(_without_quotes(text)):
        raise refuse(
            "heredoc-like",
            f"command {text!r} holds <<, which builders read as the start of a heredoc",
            "put a blank before and after << in arithmetic only inside quotes, or use a file",
            because="the lines that follow would be taken for its body",
        )


def _without_quotes(text: str) -> str:
    """The text with all that stands in quotes blanked out; an open quote takes the rest."""
    return re.sub(r"'[^']*('|$)|\"(\\.|[^\"\\])*(\"|$)", lambda match: "_" * len(match[0]), text)
