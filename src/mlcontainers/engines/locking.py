"""`lock`: which images the names of a plan's base images stand for at this moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlcontainers.engines.intent import base_images
from mlcontainers.engines.registry import resolve
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.engines.store import find
from mlcontainers.errors import EngineError, Problem
from mlcontainers.planners import Plan, plan
from mlcontainers.values.locks import Lock
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from typing import Any

    from mlcontainers.image import Image


def lock(image: Image | Plan) -> Lock:
    """The digests of all base images of an image, as the engine's registries tell them, or else the engine itself.

    What a registry holds is newer than what an engine may have pulled long ago, so it is asked first. Nothing is
    pulled. Raises EngineNotFoundError where there is no engine, and EngineError for a base that nobody knows.
    """
    decided = image if isinstance(image, Plan) else plan(image)
    with docker_sdk() as client:
        bases = {name: _digest(client, name) for name in base_images(decided.dockerfile)}
    return Lock.of(datetime.now(UTC).date().isoformat(), bases)


def _digest(client: Any, name: str) -> str:
    reference = ImageReference.parse(name)
    if reference.digest:
        return reference.digest
    try:
        told = resolve(client, reference)
        because: tuple[str, ...] = ()
    except EngineError as error:
        told, because = None, (error.problems[0].what,)
    stored = None if told else find(client, name)
    if not told and stored is None:
        what = f"nobody tells which image {name} is"
        raise EngineError(Problem("not-locked-base", "error", "base", what, because, (f"docker pull {name}",)))
    return told or (stored.digest if stored else "")
