"""The serving code of the examples, run as it is, around the smallest model there is."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.examples.service import Answer, Service, wrong_bodies, wrong_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVE = Path(__file__).parents[2] / "examples" / "sklearn-regression" / "app" / "serve.py"
MODEL = """\
import time
FEATURES = 3
def load():
    time.sleep(%s)
    return lambda features: {"prediction": sum(features) * 10}
"""
OF_TEXTS = """\
TEXT = 20
def load():
    return lambda text: {"prediction": text[::-1]}
"""


class Process:
    """The serving code in a process of its own."""

    def __init__(self, folder: Path, seconds_to_load: float = 0, model: str = "") -> None:
        shutil.copy(SERVE, folder)
        (folder / "model.py").write_text(model or MODEL % seconds_to_load)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.service = Service(f"http://127.0.0.1:{self.port}")
        self.process = subprocess.Popen(
            (sys.executable, "serve.py"),
            cwd=folder,
            env={**os.environ, "PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def stop(self) -> tuple[int, float]:
        """Exit code and seconds after SIGTERM."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=10)
        return self.process.returncode, time.monotonic() - started


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service of three features."""
    process = Process(tmp_path_factory.mktemp("app"))
    try:
        process.service.wait(10)
        yield process.service
    finally:
        process.stop()


@pytest.fixture(scope="module")
def of_texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service that takes up to 20 characters."""
    process = Process(tmp_path_factory.mktemp("app"), model=OF_TEXTS)
    try:
        process.service.wait(10)
        yield process.service
    finally:
        process.stop()


class TestAnswers:
    """GET /health, POST /predict, and one sentence for whoever sends something else."""

    def test_a_prediction(self, service: Service) -> None:
        assert service.predict([1, 2.5, 3]) == Answer(200, {"prediction": 65.0})

    @pytest.mark.parametrize(("body", "told"), wrong_bodies(3).items())
    def test_a_wrong_body(self, service: Service, body: bytes, told: str) -> None:
        assert service.post("/predict", body) == Answer(400, {"error": told})

    def test_json_that_is_nested_too_deep(self, service: Service) -> None:
        answer = service.post("/predict", b"[" * 60_000)

        assert answer.status == 400
        assert "recursion" in str(answer.document["error"])

    @pytest.mark.parametrize("size", [65_537, 3_000_000])
    def test_a_body_too_large(self, service: Service, size: int) -> None:
        assert service.post("/predict", b" " * size) == Answer(413, {"error": "send at most 65536 bytes"})

    def test_other_paths_and_methods(self, service: Service) -> None:
        nowhere = Answer(404, {"error": "there are GET /health and POST /predict"})

        assert service.get("/") == nowhere
        assert service.post("/health", b"{}") == nowhere
        assert service.get("/predict") == Answer(405, {"error": "send a POST request to /predict"})

    def test_it_still_answers_after_all_that(self, service: Service) -> None:
        assert service.get("/health?from=probe") == Answer(200, {"status": "ok"})


class TestTexts:
    """A model that wants a text says how long it may be."""

    def test_a_prediction(self, of_texts: Service) -> None:
        asked = '{"text": "so gut wie möglich"}'.encode()

        assert of_texts.post("/predict", asked) == Answer(200, {"prediction": "hcilgöm eiw tug os"})

    @pytest.mark.parametrize(("body", "told"), wrong_texts(20).items())
    def test_a_wrong_body(self, of_texts: Service, body: bytes, told: str) -> None:
        assert of_texts.post("/predict", body) == Answer(400, {"error": told})


class TestStops:
    """Within 3 seconds of SIGTERM, with exit code 0."""

    def test_at_rest(self, tmp_path: Path) -> None:
        process = Process(tmp_path)
        process.service.wait(10)

        code, seconds = process.stop()

        assert code == 0
        assert seconds < 1

    def test_while_the_model_is_loaded(self, tmp_path: Path) -> None:
        process = Process(tmp_path, seconds_to_load=20)
        time.sleep(1.5)

        code, seconds = process.stop()

        assert code == 0
        assert seconds < 1

    def test_while_a_client_has_sent_half_a_request(self, tmp_path: Path) -> None:
        process = Process(tmp_path)
        process.service.wait(10)
        with socket.create_connection(("127.0.0.1", process.port)) as client:
            client.sendall(b"POST /predict HTTP/1.0\r\nContent-Length: 100\r\n\r\n{")
            time.sleep(0.3)

            code, seconds = process.stop()

        assert code == 0
        assert seconds < 3
