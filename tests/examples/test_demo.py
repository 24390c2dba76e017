"""The demo, as `make demo` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = (sys.executable, str(Path(__file__).parents[2] / "tasks" / "demo.py"))


def test_without_an_engine_it_still_ends_well(tmp_path: Path) -> None:
    done = subprocess.run(DEMO, capture_output=True, text=True, env={**os.environ, "PATH": str(tmp_path)}, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "accelerator: CUDA 12.8\n" in done.stdout
    assert "\nFROM python:3.12-slim-bookworm\n" in done.stdout
    assert done.stdout.endswith(
        "No build here, since there is no docker program on the PATH; to get one: make engine, or install Docker.\n"
    )


@pytest.mark.engine
def test_with_an_engine_it_predicts_and_cleans_up() -> None:
    done = subprocess.run(DEMO, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert 'answer: {"prediction": 208.' in done.stdout
    assert done.stdout.endswith("cleaned up: container and image are gone\n")
    left = ("docker", "image", "ls", "--quiet", "mlcontainers-demo")
    assert subprocess.run(left, capture_output=True, check=True).stdout == b""
