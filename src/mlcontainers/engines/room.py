"""How much room an engine's disk has, for the case that there was too little."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers.engines.client import ask, docker_program
from mlcontainers.errors import EngineError
from mlcontainers.values.sizes import human_size

if TYPE_CHECKING:
    from collections.abc import Iterator


def disk_room(builder: str | None = None) -> tuple[str, ...]:
    """What is free on the engine's disk and where, and what its build cache holds; what cannot be known is left out."""
    try:
        return tuple(_room(docker_program(), builder))
    except EngineError:
        return ()


def _room(docker: str, builder: str | None) -> Iterator[str]:
    if builder is None:
        # Only the engine's own disk is seen from here, and only where it is this machine's.
        root = ask(docker, "info", "--format", "{{.DockerRootDir}}").stdout.strip()
        if root and Path(root).is_dir():
            disk = shutil.disk_usage(root)
            yield f"free now: {human_size(disk.free)} of {human_size(disk.total)} in {root}"
    options = (f"--builder={builder}",) if builder else ()
    for line in ask(docker, "buildx", "du", *options).stdout.splitlines():
        name, _, size = line.partition(":")
        if name == "Reclaimable":
            yield f"the build cache holds {size.strip()} that docker buildx prune frees"
