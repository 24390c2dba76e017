"""The two forms of a command: text for a shell, or a program with its arguments."""

from __future__ import annotations

import json
from dataclasses import dataclass

from mlcontainers.dockerfile.heredocs import marks
from mlcontainers.dockerfile.refusals import BLANKS, one_line, open_line, refuse

INDENT = "    "
_json = json.JSONEncoder(ensure_ascii=False).encode
# A backslash at the end of a piece that is an odd one out would escape the blank before the line end.
_BLANK_ENDS = " \t"


@dataclass(frozen=True, slots=True)
class ShellForm:
    """Text for the stage's shell, in the physical lines it is written on; joined without the line ends."""

    pieces: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.pieces:
            raise refuse("empty-command", "a command needs some text")
        for position, piece in enumerate(self.pieces):
            _check(piece, last=position == len(self.pieces) - 1)
        if self.pieces[0][0] in BLANKS or self.pieces[-1][-1] in BLANKS:
            raise refuse("blank", f"command {self.command!r} begins or ends with a blank", because="it would be lost")

    @classmethod
    def of(cls, *pieces: str) -> ShellForm:
        """Pieces of one command, written one below the other; between two of them stands a blank."""
        lines = [piece.strip(BLANKS) if isinstance(piece, str) else piece for piece in pieces]
        if len(lines) > 1:
            lines = [lines[0] + " ", *(f"{INDENT}{line} " for line in lines[1:-1]), INDENT + lines[-1]]
        return cls(tuple(lines))

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

    def __post_init__(self) -> None:
        for argument in self.argv:
            one_line(argument, "argument")

    @classmethod
    def of(cls, *argv: str) -> ExecForm:
        """A program and its arguments."""
        return cls(argv)

    def __str__(self) -> str:
        return json_array(self.argv)


Command = ShellForm | ExecForm


def json_array(items: tuple[str, ...]) -> str:
    """The JSON form, as every builder reads it."""
    return "[" + ", ".join([_json(item) for item in items]) + "]"


def check_command(command: Command, *, heredocs: bool = False) -> None:
    """Refuse a text that the builder would take for something else when it stands behind the keyword."""
    if isinstance(command, ExecForm):
        return
    text = command.command
    if text.startswith("--"):
        raise refuse("flag-like", f"command {text!r} begins with --, as flags do", "use the exec form")
    if text.startswith("["):
        raise refuse(
            "array-like",
            f"command {text!r} begins with [",
            "write test instead of [",
            because="a text that happens to be a JSON array runs without a shell",
        )
    if not heredocs and "<<" in text and marks(f"RUN {text}"):
        raise refuse(
            "heredoc-like",
            f"command {text!r} holds <<, which builders read as the start of a heredoc",
            "write arithmetic without blanks, as in $((1<<20)), or use Run.script",
            because="the lines that follow would be taken for its body",
        )


def _check(piece: str, *, last: bool) -> None:
    text = one_line(piece, "command")
    bare = text.strip()
    if not bare:
        raise refuse("empty-command", f"a command needs some text, got {text!r}")
    if bare[-1] == "\\" and text.rstrip(_BLANK_ENDS)[-1] == "\\" and (last or text[-1] == "\\"):
        raise open_line("command", text)
    if bare[0] == "#":
        raise refuse("comment-command", f"command {text!r} begins with #", because="the builder drops such a line")


def trusted_shell(pieces: tuple[str, ...]) -> ShellForm:
    """A command that was read from a file."""
    form = object.__new__(ShellForm)
    object.__setattr__(form, "pieces", pieces)
    return form
