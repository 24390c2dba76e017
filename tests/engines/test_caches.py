"""Caches beside the engine's own: in the builder's words, and between two engines that share nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlcontainers import Cache, Image, InvalidValueError, build
from mlcontainers.engines.caches import caches
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (ImageReference.parse("host:5000/app:1"),)


class TestWords:
    @pytest.mark.parametrize(
        ("cache", "arguments"),
        [
            (Cache.local(), []),
            (
                Cache.registry("host:5000/app/cache"),
                [
                    "--cache-from=type=registry,ref=host:5000/app/cache",
                    "--cache-to=type=registry,ref=host:5000/app/cache,mode=max,ignore-error=true",
                ],
            ),
            (Cache.inline(), ["--cache-from=type=registry,ref=host:5000/app:1", "--cache-to=type=inline"]),
            (Cache.github(), ["--cache-from=type=gha", "--cache-to=type=gha,mode=max,ignore-error=true"]),
            (
                Cache.github("cpu"),
                ["--cache-from=type=gha,scope=cpu", "--cache-to=type=gha,scope=cpu,mode=max,ignore-error=true"],
            ),
            (Cache.folder("/no/such"), ["--cache-to=type=local,dest=/no/such,mode=max,ignore-error=true"]),
        ],
        ids=lambda given: given.kind if isinstance(given, Cache) else "",
    )
    def test_as_arguments(self, cache: Cache, arguments: list[str]) -> None:
        assert list(cache.arguments(NAMES)) == arguments

    def test_a_folder_is_read_once_something_is_in_it(self, tmp_path: Path) -> None:
        (tmp_path / "index.json").touch()

        assert next(Cache.folder(tmp_path).arguments(NAMES)) == f"--cache-from=type=local,src={tmp_path}"

    def test_as_text(self) -> None:
        texts = ["local", "inline", "registry:host/app/cache", "github", "github:cpu", "folder:/cache"]

        assert caches(texts) == (
            Cache.local(),
            Cache.inline(),
            Cache.registry("host/app/cache"),
            Cache.github(),
            Cache.github("cpu"),
            Cache.folder("/cache"),
        )

    @pytest.mark.parametrize(
        "text", ["", "redis:x", "registry", "registry:", "folder:", "local:x", "folder:a,mode=min", "registry:a,b=c"]
    )
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidValueError):
            caches(text)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_a_cache_that_is_not_there_fails_nothing() -> None:
    built = build(Image.from_cpu(python="3.11").add_run("true"), load=False, cache="registry:127.0.0.1:9/cache")

    assert built.steps
