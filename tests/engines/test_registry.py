"""What a name stands for in a registry, asked with the credentials that Docker's own configuration has."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest

from mlcontainers import EngineError, InvalidValueError
from mlcontainers.engines.registry import digest_in_registry, in_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
KIND = "application/vnd.docker.distribution.manifest.v2+json"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": KIND,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "digest": digest(CONFIG),
            "size": len(CONFIG),
        },
        "layers": [],
    }
).encode()
USER = base64.b64encode(b"somebody:s3cr3t").decode()


class Registry(http.server.BaseHTTPRequestHandler):
    """One image, for one user."""

    def do_GET(self) -> None:
        known = {
            "/v2/": (b"{}", "application/json"),
            "/v2/app/manifests/1": (MANIFEST, KIND),
            f"/v2/app/manifests/{digest(MANIFEST)}": (MANIFEST, KIND),
            f"/v2/app/blobs/{digest(CONFIG)}": (CONFIG, "application/octet-stream"),
        }
        if self.headers.get("Authorization") != f"Basic {USER}":
            self.answer(401, b"{}", "application/json")
        elif self.path in known:
            self.answer(200, *known[self.path])
        else:
            self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', "application/json")

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", digest(content))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="here"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def guarded() -> Iterator[str]:
    """`HOST:PORT` of a registry that asks for a name and a password."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration of Docker's client."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def test_the_credentials_of_the_configuration(guarded: str, configuration: Path) -> None:
    configuration.write_text(json.dumps({"auths": {guarded: {"auth": USER}}}))

    assert digest_in_registry(f"{guarded}/app:1") == digest(MANIFEST)
    assert not in_registry(f"{guarded}/app:2")


def test_the_credentials_of_a_helper(
    guarded: str, configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "docker-credential-stand-in"
    helper.write_text('#!/bin/sh\necho \'{"Username": "somebody", "Secret": "s3cr3t"}\'\n')
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    configuration.write_text(json.dumps({"credHelpers": {guarded: "stand-in"}}))

    assert digest_in_registry(f"{guarded}/app:1") == digest(MANIFEST)


@pytest.mark.usefixtures("configuration")
def test_without_credentials_it_is_said(guarded: str) -> None:
    with pytest.raises(EngineError, match=r"registry-refused.*(?s:.*)docker login") as caught:
        digest_in_registry(f"{guarded}/app:1")

    assert caught.value.exit_code == 3


def test_nobody_answers() -> None:
    with pytest.raises(EngineError, match=r"registry-refused.*(?s:.*)can it be reached"):
        digest_in_registry("127.0.0.1:9/app:1")


def test_what_is_no_reference() -> None:
    with pytest.raises(InvalidValueError):
        in_registry("My App")
