"""The images that an engine holds: found, named, pushed and removed through the Docker SDK."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines import registry
from mlcontainers.engines.events import Pulling, Transfer
from mlcontainers.errors import BuildFailedError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from mlcontainers.engines.events import Progress
    from mlcontainers.values.references import ImageReference

_DIGEST = re.compile(r": digest: (sha256:[0-9a-f]{64})").search
"""How an engine says at the end of a push what the registry knows the image by."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image as the engine describes it."""

    id: str
    """How the engine calls it; with the containerd store this is its digest."""
    names: tuple[str, ...]
    digests: tuple[str, ...]
    """`name@sha256:...` of what a registry holds, or would."""
    size: int
    """Bytes, as the engine counts them."""
    labels: Mapping[str, str]
    layers: tuple[str, ...]
    """Digests of its unpacked layers, the lowest first."""

    @property
    def digest(self) -> str:
        """What a registry holds under; the id where the engine knows no other."""
        return next((digest.partition("@")[2] for digest in self.digests), self.id)


def find(client: Any, reference: str) -> StoredImage | None:
    """The image of this name, id or digest; None where the engine has none."""
    data = cast("dict[str, Any] | None", client.image(reference, "json"))
    if data is None:
        return None
    config: Any = data.get("Config") or {}
    root: Any = data.get("RootFS") or {}
    labels: dict[str, str] = config.get("Labels") or {}
    return StoredImage(
        id=str(data["Id"]),
        names=tuple(data.get("RepoTags") or ()),
        digests=tuple(data.get("RepoDigests") or ()),
        size=int(data.get("Size") or 0),
        labels=labels,
        layers=tuple(root.get("Layers") or ()),
    )


def history(client: Any, image: str) -> list[tuple[str, int]]:
    """For each entry of its history, the oldest first: what made it, and how many bytes it added."""
    entries = cast("list[dict[str, Any]]", client.image(image, "history") or [])
    return [(str(entry.get("CreatedBy") or ""), int(entry.get("Size") or 0)) for entry in reversed(entries)]


def tag(client: Any, image: str, reference: ImageReference) -> None:
    """Give an image a name; it moves there from whatever had it."""
    client.tag(image, reference.name, reference.tag or "latest")


def untag(client: Any, reference: ImageReference) -> None:
    """Take a name away; an image that has no other goes too."""
    from docker.errors import APIError

    with suppress(APIError):
        client.api.remove_image(str(reference))


def remove_unnamed(client: Any, label: str) -> None:
    """Remove images with a label that nobody has given a name; one that has a name, or is in use, stays."""
    from docker.errors import APIError

    images = cast("list[str]", client.api.images(quiet=True, filters={"label": label, "dangling": True}))
    for image in images:
        with suppress(APIError):
            client.api.remove_image(image)


def pull(client: Any, reference: ImageReference, progress: Progress) -> StoredImage | None:
    """Fetch an image that the registry has; None where it cannot be had after all."""
    from docker.errors import APIError

    tag = reference.tag or "latest"
    with suppress(APIError):
        for message in client.api.pull(reference.name, tag=tag, stream=True, decode=True):
            if moved := message.get("progressDetail"):
                current, total = int(moved.get("current") or 0), int(moved.get("total") or 0)
                progress(Pulling(f"pull {reference}", str(message.get("id", "")), current, total))
    return find(client, str(reference))


def push(client: Any, reference: ImageReference, progress: Progress) -> str:
    """Push an image under its name, with the credentials of Docker's own configuration; the digest it has there.

    Raises BuildFailedError with what the registry says.
    """
    digest = ""
    stream = client.api.push(reference.name, tag=reference.tag or "latest", stream=True, decode=True)
    for message in _until_silent(reference, stream):
        if "error" in message:
            raise BuildFailedError(_not_pushed(reference, str(message["error"])))
        if told := _DIGEST(str(message.get("status", ""))):
            digest = told[1]
        if moved := message.get("progressDetail"):
            name = f"pushing {message.get('id', '')}"
            progress(Transfer(f"push {reference}", name, int(moved.get("current") or 0), int(moved.get("total") or 0)))
    return digest


def _until_silent(reference: ImageReference, stream: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What an engine says of a push. It repeats itself for ever, so what counts is that something changes."""
    told: dict[str, tuple[str, int]] = {}
    changed = time.monotonic()
    for message in stream:
        moved: dict[str, Any] = message.get("progressDetail") or {}
        state = (str(message.get("status", "")), int(moved.get("current") or 0))
        name = str(message.get("id", ""))
        if told.get(name) != state:
            told[name], changed = state, time.monotonic()
        elif time.monotonic() - changed > registry.TRANSFER:
            raise BuildFailedError(registry.silence(str(reference), registry.TRANSFER))
        yield message


def _not_pushed(reference: ImageReference, said: str) -> Problem:
    what = f"{reference.name} could not be pushed"
    hint = "can the registry be reached, and are you logged in? docker login"
    return Problem("push-failed", "error", "", what, (f"the engine says: {' '.join(said.split())}",), (hint,))


def load_archive(client: Any, archive: Path) -> None:
    """Take an image from a file, as `docker load` does."""
    with archive.open("rb") as stream:
        client.images.load(stream)
