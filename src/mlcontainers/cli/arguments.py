"""Arguments that several commands share."""

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

ImageFile: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="FILE", help="An image description: image.toml, or the same as .json.", show_default=False),
]
DockerfilePath: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="DOCKERFILE", help="A Dockerfile; - reads standard input.", show_default=False),
]
ContextFolder: TypeAlias = Annotated[
    str | None,
    typer.Option("--context", metavar="DIR", help="The folder with your files; that of FILE without it."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, for programs.")]


class Progress(StrEnum):
    """How to show what a build does."""

    AUTO = "auto"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"
