"""One run of `docker buildx build`: arguments in, events out, and its end as values."""

from __future__ import annotations

import codecs
import os
import re
import select
import subprocess
from collections import deque
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from mlcontainers.engines.events import Decoder, Output, StepCached, StepDone, StepFailed, StepStarted
from mlcontainers.engines.stopping import Stop, interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlcontainers.engines.events import Event

KEPT_LINES = 400
"""Lines of a step's output that are kept in memory, however much it prints."""
KEPT_COLUMNS = 4000
"""Characters of a line that are kept, its last ones."""
PATIENCE = 300
"""Seconds that a registry may take to tell which image a name stands for. The builder itself would wait for ever."""
_GRACE = 10
"""Seconds that the builder gets to end by itself."""


@dataclass(slots=True)
class Ended:
    """How a run of the builder ended."""

    code: int
    words: list[str]
    """What the builder said last, outside its events."""
    failed_step: str = ""
    log: tuple[str, ...] = ()
    """The end of what the failed step printed."""
    done: dict[str, StepDone | StepCached] = field(default_factory=dict[str, StepDone | StepCached])
    """By name, in the order they ended. The builder may end a step, take it up again and end it better."""


def run_builder(
    command: Sequence[str],
    *,
    folder: Path,
    on_event: Callable[[Event], None],
    environment: dict[str, str],
    stop: Stop | None = None,
) -> Ended:
    """Run the builder to its end; an interrupt is handed on to it and waited for.

    The builder runs in a process group of its own, so that a terminal's Ctrl-C reaches it once, through us. Another
    thread ends it through `stop`; then StoppedError is raised.
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
        with (stop or Stop()).interrupting(process):
            ended = _listen(process.stderr, on_event)
            if ended.code:
                _stop(process)
            else:
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
    at_work: set[str] = set()
    file = stream.fileno()
    while True:
        asked = _asked_of_registry(at_work)
        if asked and not select.select([file], [], [], PATIENCE)[0]:
            ended.code, ended.failed_step = 1, next(iter(at_work))
            decoder.words.append(
                f"ERROR: failed to resolve source metadata for {asked}: no answer within {PATIENCE} seconds"
            )
            break
        if not (chunk := os.read(file, 65536)):
            break
        for event in decoder.feed(utf8.decode(chunk)):
            match event:
                case Output(step, text):
                    _keep(printed.setdefault(step, deque(maxlen=KEPT_LINES)), text)
                case StepStarted(step):
                    at_work.add(step)
                case StepDone(step) | StepCached(step):
                    at_work.discard(step)
                    ended.done.pop(step, None)
                    ended.done[step] = event
                case StepFailed(step, _) if not ended.failed_step:
                    ended.failed_step = step
                case _:
                    pass
            on_event(event)
    decoder.close()
    ended.log = tuple(line.rstrip() for line in printed.get(ended.failed_step, ()))
    return ended


def _asked_of_registry(at_work: set[str]) -> str:
    """The base image that a registry is asked for, where the builder does nothing else: steps may take their time."""
    asked = [_METADATA.search(step) for step in at_work]
    return asked[0][1] if asked and all(asked) and asked[0] else ""


_METADATA = re.compile(r"internal\] load metadata for (\S+)")


def _keep(lines: deque[str], text: str) -> None:
    """Add output to a log's lines; a line may come in pieces, and has an end of ours where it has none of its own."""
    for piece in text.splitlines(keepends=True):
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] = (lines[-1] + piece)[-KEPT_COLUMNS:]
        else:
            lines.append(piece[-KEPT_COLUMNS:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, and only then insist: asked to, the builder takes its running step with it.

    Whoever interrupts a second time does not want to wait.
    """
    interrupt(process)
    try:
        process.wait(_GRACE)
    except BaseException as error:
        process.kill()
        process.wait()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
