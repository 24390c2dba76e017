"""Programs named `docker` that say what an engine says which cannot be had here on demand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlcontainers import EngineNotFoundError
from mlcontainers.engines.client import buildx_command, engine_version

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stub may be written; nothing else is on the PATH but what a shell needs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "docker"


def program(stub: Path, script: str) -> None:
    stub.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    stub.chmod(0o755)


def code_and_text() -> tuple[str, str]:
    with pytest.raises(EngineNotFoundError) as caught:
        engine_version()
    return caught.value.problems[0].code, str(caught.value)


@pytest.mark.usefixtures("stub")
def test_no_program() -> None:
    code, text = code_and_text()

    assert code == "no-docker"
    assert "make engine" in text


def test_no_buildx(stub: Path) -> None:
    program(stub, '[ "$1" = version ] && echo 20.10.24')
    code, text = code_and_text()

    assert code == "no-buildx"
    assert "docker-buildx" in text


def test_nobody_answers(stub: Path) -> None:
    program(stub, "echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1")
    code, text = code_and_text()

    assert code == "no-engine"
    assert "because: docker says: Cannot connect to the Docker daemon at unix:///x." in text


def test_permission_denied(stub: Path) -> None:
    program(stub, "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1")
    code, text = code_and_text()

    assert code == "no-permission"
    assert "hint: add yourself to the group docker" in text


def test_a_program_that_says_nothing(stub: Path) -> None:
    program(stub, "exit 1")

    assert code_and_text()[0] == "no-engine"


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_an_address_where_nobody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real program, asked for an engine that is not there."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / os.urandom(4).hex()}.sock")

    assert code_and_text()[0] == "no-engine"


def test_the_plugin_is_run_itself_where_it_is_found(
    stub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(stub, "exit 0")
    plugin = tmp_path / "plugins" / "docker-buildx"
    plugin.parent.mkdir()
    program(plugin, "exit 0")
    (tmp_path / "config.json").write_text(f'{{"cliPluginsExtraDirs": ["{plugin.parent}"]}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    assert buildx_command() == (str(plugin),)


def test_a_user_s_own_plugin_comes_first(stub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(stub, "exit 0")
    plugin = tmp_path / "cli-plugins" / "docker-buildx"
    plugin.parent.mkdir()
    program(plugin, "exit 0")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    assert buildx_command() == (str(plugin),)
