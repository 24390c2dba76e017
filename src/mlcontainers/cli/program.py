"""The commands, put together."""

import io
import sys
from typing import Annotated

import typer

from mlcontainers.cli.bake import bake
from mlcontainers.cli.build import build
from mlcontainers.cli.check import check
from mlcontainers.cli.facts import facts
from mlcontainers.cli.fmt import fmt
from mlcontainers.cli.inspect import inspect
from mlcontainers.cli.lock import lock
from mlcontainers.cli.optional_values import spelled_out
from mlcontainers.cli.pin import pin
from mlcontainers.cli.plan import plan
from mlcontainers.cli.render import render
from mlcontainers.cli.run import run as run_image
from mlcontainers.cli.sbom import sbom
from mlcontainers.cli.verify import verify
from mlcontainers.version import __version__

HELP = """Dockerfiles for machine learning, where every choice rests on a dated fact.

Results go to standard output, everything else to standard error.
Exit codes: 0 fine, 1 the answer is no or there are errors, 2 wrong use, 3 the engine failed."""

app = typer.Typer(
    name="mlcontainers",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (plan, render, check, fmt, pin):
    app.command()(command)
app.add_typer(facts, name="facts")
app.command()(lock)
app.command()(build)
app.command()(bake)
app.command()(verify)
app.command("run")(run_image)
app.command()(inspect)
app.command()(sbom)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mlcontainers {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before a command."""


top.__doc__ = HELP


def run(arguments: list[str]) -> int:
    """Run one command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=spelled_out(arguments), prog_name="mlcontainers")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0
