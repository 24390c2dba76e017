"""The command line: one file a command."""

from __future__ import annotations

import sys

_ABSENT = """\
error[no-cli]: the command line needs {name}, which is not installed
  hint: pip install 'mlcontainers[cli]'
"""


def main() -> None:
    """The program `mlcontainers`."""
    try:
        from mlcontainers.cli.program import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"typer", "rich"}:
            raise
        sys.stderr.write(_ABSENT.format(name=error.name))
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))
