"""`inspect`: what an image says of itself, on the engine or in a registry, without running or pulling it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.client import docker_program
from mlcontainers.engines.registry import silence
from mlcontainers.errors import EngineError, Problem
from mlcontainers.planners.labelling import Description

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATIENCE = 60
"""Seconds that a registry may take to hand out what an image says of itself."""
_FORMAT = "{{json .}}"


@dataclass(frozen=True, slots=True)
class Inspected:
    """An image, and what it says of itself."""

    reference: str
    digest: str
    """`sha256:...` of the image; of the index where a registry has one for several platforms."""
    where: str
    """`engine` or `registry`."""
    told: Description
    labels: tuple[tuple[str, str], ...]
    """All of its labels, sorted."""

    def to_json(self) -> dict[str, Any]:
        """The same as data for programs."""
        data = {"reference": self.reference, "digest": self.digest, "where": self.where}
        return {"schema": 1, **data, **{k: v for k, v in self.told.to_json().items() if k != "schema"},
                "labels": dict(self.labels)}  # fmt: skip

    def explain(self) -> str:
        """The same as text for people."""
        return f"image: {self.reference}, {self.digest}, on the {self.where}\n{self.told.explain()}"


def inspect(reference: str) -> Inspected:
    """Read what an image says of itself: from the engine where it has it, else from its registry, without pulling.

    Any image will do; one that was not built by this library says little. Raises EngineError where neither has it.
    """
    local = _local(reference)
    if local is not None:
        return _inspected(reference, str(local["Id"]), "engine", cast("dict[str, Any]", local["Config"] or {}))
    digest, config = _remote(reference)
    return _inspected(reference, digest, "registry", config)


def image_config(reference: str) -> dict[str, Any]:
    """The configuration of an image: labels, ports, user, entrypoint."""
    local = _local(reference)
    return cast("dict[str, Any]", local["Config"] or {}) if local is not None else _remote(reference)[1]


def _inspected(reference: str, digest: str, where: str, config: Mapping[str, Any]) -> Inspected:
    labels = cast("dict[str, str]", config.get("Labels") or config.get("labels") or {})
    return Inspected(reference, digest, where, Description.read(labels), tuple(sorted(labels.items())))


def _local(reference: str) -> dict[str, Any] | None:
    code, answer, said = _asked("image", "inspect", "--format", _FORMAT, reference)
    if code == 0:
        return cast("dict[str, Any]", json.loads(answer))
    if "no such image" in said.lower():
        return None
    raise EngineError(Problem("engine-refused", "error", "", "the Docker engine refuses", (said.strip(),)))


def _remote(reference: str) -> tuple[str, dict[str, Any]]:
    """One platform's configuration where there are several: they were planned from one description."""
    code, answer, said = _asked("buildx", "imagetools", "inspect", "--format", _FORMAT, reference)
    if code != 0:
        what = f"neither the engine nor a registry has the image {reference!r}"
        because = tuple(line for line in said.splitlines() if line.startswith("ERROR"))[:1]
        hint = "is the name right, and may you read it? docker login"
        raise EngineError(Problem("no-image", "error", "", what, because, (hint,)))
    found = cast("dict[str, Any]", json.loads(answer))
    image = cast("dict[str, Any]", found.get("image") or {})
    if "config" not in image:
        several = cast("list[dict[str, Any]]", [one for one in image.values() if isinstance(one, dict)])
        image = next((one for one in several if "config" in one), cast("dict[str, Any]", {}))
    return str(found["manifest"]["digest"]), cast("dict[str, Any]", image.get("config") or {})


def _asked(*arguments: str) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            (docker_program(), *arguments),
            capture_output=True, text=True, errors="replace", check=False, timeout=_PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise EngineError(silence(arguments[-1], _PATIENCE)) from None
    return done.returncode, done.stdout, done.stderr
