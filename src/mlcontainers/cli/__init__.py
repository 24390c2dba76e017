"""The command line: one file a command."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import NoReturn

_ABSENT = "error[no-cli]: the command line needs {name}, which is not installed: pip install 'mlcontainers[cli]'\n"


def _terminate(*_: object) -> NoReturn:
    """Leave by the door, so that builders and temporary files on the way are cleaned up."""
    raise SystemExit(128 + signal.SIGTERM)


def main() -> None:
    """The program `mlcontainers`."""
    for name in ("typer", "rich"):
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            sys.stderr.write(_ABSENT.format(name=name))
            sys.exit(2)
    from mlcontainers.cli.program import run

    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))
