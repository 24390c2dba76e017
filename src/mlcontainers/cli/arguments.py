"""Arguments that several commands share."""

from typing import Annotated, TypeAlias

import typer

ImageFile: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="FILE", help="An image description: image.toml, or the same as .json.", show_default=False),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, for programs.")]
