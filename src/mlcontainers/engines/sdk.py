"""The Docker SDK for Python, loaded late and asked at the address that the `docker` program uses."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.client import HOW_TO, docker_program
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

    try:
        client = docker.DockerClient.from_env(environment={**os.environ, "DOCKER_HOST": _address()})
    except DockerException as error:
        raise EngineNotFoundError(
            Problem("no-engine", "error", "", "no Docker engine answers", (str(error),), (HOW_TO,))
        ) from None
    try:
        yield client
    except DockerException as error:
        raise EngineError(
            Problem("engine-refused", "error", "", "the Docker engine refuses", (_said(error),))
        ) from error
    finally:
        client.close()


def _address() -> str:
    """Where the engine is. The SDK knows DOCKER_HOST and no contexts, by which the program may know better."""
    command = (docker_program(), "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return os.environ.get("DOCKER_HOST", "") or asked.stdout.strip()


def _said(error: Exception) -> str:
    """The engine's own words, without the address that was asked."""
    return " ".join(str(getattr(error, "explanation", None) or error).split())
