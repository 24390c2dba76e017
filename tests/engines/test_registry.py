"""What a name stands for in a registry, asked with the credentials that Docker's own configuration has."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, EngineError, Image, InvalidValueError, build, inspect
from mlcontainers.engines import buildx
from mlcontainers.engines import registry as registries
from mlcontainers.engines.events import Event, Warned
from mlcontainers.engines.registry import digest_in_registry, in_registry
from mlcontainers.values.references import ImageReference
from tests.engines.containers import docker, forget
from tests.engines.servers import mute, silent

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


class TestSilent:
    """A registry that takes the connection and says nothing. Engine and builder would wait for ever."""

    @pytest.fixture(autouse=True)
    def hurry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """These are half a minute and five minutes for users."""
        monkeypatch.setattr(registries, "LOOKUP", 1)
        monkeypatch.setattr(registries, "TRANSFER", 2)
        monkeypatch.setattr(buildx, "PATIENCE", 2)

    def test_asked_what_a_name_stands_for(self) -> None:
        with silent() as address, pytest.raises(EngineError) as caught:
            digest_in_registry(f"{address}/app:1")

        assert str(caught.value) == (
            f"error[registry-silent]: the registry of {address}/app:1 does not answer\n"
            "  because: it said nothing for 1 seconds\n"
            "  hint: is it up, and does a proxy or a firewall swallow what it says? then try again: what was built is"
            " kept"
        )

    def test_asked_what_an_image_says_of_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mlcontainers.engines.inspecting._PATIENCE", 1)

        with silent() as address, pytest.raises(EngineError, match="registry-silent"):
            inspect(f"{address}/app:1")

    def test_asked_for_another_name(self) -> None:
        with silent() as address, pytest.raises(EngineError, match="registry-silent"):
            registries.name_in_registry(
                f"{address}/app", [digest(MANIFEST)], [ImageReference.parse(f"{address}/app:1")]
            )

    def test_before_an_image_is_built_for_it(self, registry: str) -> None:
        """Nobody waits for steps that are in vain."""
        image, events = Image.from_cpu(python="3.11").add_run("true"), list[Event]()
        with mute(registry) as valve:
            reference = f"{valve.address}/{uuid4().hex[:12]}:1"
            with pytest.raises(EngineError, match="registry-silent"):
                build(image, tags=[reference], push=True, load=False, verify=False, progress=events.append)
            assert events == []

            valve.set()
            assert build(image, tags=[reference], push=True, load=False, verify=False).steps

    def test_a_cache_that_is_asked_for(self) -> None:
        """It fails no build."""
        told: list[Event] = []
        with silent() as address:
            cache = f"registry:{address}/cache:1"
            build(Image.from_cpu(python="3.11").add_run("true"), load=False, cache=cache, progress=told.append)

        assert Warned(f"the registry of the cache {address}/cache:1 does not answer: it is built without") in told

    @pytest.mark.parametrize("load", [False, True], ids=["by the builder", "by the engine"])
    def test_while_an_image_is_pushed(self, registry: str, load: bool) -> None:
        image = Image.from_cpu(python="3.11").add_run("true")
        options: dict[str, Any] = {"push": True, "load": load, "verify": False}
        with mute(registry) as valve:
            reference = f"{valve.address}/{uuid4().hex[:12]}:1"
            with pytest.raises(BuildFailedError) as caught:
                build(image, tags=[reference], force=True, **options)
            assert docker("image", "inspect", reference).returncode != 0

            valve.set()
            assert build(image, tags=[reference], **options).digest
            forget(reference)
        assert caught.value.problems[0].code == ("registry-silent" if load else "push-failed")
        assert "for 2 seconds" in str(caught.value) or "within 2 seconds" in str(caught.value)


def test_what_is_no_reference() -> None:
    with pytest.raises(InvalidValueError):
        in_registry("My App")
