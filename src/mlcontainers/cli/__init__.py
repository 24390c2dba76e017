"""The command line: one file a command."""

from __future__ import annotations

import sys
from importlib import import_module

_ABSENT = "error[no-cli]: the command line needs {name}, which is not installed: pip install 'mlcontainers[cli]'\n"


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

    sys.exit(run(sys.argv[1:]))
