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


HostSettings: TypeAlias = Annotated[
    bool, typer.Option("--host-settings", help="Lend the build this host's pip and uv settings and CA bundle.")
]
WheelFolder: TypeAlias = Annotated[
    str | None, typer.Option(metavar="DIR|auto", help="A folder of wheels; auto: the one of pip's find-links.")
]
Mirrors: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="NAME=URL", help="Another address for an index, as pytorch=https://...")
]
ProfileFile: TypeAlias = Annotated[
    str | None, typer.Option(metavar="FILE", help="Where things come from here; MLCONTAINERS_PROFILE without it.")
]
BuildNetwork: TypeAlias = Annotated[
    str | None, typer.Option(metavar="none", help="Build without a network, from the wheelhouse alone.")
]
Secrets: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="id=ID,src=FILE|env=NAME", help="Where a secret of the image is.")
]
BuilderName: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="A builder that buildx knows.")]
Caches: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="C", help="Where else steps are kept: inline, registry:REF, github, folder:PATH."),
]
LayerCompression: TypeAlias = Annotated[
    str | None, typer.Option(metavar="gzip|zstd", help="That of the layers.  [default: the engine's]")
]
Attest: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="A", help="Write down beside the image: provenance, sbom, or sbom:REF with its scanner."),
]
Push: TypeAlias = Annotated[bool, typer.Option("--push", help="Push to the registries of the names.")]
NoLoad: TypeAlias = Annotated[bool, typer.Option("--no-load", help="Keep nothing in the engine.")]
NoVerify: TypeAlias = Annotated[bool, typer.Option("--no-verify", help="Name what is built unseen.")]
VerifyEnv: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[=VALUE]", help="A variable for the service that is verified; yours without a value."),
]
VerifyNetwork: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="A network of the engine for the service that is verified.")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Build also what is there.")]
HowToShow: TypeAlias = Annotated[Progress, typer.Option(help="How to show what it does.")]
