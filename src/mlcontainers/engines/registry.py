"""Registries: what a name stands for there, and more names for it, without any layer coming down.

Credentials are those of Docker's own configuration and its helpers; nothing here reads or keeps one.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.client import buildx_command
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.errors import EngineError, Problem
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence


LOOKUP = 30
"""Seconds that a registry may take to say what a name stands for."""
TRANSFER = 300
"""Seconds that a registry which takes an image may say nothing, and take no byte."""


class RegistrySilentError(EngineError):
    """A registry takes connections and does not answer."""


def digest_in_registry(reference: str | ImageReference) -> str | None:
    """The digest that a name stands for in its registry, None where there is no such image.

    Asks through the engine, which knows mirrors and local registries; nothing is pulled. Raises InvalidValueError
    for what is no reference, and EngineError where the registry does not answer or lets nobody in.
    """
    with docker_sdk() as client:
        return resolve(client, ImageReference.of(reference))


def in_registry(reference: str | ImageReference) -> bool:
    """Whether a registry has an image of this name; raises as `digest_in_registry` does."""
    return digest_in_registry(reference) is not None


def resolve(client: Any, reference: ImageReference) -> str | None:
    """The same with a client of the Docker SDK that is there already.

    An engine would wait for ever for a registry that takes a connection and says nothing: `RegistrySilentError`.
    """
    from docker.errors import APIError, NotFound
    from requests.exceptions import ReadTimeout

    try:
        with patience(client, LOOKUP):
            return str(client.images.get_registry_data(str(reference)).id)
    except ReadTimeout:
        raise RegistrySilentError(silence(str(reference), LOOKUP)) from None
    except NotFound:
        return None
    except APIError as error:
        said = " ".join(str(error.explanation or error).split())
        # What an engine says of a registry's 404 has become a status of its own only with time.
        if any(words in said for words in ("manifest unknown", "name unknown", "not found")):
            return None
        what = f"the registry does not tell what {reference} is"
        hint = "can it be reached, and are you logged in? docker login"
        because = (f"the engine says: {said}",)
        raise EngineError(Problem("registry-refused", "error", "", what, because, (hint,))) from None


def silent_one(references: Iterable[ImageReference]) -> str:
    """The first whose registry does not answer, or answers in a way that is none; empty where all do."""
    with docker_sdk() as client:
        return next((str(reference) for reference in references if is_silent(client, reference)), "")


def is_silent(client: Any, reference: ImageReference) -> bool:
    """Whether its registry takes a connection and says nothing; a refusal is an answer."""
    try:
        resolve(client, reference)
    except RegistrySilentError:
        return True
    except EngineError:
        return False
    return False


def silence(what: str, seconds: float) -> Problem:
    """The problem that a registry says nothing."""
    told = f"the registry of {what} does not answer"
    because = (f"it said nothing for {seconds:g} seconds",)
    hint = "is it up, and does a proxy or a firewall swallow what it says? then try again: what was built is kept"
    return Problem("registry-silent", "error", "", told, because, (hint,))


@contextmanager
def patience(client: Any, seconds: float) -> Generator[None]:
    """How long a client of the Docker SDK waits for the next word of the engine."""
    before, client.api.timeout = client.api.timeout, seconds
    try:
        yield
    finally:
        client.api.timeout = before


def name_in_registry(repository: str, digests: Sequence[str], names: Iterable[ImageReference]) -> None:
    """Give an image of a repository more names there; several images, of a platform each, become one index.

    Nothing comes down. Raises EngineError where the registry refuses or says nothing.
    """
    tags = [f"--tag={name}" for name in names]
    if not tags:
        return
    # A single one is copied to the letter: an index around it would have another digest.
    command = [*buildx_command(), "imagetools", "create", "--prefer-index=false", *tags]
    try:
        done = subprocess.run(
            [*command, *(f"{repository}@{digest}" for digest in digests)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=TRANSFER,
        )
    except subprocess.TimeoutExpired:
        raise RegistrySilentError(silence(repository, TRANSFER)) from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        what = f"{repository} could not be given another name in its registry"
        because = (f"the builder says: {said[0].removeprefix('ERROR: ')}",)
        hint = "can the registry be reached, and are you logged in? docker login"
        raise EngineError(Problem("registry-refused", "error", "", what, because, (hint,)))
