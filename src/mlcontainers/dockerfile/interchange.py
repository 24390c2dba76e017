"""For tools that expect a `DockerfileParser`: text in one that holds it in memory."""

from __future__ import annotations

from io import BytesIO
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from dockerfile_parse import DockerfileParser


def parser_of(text: str) -> DockerfileParser:
    """A `DockerfileParser` with this text. By itself it would read and write `./Dockerfile`."""
    from dockerfile_parse import DockerfileParser

    # Its stubs say text; it reads and writes bytes.
    parser = DockerfileParser(fileobj=cast("IO[str]", BytesIO()))
    parser.content = text
    return parser
