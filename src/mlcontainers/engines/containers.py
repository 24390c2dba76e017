"""Containers of a moment: labelled, and removed whatever happens."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.finishing import to_the_end

if TYPE_CHECKING:
    from collections.abc import Generator

LABEL = "io.mlcontainers.temporary"
"""Marks the containers that are started here, so that one that is left over can be found."""
_STEP = 0.1


@contextmanager
def temporary(client: Any, reference: str, **options: Any) -> Generator[Any]:
    """A container that has been created, not started; it is gone at the end, with its volumes.

    `options` are those of the Docker SDK's `containers.create`.
    """
    # By name: an interrupt can come while the engine creates a container whose answer we never see.
    name = f"mlcontainers-{uuid.uuid4().hex[:12]}"
    container: Any = None
    try:
        container = client.containers.create(reference, name=name, labels={LABEL: "1"}, **options)
        yield container
    finally:
        with to_the_end():
            _remove(client, name, created=container is not None)


def _remove(client: Any, name: str, *, created: bool) -> None:
    from docker.errors import NotFound

    for _ in range(1 if created else 5):
        with suppress(NotFound):
            client.api.remove_container(name, force=True, v=True)
            return
        time.sleep(_STEP)
