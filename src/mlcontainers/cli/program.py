"""The commands, put together."""

import io
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Any

import typer

from mlcontainers.cli.optional_values import spelled_out
from mlcontainers.version import __version__

HELP = """Dockerfiles for machine learning, where every choice rests on a dated fact.

Results go to standard output, everything else to standard error.
Exit codes: 0 fine, 1 the answer is no or there are errors, 2 wrong use, 3 the engine failed."""

COMMANDS = (
    "plan", "render", "check", "fmt", "pin", "facts", "lock", "build", "bake", "verify", "run", "inspect", "sbom",
)  # fmt: skip
"""In the order in which the help has them; each is a file of this package."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlcontainers {__version__}")
        raise typer.Exit


def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before a command."""


top.__doc__ = HELP


def program(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The program with these commands. Nobody waits for what other commands need."""
    app = typer.Typer(
        name="mlcontainers",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(top)
    for name in names:
        command: Any = getattr(import_module(f"mlcontainers.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def run(arguments: list[str]) -> int:
    """Run one command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Where the first word is no command, the help or the mistake is about all of them.
    app = program(arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS)
    try:
        app(args=spelled_out(arguments), prog_name="mlcontainers")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0
