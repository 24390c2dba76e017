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
Reference: TypeAlias = Annotated[
    str, typer.Argument(metavar="REF", help="An image of the engine: name, tag, digest or id.", show_default=False)
]
PlannedFile: TypeAlias = Annotated[
    str | None,
    typer.Option("--plan", metavar="FILE", help="The description that it was built from.", show_default=False),
]
Gpus: TypeAlias = Annotated[bool, typer.Option("--gpus", help="Also compute on the GPUs of the engine's host.")]
DockerIgnore: TypeAlias = Annotated[
    bool, typer.Option("--dockerignore", help="Print the .dockerignore that belongs beside it instead.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, for programs.")]


class Progress(StrEnum):
    """How to show what a build does."""

    AUTO = "auto"
    PLAIN = "plain"
    JSON = "json"
    NONE = "none"
