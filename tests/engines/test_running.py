"""A service of a moment on a real engine: on this machine only, and gone afterwards."""

from __future__ import annotations

import subprocess

import pytest

from mlcontainers import EngineError, Image, build
from mlcontainers.engines.containers import LABEL
from mlcontainers.engines.running import running
from tests.engines.containers import a_tag, forget

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


@pytest.fixture(scope="module")
def tag() -> str:
    return a_tag()


@pytest.fixture(scope="module", autouse=True)
def server(tag: str) -> object:
    """An image that serves its own folder; `/` answers 200."""
    image = Image.from_cpu(python="3.11").with_entrypoint("python", "-m", "http.server", "8080").with_ports(8080)
    build(image, tags=[tag], verify=False)
    yield
    forget(tag)


def left_over() -> str:
    asked = ("docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}")
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def test_it_answers_and_is_gone(tag: str) -> None:
    with running(tag) as service:
        service.wait("/")
        assert service.status() == "running"
        assert "GET / HTTP" in service.log()

    assert not left_over()


def test_one_that_ends_at_once_shows_its_log(tag: str) -> None:
    with pytest.raises(EngineError, match="goodbye"), running(tag, entrypoint=["sh", "-c", "echo goodbye"]) as service:
        service.wait("/")

    assert not left_over()


def test_one_that_cannot_start_is_gone_too(tag: str) -> None:
    with pytest.raises(EngineError, match="no-such-program"), running(tag, entrypoint=["no-such-program"]):
        pass

    assert not left_over()


def test_an_image_that_is_not_there() -> None:
    with pytest.raises(EngineError, match=r"engine-refused.*(?s:.*)nobody/nothing"), running("nobody/nothing:1"):
        pass
