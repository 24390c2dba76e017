"""The command line: one file a command."""

from __future__ import annotations

import signal
import sys
from importlib.util import find_spec
from typing import NoReturn

_ABSENT = "error[no-cli]: the command line needs {name}, which is not installed: pip install 'mlcontainers[cli]'\n"


_heard: list[int] = []


def terminate(*_: object) -> NoReturn:
    """Leave by the door, so that builders and temporary files on the way are cleaned up."""
    _heard.append(signal.SIGTERM)
    raise SystemExit(128 + signal.SIGTERM)


def interrupt(*_: object) -> NoReturn:
    """The same for Ctrl-C."""
    _heard.append(signal.SIGINT)
    raise KeyboardInterrupt


def heed() -> None:
    """End where a signal was heard: what is raised while Python tidies up behind an object is lost."""
    if _heard:
        signal.raise_signal(_heard.pop())


def unraisable(lost: sys.UnraisableHookArgs) -> None:
    """A signal that was lost so is heeded later, and nothing to complain of."""
    if lost.exc_type not in {KeyboardInterrupt, SystemExit}:
        sys.__unraisablehook__(lost)


def main() -> None:
    """The program `mlcontainers`."""
    sys.unraisablehook = unraisable
    signal.signal(signal.SIGTERM, terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background a shell has it ignored
        signal.signal(signal.SIGINT, interrupt)
    try:
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _run(arguments: list[str]) -> int:
    for name in ("typer", "rich"):
        if find_spec(name) is None:
            sys.stderr.write(_ABSENT.format(name=name))
            return 2
    from mlcontainers.cli.program import run

    return run(arguments)
