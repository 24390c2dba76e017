"""Every block of code in the documentation runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mlcontainers import Image, plan

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ELSEWHERE = {"docs/facts.md", "docs/building.md", "docs/many-images.md", "docs/running.md", "docs/verifying.md"}
"""Pages whose own tests run them, some of them on an engine."""


def blocks(language: str) -> list[tuple[str, str]]:
    """Page and text of every block in a language."""
    return [
        (str(page.relative_to(ROOT)), text)
        for page in PAGES
        for found, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if found == language and str(page.relative_to(ROOT)) not in ELSEWHERE
    ]


def test_there_are_blocks() -> None:
    assert len(blocks("python")) > 8
    assert {language for page in PAGES for language, _ in BLOCK.findall(page.read_text(encoding="utf-8"))} <= {
        "python",
        "py",
        "toml",
        "console",
        "dockerfile",
        "text",
    }


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python(page: str, text: str, tmp_path: Path) -> None:
    """Each block stands alone: as a user would run it, from a file of its own."""
    script = tmp_path / "block.py"
    script.write_text(text, encoding="utf-8")
    ran = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, f"{page}\n{ran.stderr}"


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_toml(page: str, text: str) -> None:
    """Each is an image that can be planned."""
    assert plan(Image.parse(text)).dockerfile.stages


def test_the_two_doors_of_the_readme_are_equal(tmp_path: Path) -> None:
    ((_, toml),) = [block for block in blocks("toml") if block[0] == "README.md"]
    ((_, python),) = [block for block in blocks("python") if block[0] == "README.md"]
    names: dict[str, object] = {}
    exec(python, names)

    assert names["image"] == Image.parse(toml)


def test_the_command_lines_of_the_readme(tmp_path: Path) -> None:
    """All but the build, which would fetch several gigabytes, what needs its result, and the lock, which asks an engine."""
    ((_, toml),) = [block for block in blocks("toml") if block[0] == "README.md"]
    (tmp_path / "image.toml").write_text(toml, encoding="utf-8")
    lines = [line for page, text in blocks("console") if page == "README.md" for line in text.splitlines()]
    ours = [line for line in lines if line.startswith("mlcontainers ") and not re.search("my-ml-app:1| lock ", line)]

    assert len(ours) >= 5
    for line in ours:
        command = line.replace("mlcontainers", f"{shlex.quote(sys.executable)} -m mlcontainers", 1)
        ran = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
