"""A built service, started for a moment: on this machine only, and gone afterwards."""

from __future__ import annotations

import http.client
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.containers import temporary
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.errors import EngineError, Problem

if TYPE_CHECKING:
    from collections.abc import Generator

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
            if (status := self.status()) != "running":
                raise _unhealthy(f"the service has {status} before it answered {path}", self.log())
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            time.sleep(_STEP)
        raise _unhealthy(f"the service has not answered {path} with 200 within {seconds:g} seconds", self.log())

    def status(self) -> str:
        """`running`, `exited`, ... as the engine says."""
        self.container.reload()
        return str(self.container.status)

    def log(self) -> str:
        """All that it has printed."""
        return _text(self.container)

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
    Raises EngineError where the engine refuses, or the container has ended at once.
    """
    published = {f"{port}/tcp": ("127.0.0.1", host_port)}
    with docker_sdk() as client, temporary(client, reference, ports=published, **options) as container:
        container.start()
        yield Service(container, _published(container, port))


def _published(container: Any, port: int) -> int:
    """The port of this machine; a container that has ended has none."""
    container.reload()
    published = container.attrs["NetworkSettings"]["Ports"].get(f"{port}/tcp")
    if not published:
        raise _unhealthy("the container ended as soon as it was started", _text(container))
    return int(published[0]["HostPort"])


def _unhealthy(what: str, log: str) -> EngineError:
    return EngineError(
        Problem("not-healthy", "error", "", what, tuple(f"log: {line}" for line in log.splitlines()[-10:]))
    )


def _text(container: Any) -> str:
    return cast("bytes", container.logs()).decode("utf-8", "replace")
