"""What a build does while it does it: live on a terminal, plain lines elsewhere, JSON lines for programs.

Always on standard error.
"""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlcontainers.cli import heed
from mlcontainers.cli.arguments import Progress
from mlcontainers.engines.events import (
    Built,
    Changed,
    Event,
    Output,
    Pulling,
    Reused,
    StepCached,
    StepDone,
    StepFailed,
    StepQueued,
    StepStarted,
    Tagged,
    Transfer,
    Verified,
    Warned,
    to_json,
)
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rich.console import RenderableType


@contextmanager
def shown(progress: Progress, download: int = 0) -> Generator[Callable[[Event], None]]:
    """The place that events of a build go to, for as long as it runs.

    `download` is what the plan expects its install steps to fetch, in bytes; 0 where it does not know.
    """
    if progress is Progress.NONE:
        yield _heeding(_nowhere)
    elif progress is Progress.JSON:
        yield _heeding(json_lines)
    elif progress is Progress.PLAIN or not sys.stderr.isatty():
        yield _heeding(plain)
    else:
        from rich.console import Console
        from rich.live import Live

        steps = LiveSteps(Console(stderr=True, highlight=False, soft_wrap=True), download)
        with Live(get_renderable=steps.running, console=steps.console, transient=True, refresh_per_second=8):
            yield _heeding(steps)


def _heeding(listener: Callable[[Event], None]) -> Callable[[Event], None]:
    """Signals are heeded at every event."""

    def hear(event: Event) -> None:
        heed()
        listener(event)

    return hear


def json_lines(event: Event) -> None:
    """One JSON object a line, at once: its kind is in `event`."""
    _write(json.dumps(to_json(event)))


def plain(event: Event) -> None:
    """One line an event, at once: for logs."""
    match event:
        case StepStarted(step) if not _internal(step):
            _write(f"> {short(step)}")
        case StepDone(step, seconds) if not _internal(step):
            _write(f"< {short(step)}: {seconds:.1f} s")
        case StepCached(step) if not _internal(step):
            _write(f"< {short(step)}: cached")
        case StepFailed(step, _):
            _write(f"! {short(step)}: failed")
        case Output(_, text):
            for line in text.splitlines():
                _write(f"  {line}")
        case Warned(text, _):
            _write(f"warning: {text}")
        case Changed() | Reused() | Verified() | Tagged():
            _write(said(event))
        case _:
            pass  # the rest is for those who watch, and the image is the command's own answer


def said(event: Changed | Reused | Verified | Tagged) -> str:
    """What is told of the image as a whole, as a line."""
    match event:
        case Changed(since, words):
            return f"changed since {since}: {'; '.join(words) or 'nothing'}"
        case Reused(reference):
            return f"nothing to build: {reference} is there"
        case Verified(report):
            count = sum(check.verdict == "yes" for check in report.checks)
            return f"verified: {count} checks in {report.seconds:.1f} s" if report.ok else "not as it should be"
        case Tagged(reference, where):
            return f"tagged {reference}" + (" in its registry" if where == "registry" else "")


class Fetched:
    """How much of what the plan expects has been fetched, as far as installers say so: uv and pip name each wheel."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.bytes = 0
        self._sizes: dict[str, int] = {}
        self._since: float | None = None

    def hear(self, text: str) -> None:
        """A piece of a step's output. uv says when a wheel begins and when it is there, pip only that it begins."""
        for name, amount, unit in _DOWNLOADING(text):
            self._since = time.monotonic() if self._since is None else self._since
            size = int(float(amount) * _UNITS[unit])
            if name.endswith((".whl", ".gz", ".zip")):
                self.bytes += size
            else:
                self._sizes[name] = size
        for name in _DOWNLOADED(text):
            self.bytes += self._sizes.pop(name, 0)

    def line(self) -> str:
        """For people, with an estimate once there is something to estimate from; empty before anything is fetched."""
        if not self.bytes or self._since is None:
            return f"to fetch: about {human_size(self.expected)} of packages" if self.expected else ""
        seconds = time.monotonic() - self._since
        text = f"fetched: {human_size(self.bytes)} of packages"
        left = self.expected - self.bytes
        if left <= 0:
            return text
        wait = left * seconds / self.bytes
        return f"{text} of about {human_size(self.expected)}, some {wait:.0f} s to go"


_DOWNLOADING = re.compile(r"^ *Downloading (\S+) \(([0-9.]+) ?([kKMG]i?B)\)", re.MULTILINE).findall
_DOWNLOADED = re.compile(r"^ *Downloaded (\S+)", re.MULTILINE).findall
_UNITS = {"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "kiB": 2**10}


class LiveSteps:
    """The steps at work with their seconds and bytes, below those that are done."""

    def __init__(self, console: object, download: int = 0) -> None:
        from rich.console import Console

        assert isinstance(console, Console)
        self.console = console
        self._begun = time.monotonic()
        self._fetched = Fetched(download)
        self._started: dict[str, float] = {}
        self._last_words: dict[str, str] = {}
        self._pulled: dict[str, dict[str, tuple[int, int]]] = {}
        self._queued: set[str] = set()
        self._counts = {"done": 0, "cached": 0}

    def __call__(self, event: Event) -> None:
        match event:
            case StepQueued(step):
                self._queued.add(step)
            case StepStarted(step):
                self._started[step] = time.monotonic()
            case StepDone(step, seconds):
                self._end(step, "done", "green", f"✓ {short(step)} ({seconds:.1f} s)")
            case StepCached(step):
                self._end(step, "cached", "green", f"✓ {short(step)} (cached)")
            case StepFailed(step, _):
                self._end(step, "failed", "bold red", f"✗ {short(step)} (failed)")
            case Output(step, text):
                self._fetched.hear(text)
                self._last_words[step] = next((line for line in reversed(text.splitlines()) if line.strip()), "")
            case Pulling(step, layer, current, total):
                self._pulled.setdefault(step, {})[layer] = (current, total)
            case Transfer(step, name, current, total):
                if current:
                    self._last_words[step] = f"{name} {_amount(current, total)}"
            case Warned(text, _):
                self._print("yellow", f"warning: {text}")
            case Changed() | Reused() | Verified() | Tagged():
                self._print("dim" if isinstance(event, Changed) else "bold", said(event))
            case Built():
                pass  # the command's own answer

    def running(self) -> RenderableType:
        """What Live draws: a line for each step at work with the last that it said, and one for the whole."""
        from rich.text import Text

        lines = Text(no_wrap=True, overflow="ellipsis")
        for step, since in list(self._started.items()):
            lines.append(f"… {short(step)} ", "bold").append(f"{time.monotonic() - since:.0f} s\n", "dim")
            if pulled := list(self._pulled.get(step, {}).values()):
                lines.append(f"  pulling {_amount(*map(sum, zip(*pulled, strict=True)))}\n", "dim")
            elif words := self._last_words.get(step):
                lines.append(f"  {_printable(words)}\n", "dim")
        return lines.append(self._summary(), "dim")

    def _summary(self) -> str:
        waiting = len(self._queued - self._started.keys())
        counts = [f"{count} {name}" for name, count in {**self._counts, "waiting": waiting}.items() if count]
        parts = [f"{time.monotonic() - self._begun:.0f} s", *([f"steps: {', '.join(counts)}"] if counts else [])]
        return " · ".join(filter(None, [*parts, self._fetched.line()]))

    def _end(self, step: str, how: str, style: str, line: str) -> None:
        for known in (self._started, self._last_words, self._pulled):
            known.pop(step, None)
        self._queued.discard(step)
        if not _internal(step):
            self._counts[how] = self._counts.get(how, 0) + 1
            self._print(style, line)

    def _print(self, style: str, line: str) -> None:
        from rich.text import Text

        self.console.print(Text(_printable(line), style))


def short(step: str) -> str:
    """A step's name as one line without its mounts, and no longer than a terminal is wide."""
    name = _printable(" ".join(re.sub(r"--mount=\S+", "", step).split()))
    return name if len(name) <= 100 else name[:99] + "…"


def _amount(current: int, total: int) -> str:
    return human_size(current) + (f" of {human_size(total)}" if total else "")


def _internal(step: str) -> bool:
    """The builder's housekeeping, which says nothing about the image."""
    return not step or step.startswith(("[internal]", "[context ", "resolving provenance"))


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _write(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _nowhere(event: Event) -> None:
    return None
