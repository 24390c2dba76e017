"""Each example is a folder that stands alone, and its two doors give equal values."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mlcontainers import Image, plan

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/image.toml"))


def test_there_are_three() -> None:
    assert [example.name for example in EXAMPLES] == ["pytorch-cuda", "pytorch-mlp", "sklearn-regression"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
class TestEveryExample:
    """What holds for each folder."""

    def test_toml_and_python_give_equal_values(self, example: Path) -> None:
        image = runpy.run_path(str(example / "image.py"))["image"]

        assert image == Image.load(example / "image.toml")

    def test_its_program_prints_the_dockerfile(self, example: Path) -> None:
        done = subprocess.run((sys.executable, example / "image.py"), capture_output=True, text=True, check=True)

        assert done.stdout == plan(Image.load(example / "image.toml")).dockerfile.render()

    def test_facts_know_all_of_it(self, example: Path) -> None:
        assert [p.code for p in plan(Image.load(example / "image.toml")).problems if p.severity != "info"] == []

    def test_it_has_its_code_and_a_page(self, example: Path) -> None:
        assert {path.name for path in (example / "app").glob("*.py")} == {"model.py", "serve.py", "train.py"}
        assert (example / "README.md").read_text().startswith("# ")

    def test_its_code_stands_alone(self, example: Path) -> None:
        """The serving code is copied, not shared, so that each folder can be taken away; the copies stay equal."""
        assert (example / "app" / "serve.py").read_bytes() == (EXAMPLES[0] / "app" / "serve.py").read_bytes()

    def test_its_page_names_all_its_files(self, example: Path) -> None:
        page = (example / "README.md").read_text()

        for path in ("image.toml", "image.py", "app/train.py", "app/model.py", "app/serve.py"):
            assert f"`{path}`" in page


def test_the_cuda_example_has_cuda_wheels_on_a_slim_base() -> None:
    decided = plan(Image.load(EXAMPLES[0] / "image.toml"))

    assert str(decided.target.accelerator) == "CUDA 12.8"
    assert str(decided.target.base).startswith("python:3.12-slim-")
    assert all(str(pin.version).endswith("+cu128") for pin in decided.pins)
