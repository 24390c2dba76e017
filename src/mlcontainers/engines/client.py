"""The `docker` program: is it there, has it buildx, does an engine answer?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

from mlcontainers.errors import EngineNotFoundError, Problem

HOW_TO = "install Docker Engine with its buildx plugin, or start it; in this project: make engine"
_PATIENCE = 30
"""Seconds that an engine may take to answer at all."""


def docker_program() -> str:
    """The path of the Docker client; raises EngineNotFoundError."""
    path = shutil.which("docker")
    if path is None:
        raise EngineNotFoundError(
            Problem("no-docker", "error", "", "there is no docker program on the PATH", (), (HOW_TO,))
        )
    return path


def buildx_command() -> tuple[str, ...]:
    """What runs buildx: the plugin itself where it lies where plugins do, for the client in front takes its time.

    The plugin knows contexts and credentials as the client does; started so, it is what buildx calls standalone.
    """
    client = docker_program()
    extra = docker_settings().get("cliPluginsExtraDirs") or ()
    for folder in (docker_folder() / "cli-plugins", *map(Path, extra), *_PLUGINS):
        plugin = folder / "docker-buildx"
        if os.access(plugin, os.X_OK):
            return (str(plugin),)
    return (client, "buildx")


_PLUGINS = tuple(
    Path(prefix, kind, "docker", "cli-plugins") for prefix in ("/usr/local", "/usr") for kind in ("lib", "libexec")
)
"""Where the client looks after the user's own folders (docker/cli, cli-plugins/manager)."""


def docker_folder() -> Path:
    """Where Docker's client keeps its configuration."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def docker_settings() -> dict[str, Any]:
    """The client's configuration; empty where there is none. It may hold credentials: only single names are read."""
    try:
        settings: object = json.loads((docker_folder() / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", settings) if isinstance(settings, dict) else {}


def engine_version() -> str:
    """The version of the engine that answers; raises EngineNotFoundError with the client's own reason."""
    program = docker_program()
    answer = ask(program, "version", "--format", "{{.Server.Version}}")
    if answer.returncode != 0 or not answer.stdout.strip():
        raise EngineNotFoundError(_silent_engine(answer.stderr.strip() or answer.stdout.strip()))
    if ask(program, "buildx", "version").returncode != 0:
        what = "this docker program has no buildx, which builds go through"
        hint = "install the docker-buildx package (docker-buildx-plugin in Docker's own archive)"
        raise EngineNotFoundError(Problem("no-buildx", "error", "", what, (), (hint,)))
    return answer.stdout.strip()


def ask(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; raises EngineNotFoundError where it takes too long."""
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        what = f"no Docker engine has answered within {_PATIENCE} seconds"
        raise EngineNotFoundError(Problem("no-engine", "error", "", what, (), (HOW_TO,))) from None


def _silent_engine(said: str) -> Problem:
    last = said.splitlines()[-1] if said else "it said nothing"
    because = (f"docker says: {last}",)
    if "permission denied" in said.lower():
        hint = "add yourself to the group docker and log in again, or run this as a user who may use the socket"
        return Problem("no-permission", "error", "", "the Docker engine may not be used by this user", because, (hint,))
    return Problem("no-engine", "error", "", "no Docker engine answers", because, (HOW_TO,))
