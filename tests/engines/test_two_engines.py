"""Two engines that share nothing but a cache: the second has the base image, and steps made at random come from there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from mlcontainers import BuiltImage, Cache, Image, build
from tests.engines.containers import docker
from tests.engines.counting import gate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engines.private import PrivateEngine

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


def image_of_chance() -> Image:
    weights = f"head -c 20000000 /dev/urandom > /srv/weights-{uuid4()}"
    return Image.from_cpu(python="3.11").add_run(weights).add_files("app.py", "/app")


def test_through_a_registry(
    registry: str, private: PrivateEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, name = image_of_chance(), f"app-{uuid4().hex[:12]}"
    straight: dict[str, Any] = {"context": tmp_path, "push": True, "load": False, "verify": False}
    (tmp_path / "app.py").write_text("1")
    build(image, tags=[f"{registry}/{name}:1"], cache=Cache.registry(f"{registry}/{name}/cache"), **straight)

    (tmp_path / "app.py").write_text("2")
    monkeypatch.setenv("DOCKER_HOST", private.host)
    with gate(registry) as seen:
        cache = Cache.registry(f"{seen.address}/{name}/cache")
        second = build(image, tags=[f"{seen.address}/{name}:2"], cache=cache, **straight)

    monkeypatch.undo()
    before, after = (compressed(f"{registry}/{name}:{number}") for number in (1, 2))
    assert cached(second, "weights")
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]
    assert 0 < seen.down < 0.05 * sum(size for _, size in after)


def test_through_a_folder(private: PrivateEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image, cache = image_of_chance(), Cache.folder(tmp_path / "cache")
    (tmp_path / "app.py").write_text("1")
    options: dict[str, Any] = {"context": tmp_path, "load": False, "cache": cache}
    build(image, **options)

    monkeypatch.setenv("DOCKER_HOST", private.host)
    second = build(image, **options)

    assert cached(second, "weights")


def cached(built: BuiltImage, word: str) -> bool:
    return {step.cached for step in built.steps if word in step.step} == {True}


def compressed(reference: str) -> list[tuple[str, int]]:
    """Digest and size of each layer as a registry holds it."""
    manifest = json.loads(docker("buildx", "imagetools", "inspect", "--raw", reference).stdout)
    return [(layer["digest"], layer["size"]) for layer in manifest["layers"]]
