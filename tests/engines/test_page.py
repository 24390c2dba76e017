"""The page on building: its examples run, and it has every code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from mlcontainers.engines.faults import FAULTS

PAGE = (Path(__file__).parents[2] / "docs" / "building.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[2] / "src" / "mlcontainers" / "engines"
OF_FACTS = {"index.py", "refreshing.py"}
"""These have to do with facts, and their codes are on the page of problems."""


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("example", re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL))
def test_examples_run(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tag = f"mlcontainers-test:{uuid4().hex[:12]}"
    try:
        exec(compile(example.replace("my-app:1", tag), "building.md", "exec"), {"__name__": "building"})
    finally:
        subprocess.run(("docker", "image", "rm", "--force", tag), capture_output=True, check=False)


def test_every_code_is_on_the_page() -> None:
    raised = re.findall(
        r'Problem\(\s*"([a-z-]+)"',
        "".join(file.read_text(encoding="utf-8") for file in SOURCES.glob("*.py") if file.name not in OF_FACTS),
    )
    of_values = {"list-expected", "no-context", "no-wheelhouse"}
    told = set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) - {"ca-certificates"}

    assert told == {fault.code for fault in FAULTS} | set(raised) - of_values | {"step-failed", "build-failed"}
