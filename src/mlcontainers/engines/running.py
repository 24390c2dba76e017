"""A built service, started for a moment: on this machine only, and gone afterwards."""

from __future__ import annotations

import http.client
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.errors import EngineError, EngineNotFoundError, Problem

if TYPE_CHECKING:
    from collections.abc import Generator

LABEL = "io.mlcontainers.temporary"
"""Marks the containers that are started here, so that one that is left over can be found."""
_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Service:
    """A running container, and the port of this machine that reaches it."""

    container: Any
    """The Docker SDK's own container object."""
    port: int

    def wait(self, path: str = "/health", seconds: float = 60) -> None:
        """Wait until a GET of this path answers 200; raises EngineError with the container's log."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.status() != "running":
                break
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            time.sleep(_STEP)
        log = tuple(f"log: {line}" for line in self.log().splitlines()[-10:])
        what = f"the service has not answered {path} with 200 within {seconds:g} seconds"
        raise EngineError(Problem("not-healthy", "error", "", what, log))

    def status(self) -> str:
        """`running`, `exited`, ... as the engine says."""
        self.container.reload()
        return str(self.container.status)

    def log(self) -> str:
        """All that it has printed."""
        return cast("bytes", self.container.logs()).decode("utf-8", "replace")

    def stop(self, grace: int = 10) -> tuple[float, int]:
        """Send SIGTERM and wait; the seconds that it took, and the exit code."""
        started = time.monotonic()
        self.container.stop(timeout=grace)
        seconds = time.monotonic() - started
        return seconds, int(self.container.wait()["StatusCode"])


@contextmanager
def running(reference: str, *, port: int = 8080, host_port: int | None = None, **options: Any) -> Generator[Service]:
    """Start an image as `docker run -p` does, on 127.0.0.1, and remove the container at the end, whatever happens.

    `host_port` is a free one where it is left out. `options` are those of the Docker SDK's `containers.create`.
    """
    client = _client()
    name = f"mlcontainers-{uuid.uuid4().hex[:12]}"
    container: Any = None
    try:
        container = client.containers.create(
            reference, name=name, ports={f"{port}/tcp": ("127.0.0.1", host_port)}, labels={LABEL: "1"}, **options
        )
        container.start()
        container.reload()
        published = container.attrs["NetworkSettings"]["Ports"][f"{port}/tcp"]
        yield Service(container, int(published[0]["HostPort"]))
    finally:
        _remove(client, name, created=container is not None)
        client.close()


def _remove(client: Any, name: str, *, created: bool) -> None:
    """By name: an interrupt can come while the engine creates a container whose answer we never see."""
    from docker.errors import NotFound

    for _ in range(1 if created else 5):
        with suppress(NotFound):
            client.api.remove_container(name, force=True)
            return
        time.sleep(_STEP)


def _client() -> Any:
    """The Docker SDK's client; raises EngineNotFoundError."""
    try:
        import docker
    except ImportError:
        what = "the Docker SDK for Python is not installed"
        raise EngineNotFoundError(
            Problem("no-sdk", "error", "", what, (), ("pip install 'mlcontainers[build]'",))
        ) from None
    from docker.errors import DockerException

    try:
        return docker.from_env()
    except DockerException as error:
        what = "no Docker engine answers"
        raise EngineNotFoundError(Problem("no-engine", "error", "", what, (str(error),))) from None
