"""Builds that move names take turns, so that several names never end at images of different builds."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def turn() -> Generator[None]:
    """Be the only one on this machine that moves names; the others wait.

    The folder of temporary files is what all programs of a machine have in common, and a lock on it leaves no file
    behind. It ends with the program that holds it, however that ends.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        yield
        return
    folder = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
