"""Text for people: plain where it goes into a file or a pipe, with colours on a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlcontainers.errors import Problem

_STYLES = {
    "error[": "bold red",
    "warning[": "bold yellow",
    "info[": "bold blue",
    "no  ": "bold red",
    "works": "bold green",
    "impossible": "bold red",
    "unknown": "bold yellow",
    "  because": "dim",
    "  where:": "dim",
    "  hint:": "green",
}


def show(text: str, stream: TextIO | None = None) -> None:
    """Write lines to standard output, or to the stream given."""
    out: TextIO = sys.stdout if stream is None else stream
    if not out.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        out.write(text if text.endswith("\n") else text + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, highlight=False, soft_wrap=True)
    for line in text.splitlines():
        console.print(Text(line, _style(line)))


def complain(problems: Iterable[Problem]) -> None:
    """Write problems to standard error."""
    show("\n".join(str(problem) for problem in problems), sys.stderr)


def _style(line: str) -> str:
    """Reasons step back, subjects stand out."""
    for start, style in _STYLES.items():
        if line.startswith(start):
            return style
    subject = ": " in line and not line.startswith(" ")
    return "bold" if subject else ""
