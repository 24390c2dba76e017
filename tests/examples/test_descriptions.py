"""Each example is a folder that stands alone, and its two doors give equal values."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mlcontainers import Image, plan

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent for path in EXAMPLES.glob("*/image.py"))
DESCRIPTIONS = sorted(EXAMPLES.glob("*/image*.toml"))
USES = ("image-classification", "price-prediction", "recommendation", "text-classification")


def name(path: Path) -> str:
    """`keras-classifier/image-jax.toml`, or the folder."""
    return str(path.relative_to(EXAMPLES))


def in_python(description: Path) -> tuple[Image, tuple[str, ...]]:
    """The image that `image.py` means by this description, and the arguments by which its program prints it."""
    found = runpy.run_path(str(description.with_name("image.py")))
    backend = description.stem.removeprefix("image").removeprefix("-")
    return (found["images"][backend], (backend,)) if backend else (found["image"], ())


def test_the_four_uses_are_found_by_name() -> None:
    assert {folder.name for folder in FOLDERS} >= set(USES)
    assert {path.parent for path in DESCRIPTIONS} == set(FOLDERS)


def test_the_table_names_every_example() -> None:
    table = (EXAMPLES / "README.md").read_text()

    assert [f"| [`{folder.name}`]({folder.name}) |" in table for folder in FOLDERS] == [True] * len(FOLDERS)


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=name)
class TestEveryDescription:
    """What holds for each `image.toml`, and for each of several beside each other."""

    def test_toml_and_python_give_equal_values(self, description: Path) -> None:
        image, _ = in_python(description)

        assert image == Image.load(description)

    def test_its_program_prints_the_dockerfile(self, description: Path) -> None:
        _, arguments = in_python(description)
        command = [sys.executable, str(description.with_name("image.py")), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)

        assert done.stdout == plan(Image.load(description)).dockerfile.render()

    def test_facts_know_all_of_it(self, description: Path) -> None:
        assert [p.code for p in plan(Image.load(description)).problems if p.severity != "info"] == []


@pytest.mark.parametrize("example", FOLDERS, ids=name)
class TestEveryExample:
    """What holds for each folder."""

    def test_it_has_its_code_and_a_page(self, example: Path) -> None:
        assert {path.name for path in (example / "app").glob("*.py")} == {"model.py", "serve.py", "train.py"}
        assert (example / "README.md").read_text().startswith("# ")

    def test_its_code_stands_alone(self, example: Path) -> None:
        """The serving code is copied, not shared, so that each folder can be taken away; the copies stay equal."""
        assert (example / "app" / "serve.py").read_bytes() == (FOLDERS[0] / "app" / "serve.py").read_bytes()

    def test_its_page_names_all_its_files(self, example: Path) -> None:
        page = (example / "README.md").read_text()

        for path in (
            *(description.name for description in example.glob("*.toml")),
            "image.py",
            "app/train.py",
            "app/model.py",
            "app/serve.py",
        ):
            assert f"`{path}`" in page


def test_the_cuda_example_has_cuda_wheels_on_a_slim_base() -> None:
    decided = plan(Image.load(EXAMPLES / "pytorch-cuda" / "image.toml"))

    assert str(decided.target.accelerator) == "CUDA 12.8"
    assert str(decided.target.base).startswith("python:3.12-slim-")
    assert all(str(pin.version).endswith("+cu128") for pin in decided.pins)
