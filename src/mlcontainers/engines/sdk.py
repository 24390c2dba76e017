"""The Docker SDK for Python, loaded late and asked at the address that the `docker` program uses."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.client import HOW_TO, docker_program, docker_settings, engine_version
from mlcontainers.errors import EngineError, EngineNotFoundError, Problem

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def docker_sdk() -> Generator[Any]:
    """A client of the engine that answers; what the SDK raises meanwhile becomes an EngineError."""
    try:
        import docker
    except ImportError:
        what = "the Docker SDK for Python is not installed"
        hint = "pip install 'mlcontainers[build]'"
        raise EngineNotFoundError(Problem("no-sdk", "error", "", what, (), (hint,))) from None
    from docker.errors import DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    docker_program()
    try:
        client = docker.DockerClient.from_env(environment={**os.environ, "DOCKER_HOST": _address()})
    except DockerException as error:
        engine_version()  # The program says more clearly what is wrong, and raises it.
        raise EngineNotFoundError(
            Problem("no-engine", "error", "", "no Docker engine answers", (str(error),), (HOW_TO,))
        ) from None
    try:
        yield client
    except DockerException as error:
        raise EngineError(
            Problem("engine-refused", "error", "", "the Docker engine refuses", (_said(error),))
        ) from error
    except (RequestException, HTTPError) as error:
        what = "the Docker engine has stopped answering"
        hint = "see its log, start it, then try again; what was built is kept"
        because = (f"the client says: {' '.join(str(error).split())}",)
        raise EngineError(Problem("engine-lost", "error", "", what, because, (hint,))) from None
    finally:
        client.close()


def _address() -> str:
    """Where the engine is. The SDK knows DOCKER_HOST and no contexts, by which the program may know better."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    if not os.environ.get("DOCKER_CONTEXT") and docker_settings().get("currentContext", "") in {"", "default"}:
        # To ask the program would take longer than all else that we ask of the engine.
        return ""
    command = (docker_program(), "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return asked.stdout.strip()


def _said(error: Exception) -> str:
    """The engine's own words, without the address that was asked."""
    return " ".join(str(getattr(error, "explanation", None) or error).split())
