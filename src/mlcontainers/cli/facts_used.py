"""Which facts a command rests on: those shipped, over them the user's refreshed ones, over these the user's own."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mlcontainers.cli.dockerfiles import read

if TYPE_CHECKING:
    from pathlib import Path

    from mlcontainers.facts import Catalogue

OwnFacts: TypeAlias = Annotated[
    str | None, typer.Option("--facts", metavar="FILE", help="Facts of your own, in TOML.", show_default=False)
]
AsOf: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DAY", help="Know no more than on this day, as in 2026-06-30.", show_default=False)
]


def known(own: str | None = None, as_of: str | None = None) -> "Catalogue":
    """The catalogue that a command asks."""
    from mlcontainers import catalogue
    from mlcontainers.engines.folders import own_folder

    folder: Path | None = own_folder()
    text = read(own).decode("utf-8", "replace") if own else ""
    return catalogue(as_of or "", overlay=folder if folder and folder.is_dir() else None, own=text)
