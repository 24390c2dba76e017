"""Moments that are not cut in two: a signal that comes meanwhile is heard at their end."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def to_the_end() -> Generator[None]:
    """For what is short and would leave something half done: cleaning up, starting a program, moving several names.

    Of two signals the second is heard at once, for whoever sends it does not want to wait. Signals that Python does not
    handle are left as they are, and so are other threads than the main one, which never hear any.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    handlers = {number: handler for number in _SIGNALS if callable(handler := signal.getsignal(number))}

    def note(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            handlers[signal.Signals(number)](number, frame)

    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


@contextmanager
def scratch_folder() -> Generator[Path]:
    """A folder of a build's own, which may hold secrets and is gone at the end."""
    with to_the_end():
        folder = tempfile.TemporaryDirectory(prefix="mlcontainers-")
    try:
        yield Path(folder.name)
    finally:
        with to_the_end():
            folder.cleanup()
