"""One run of `docker buildx build`: arguments in, events out, and its end as values."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
from collections import deque
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from mlcontainers.engines.events import Decoder, Output, StepDone, StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlcontainers.engines.events import Event

KEPT_LINES = 400
"""Lines of a step's output that are kept in memory, however much it prints."""
_GRACE = 10


@dataclass(slots=True)
class Ended:
    """How a run of the builder ended."""

    code: int
    words: list[str]
    """What the builder said last, outside its events."""
    failed_step: str = ""
    log: tuple[str, ...] = ()
    """The end of what the failed step printed."""
    done: dict[str, StepDone] = field(default_factory=dict[str, StepDone])
    """By name, in the order they ended. The builder may end a step, take it up again and end it better."""


def run_builder(
    command: Sequence[str], *, folder: Path, on_event: Callable[[Event], None], environment: dict[str, str]
) -> Ended:
    """Run the builder to its end; an interrupt is handed on to it and waited for.

    The builder runs in a process group of its own, so that a terminal's Ctrl-C reaches it once, through us.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        ended = _listen(process.stderr, on_event)
        ended.code = process.wait()
    except BaseException:
        _stop(process)
        raise
    finally:
        process.stderr.close()
    return ended


def _listen(stream: IO[bytes], on_event: Callable[[Event], None]) -> Ended:
    """Every event, as it comes; the output of each step is kept for the case that it fails."""
    decoder, utf8 = Decoder(), codecs.getincrementaldecoder("utf-8")("replace")
    ended = Ended(0, decoder.words)
    printed: dict[str, deque[str]] = {}
    file = stream.fileno()
    while chunk := os.read(file, 65536):
        for event in decoder.feed(utf8.decode(chunk)):
            match event:
                case Output(step, text):
                    printed.setdefault(step, deque(maxlen=KEPT_LINES)).extend(text.splitlines())
                case StepDone():
                    ended.done.pop(event.step, None)
                    ended.done[event.step] = event
                case StepFailed(step, _) if not ended.failed_step:
                    ended.failed_step = step
                case _:
                    pass
            on_event(event)
    decoder.close()
    ended.log = tuple(printed.get(ended.failed_step, ()))
    return ended


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, and only then insist: asked to, the builder takes its running step with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
