"""What a build does while it does it: live on a terminal, plain lines elsewhere. Always on standard error."""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlcontainers.cli.arguments import Progress
from mlcontainers.engines.events import Event, Output, StepDone, StepFailed, StepStarted, Transfer, Warned
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rich.console import RenderableType


@contextmanager
def shown(progress: Progress) -> Generator[Callable[[Event], None]]:
    """The place that events of a build go to, for as long as it runs."""
    if progress is Progress.NONE:
        yield _nowhere
    elif progress is Progress.PLAIN or not sys.stderr.isatty():
        yield plain
    else:
        from rich.console import Console
        from rich.live import Live

        steps = LiveSteps(Console(stderr=True, highlight=False, soft_wrap=True))
        with Live(get_renderable=steps.running, console=steps.console, transient=True, refresh_per_second=8):
            yield steps


def plain(event: Event) -> None:
    """One line an event, at once: for logs."""
    match event:
        case StepStarted(step) if not _internal(step):
            _write(f"> {short(step)}")
        case StepDone(step, seconds, cached) if not _internal(step):
            _write(f"< {short(step)}: {_took(seconds, cached)}")
        case StepFailed(step, _):
            _write(f"! {short(step)}: failed")
        case Output(_, text):
            for line in text.splitlines():
                _write(f"  {line}")
        case Warned(text, _):
            _write(f"warning: {text}")
        case _:
            pass


class LiveSteps:
    """The steps at work with their seconds, below those that are done."""

    def __init__(self, console: object) -> None:
        from rich.console import Console

        assert isinstance(console, Console)
        self.console = console
        self._started: dict[str, float] = {}
        self._last_words: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case StepStarted(step):
                self._started[step] = time.monotonic()
            case StepDone(step, seconds, cached):
                self._end(step, "green", f"✓ {short(step)}", _took(seconds, cached))
            case StepFailed(step, _):
                self._end(step, "bold red", f"✗ {short(step)}", "failed")
            case Output(step, text):
                self._last_words[step] = next((line for line in reversed(text.splitlines()) if line.strip()), "")
            case Transfer(step, name, current, total):
                amount = human_size(current) + (f" of {human_size(total)}" if total else "")
                self._last_words[step] = f"{name}: {amount}"
            case Warned(text, _):
                self._print("yellow", f"warning: {text}")

    def running(self) -> RenderableType:
        """What Live draws: a line for each step at work, and under it the last that it said."""
        from rich.text import Text

        lines = Text(no_wrap=True, overflow="ellipsis")
        for step, since in list(self._started.items()):
            lines.append(f"… {short(step)} ", "bold").append(f"{time.monotonic() - since:.0f} s\n", "dim")
            if words := self._last_words.get(step):
                lines.append(f"  {_printable(words)}\n", "dim")
        return lines

    def _end(self, step: str, style: str, line: str, took: str) -> None:
        self._started.pop(step, None)
        self._last_words.pop(step, None)
        if not _internal(step):
            self._print(style, f"{line} ({took})")

    def _print(self, style: str, line: str) -> None:
        from rich.text import Text

        self.console.print(Text(line, style))


def short(step: str) -> str:
    """A step's name as one line without its mounts, and no longer than a terminal is wide."""
    name = " ".join(re.sub(r"--mount=\S+", "", step).split())
    return name if len(name) <= 100 else name[:99] + "…"


def _took(seconds: float, cached: bool) -> str:
    return "cached" if cached else f"{seconds:.1f} s"


def _internal(step: str) -> bool:
    """The builder's housekeeping, which says nothing about the image."""
    return not step or step.startswith(("[internal]", "[context "))


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _write(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _nowhere(event: Event) -> None:
    return None
