"""One cheap image that several tests look at from different sides, and an engine that they may break."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlcontainers import BuiltImage, Image, build
from tests.engines.containers import temporary_tag
from tests.engines.private import PrivateEngine, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = """\
import http.server, os, signal, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass

def stop(number, frame):
    print("asked to stop", flush=True)
    os._exit(7)

signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
http.server.HTTPServer(("", 8080), Handler).serve_forever()
"""


@pytest.fixture(scope="session")
def service(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """A service beside scikit-learn: the layers below its code are those of the example, and built once."""
    context = tmp_path_factory.mktemp("service")
    (context / "serve.py").write_text(SERVER, encoding="utf-8")
    image = (
        Image.from_cpu(python="3.11")
        .add_sklearn()
        .add_files("serve.py", "/app")
        .with_serve("python", "serve.py", health="/healthz", start_period="5s")
    )
    with temporary_tag() as tag:
        yield build(image, context=context, tags=[tag], host_settings=True, verify=False)


@pytest.fixture(scope="session")
def private(engine: str) -> Iterator[PrivateEngine]:
    """The private engine, started once when a test first asks for it, and gone with all its data at the end."""
    if why := missing():
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    started = PrivateEngine()
    try:
        started.create()
        yield started
    finally:
        started.purge()


@pytest.fixture
def private_engine(private: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> PrivateEngine:
    """The private engine, sound again whatever the test before has done to it, as the one that builds go to."""
    private.start()
    monkeypatch.setenv("DOCKER_HOST", private.host)
    return private
