"""One run of `docker buildx build`: arguments in, events out, and its end as values."""

from __future__ import annotations

import codecs
import os
import re
import select
import subprocess
from collections import deque
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol, cast

from mlcontainers.engines.events import Decoder, Output, StepCached, StepDone, StepFailed, StepStarted
from mlcontainers.engines.finishing import to_the_end
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
    """How a run of the builder ended, or a part of it that made one image."""

    code: int
    words: list[str]
    """What the builder said last, outside its events."""
    failed_step: str = ""
    done: dict[str, StepDone | StepCached] = field(default_factory=dict[str, StepDone | StepCached])
    """By name, in the order they ended. The builder may end a step, take it up again and end it better."""
    at_work: set[str] = field(default_factory=set[str])
    """Steps that have begun and not ended."""
    _printed: dict[str, deque[str]] = field(default_factory=dict[str, "deque[str]"])

    @property
    def log(self) -> tuple[str, ...]:
        """The end of what the failed step printed."""
        return tuple(line.rstrip() for line in self._printed.get(self.failed_step, ()))

    def note(self, event: Event) -> None:
        """What is kept of an event; the output of each step for the case that it fails."""
        match event:
            case Output(step, text):
                _keep(self._printed.setdefault(step, deque(maxlen=KEPT_LINES)), text)
            case StepStarted(step):
                self.at_work.add(step)
            case StepDone(step) | StepCached(step):
                self.at_work.discard(step)
                self.done.pop(step, None)
                self.done[step] = event
            case StepFailed(step, _):
                self.at_work.discard(step)
                # Steps beside the one that failed are told as failed too, and often before it.
                if not event.cancelled:
                    self.failed_step = self.failed_step or step
            case _:
                pass


class Heard(Protocol):
    """What hears the builder while it runs."""

    def hear(self, text: str) -> None:
        """The next piece of what it writes, cut anywhere."""

    def close(self) -> None:
        """It has ended."""

    def at_work(self) -> set[str]:
        """The steps that it takes at the moment."""
        ...


@dataclass(slots=True)
class _One:
    """Hears the build of one image."""

    on_event: Callable[[Event], None]
    decoder: Decoder = field(default_factory=Decoder)
    ended: Ended = field(init=False)

    def __post_init__(self) -> None:
        self.ended = Ended(0, self.decoder.words)

    def hear(self, text: str) -> None:
        for event in self.decoder.feed(text):
            self.ended.note(event)
            self.on_event(event)

    def close(self) -> None:
        self.decoder.close()

    def at_work(self) -> set[str]:
        return self.ended.at_work


def run_builder(
    command: Sequence[str],
    *,
    folder: Path,
    on_event: Callable[[Event], None],
    environment: dict[str, str],
    stop: Stop | None = None,
    silent_registry: Callable[[], str] | None = None,
) -> Ended:
    """Run the builder for one image to its end; raises as `run` does."""
    one = _One(on_event)
    code, silent = run(command, one, folder=folder, environment=environment, stop=stop, silent_registry=silent_registry)
    one.ended.code = code
    if silent:
        one.ended.words.append(silent)
        one.ended.failed_step = next(iter(one.ended.at_work))
    return one.ended


def run(
    command: Sequence[str],
    heard: Heard,
    *,
    folder: Path,
    environment: dict[str, str],
    stop: Stop | None = None,
    silent_registry: Callable[[], str] | None = None,
) -> tuple[int, str]:
    """Run the builder to its end: its exit code, and which registry did not answer, in the builder's words.

    An interrupt is handed on to it and waited for. It runs in a process group of its own, so that a terminal's Ctrl-C
    reaches it once, through us. Another thread ends it through `stop`; then StoppedError is raised. While it pushes it
    says nothing, however long: `silent_registry` is asked then which of the registries does not answer, if any.
    """
    process: subprocess.Popen[bytes] | None = None
    try:
        with to_the_end():
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        with (stop or Stop()).interrupting(process), cast("IO[bytes]", process.stderr) as stream:
            silent = _listen(stream, heard, silent_registry)
            if silent:
                _stop(process)
            return (1 if silent else process.wait()), silent
    except BaseException:
        if process is not None:
            _stop(process)
        raise


def _listen(stream: IO[bytes], heard: Heard, silent_registry: Callable[[], str] | None) -> str:
    """Hear all that it says; or say what nobody answers."""
    utf8 = codecs.getincrementaldecoder("utf-8")("replace")
    file = stream.fileno()
    silent = ""
    while True:
        asked = _asked_of_registry(heard.at_work())
        pushing = silent_registry is not None and _pushing(heard.at_work())
        if (asked or pushing) and not select.select([file], [], [], PATIENCE)[0]:
            if asked:
                silent = f"ERROR: failed to resolve source metadata for {asked}: no answer within {PATIENCE} seconds"
                break
            assert silent_registry is not None
            if pushed := silent_registry():
                silent = f"ERROR: failed to push {pushed}: no answer within {PATIENCE} seconds"
                break
            continue
        if not (chunk := os.read(file, 65536)):
            break
        heard.hear(utf8.decode(chunk))
    heard.close()
    return silent


def _asked_of_registry(at_work: set[str]) -> str:
    """The base image that a registry is asked for, where the builder does nothing else: steps may take their time."""
    asked = [_METADATA.search(step) for step in at_work]
    return asked[0][1] or asked[0][2] if asked and all(asked) and asked[0] else ""


def _pushing(at_work: set[str]) -> bool:
    """Whether nothing is left but to write the image and to push it."""
    return bool(at_work) and all(step.endswith("exporting to image") for step in at_work)


_METADATA = re.compile(r"internal\] load metadata for (\S+)|resolve image config for docker-image://(\S+)")


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
