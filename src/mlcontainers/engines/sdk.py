"""The Docker SDK for Python, loaded late and asked at the address that the `docker` program uses.

It takes a tenth of a second to load, and a build with nothing to do asks an engine a few short questions. Those are
asked over its socket without it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mlcontainers.engines.client import HOW_TO, docker_program, docker_settings, engine_version
from mlcontainers.errors import EngineError, EngineNotFoundError, Problem

if TYPE_CHECKING:
    from collections.abc import Generator

_SOCKET = "/var/run/docker.sock"
"""Where an engine listens if nothing is said."""
_PATIENCE = 60
"""Seconds that it may take to answer, as with the SDK."""


class _SocketError(Exception):
    """The engine's socket does not do what it should."""


class _SocketConnection(HTTPConnection):
    """HTTP over the socket of an engine."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=_PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_PATIENCE)
        self.sock.connect(self._path)


class Client:
    """Asks an engine; all that it has no word for itself is the SDK's client, which it then becomes."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None

    def ask(self, method: str, path: str, **query: str) -> tuple[int, Any]:
        """The status and the document of an answer, by the engine's newest API."""
        target = f"{path}?{urlencode(query)}" if query else path
        if not hasattr(socket, "AF_UNIX") or (self._address and not self._address.startswith("unix://")):
            answer = self.api.request(method, f"{self.api.base_url}/v{self.api.api_version}{target}", timeout=_PATIENCE)
            return answer.status_code, _document(answer.content)
        connection = _SocketConnection(self._address.removeprefix("unix://") or _SOCKET)
        try:
            connection.request(method, target, headers={"Content-Length": "0"})
            answer = connection.getresponse()
            return answer.status, _document(answer.read())
        except (OSError, HTTPException) as error:
            raise _SocketError(str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def image(self, reference: str, part: str, **query: str) -> Any:
        """What it says of one image; None where it has none of this name. Raises EngineError where it refuses."""
        status, document = self.ask("GET", f"/images/{quote(reference)}/{part}", **query)
        if status == 404:
            return None
        if status != 200:
            raise _refusal(str(document.get("message", status)))
        return document

    def tag(self, image: str, name: str, tag: str) -> None:
        """Give an image a name; raises EngineError where it refuses."""
        status, document = self.ask("POST", f"/images/{quote(image)}/tag", repo=name, tag=tag)
        if status != 201:
            raise _refusal(str(document.get("message", status)))

    def close(self) -> None:
        """No more is asked."""
        if self._client is not None:
            self._client.close()

    def __getattr__(self, name: str) -> Any:
        if self._client is None:
            import docker

            self._client = docker.DockerClient.from_env(environment={**os.environ, "DOCKER_HOST": self._address})
        return getattr(self._client, name)


@contextmanager
def docker_sdk() -> Generator[Client]:
    """A client of the engine that answers; what the SDK raises meanwhile becomes an EngineError."""
    spec = find_spec("docker")
    if spec is None or spec.origin is None:  # a folder of this name is no package
        what = "the Docker SDK for Python is not installed"
        hint = "pip install 'mlcontainers[build]'"
        raise EngineNotFoundError(Problem("no-sdk", "error", "", what, (), (hint,)))
    docker_program()
    client = Client(_address())
    try:
        client.ask("GET", "/_ping")
    except Exception as error:
        engine_version()  # The program says more clearly what is wrong, and raises it.
        raise EngineNotFoundError(
            Problem("no-engine", "error", "", "no Docker engine answers", (str(error),), (HOW_TO,))
        ) from None
    try:
        yield client
    except Exception as error:
        if (told := _told(error)) is None:
            raise
        raise told from error
    finally:
        client.close()


def _document(content: bytes) -> Any:
    return json.loads(content) if content[:1] in {b"{", b"["} else {}


def _told(error: Exception) -> EngineError | None:
    """What it means; None where it is none of the engine's. By the package's name, since it may not be loaded."""
    package = type(error).__module__.partition(".")[0]
    if package == "docker":
        return _refusal(_said(error))
    if package in {"requests", "urllib3"} or isinstance(error, _SocketError):
        what = "the Docker engine has stopped answering"
        hint = "see its log, start it, then try again; what was built is kept"
        because = (f"the client says: {' '.join(str(error).split())}",)
        return EngineError(Problem("engine-lost", "error", "", what, because, (hint,)))
    return None


def _refusal(said: str) -> EngineError:
    return EngineError(Problem("engine-refused", "error", "", "the Docker engine refuses", (said,)))


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
