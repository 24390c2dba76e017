"""What all tests share: the engine that answers, and the stand-ins for base images."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from mlcontainers import EngineNotFoundError
from mlcontainers.engines.client import engine_version

if TYPE_CHECKING:
    from pytest_docker.plugin import Services

ROOT = Path(__file__).parent.parent
# How fast a machine is and how many texts a constructor refuses says nothing about a law.
settings.register_profile(
    "laws", deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
settings.load_profile("laws")
IN_CI = bool(os.environ.get("CI"))


def _find_engine() -> tuple[str, str]:
    """The version of the engine that answers, or why none does."""
    try:
        return engine_version(), ""
    except EngineNotFoundError as error:
        return "", error.problems[0].what


ENGINE, NO_ENGINE = _find_engine()


def pytest_configure() -> None:
    # A shell has what it starts in the background ignore interrupts, and whoever is started from here would too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    if ENGINE:
        return f"engine: {ENGINE}"
    return f"ENGINE TESTS ARE SKIPPED: {NO_ENGINE}; `make engine` brings one up"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-goldens", action="store_true", help="write the expected files of tests/cases again")
    parser.addoption("--large", action="store_true", help="run those marked large, and only those")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever uses the engine is marked so, and skipped where there is none; in CI it fails instead."""
    large = bool(config.getoption("--large"))
    items[:] = [item for item in items if bool(item.get_closest_marker("large")) is large]
    for item in items:
        uses_engine = "engine" in getattr(item, "fixturenames", ())
        if uses_engine or item.get_closest_marker("engine"):
            item.add_marker("engine")
            if not ENGINE and not IN_CI:
                item.add_marker(pytest.mark.skip(reason=f"{NO_ENGINE}; `make engine` brings one up"))


@pytest.fixture(scope="session")
def engine() -> str:
    """The version of the engine that answers."""
    if not ENGINE:
        pytest.fail(f"CI needs an engine, and {NO_ENGINE}")
    return ENGINE


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    return str(ROOT / "tests" / "engine" / "compose.yml")


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    return ["up --build --wait --wait-timeout 120"]


@pytest.fixture(scope="session")
def docker_cleanup() -> list[str]:
    return ["down -v --rmi local"]


@pytest.fixture(scope="session")
def registry(engine: str, request: pytest.FixtureRequest) -> str:
    """`HOST:PORT` of a registry of the tests' own, started by pytest-docker when a test first asks for it."""
    services: Services = request.getfixturevalue("docker_services")
    return f"127.0.0.1:{services.port_for('registry', 5000)}"


@pytest.fixture(scope="session")
def wheelhouse() -> Path | None:
    """The folder of pip's find-links setting that has PyTorch's CPU wheel, where PyTorch's own index is out of reach.

    None where there is no such folder: builds then take the wheel from that index, as users' builds do.
    """
    from mlcontainers.engines.host import find_links

    return next((folder for folder in find_links() if list(folder.glob("torch-2.13.0+cpu-cp311-*.whl"))), None)
