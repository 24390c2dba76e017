"""How a build is ended from another thread."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator


class StoppedError(Exception):
    """Somebody asked the build to end; whoever asked catches it."""


class Stop:
    """Asked once, it interrupts the builder that runs, and the build goes no further."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self) -> None:
        """End the build; it may have ended already."""
        with self._lock:
            self._asked.set()
            if self._process is not None:
                interrupt(self._process)

    def check(self) -> None:
        """Raise StoppedError where the build shall end."""
        if self._asked.is_set():
            raise StoppedError

    @contextmanager
    def interrupting(self, process: subprocess.Popen[bytes]) -> Generator[None]:
        """Interrupt this process when asked, and raise StoppedError once it has ended."""
        with self._lock:
            self._process = process
            if self._asked.is_set():
                interrupt(process)
        try:
            yield
        finally:
            with self._lock:
                self._process = None
        self.check()


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """What Ctrl-C does."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
