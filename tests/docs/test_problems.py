"""Each code has its line on a page, and each line its code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "mlcontainers"
FLOORS = ("values", "layers", "planners", "facts", "cli")
RAISED = re.compile(r'(?:Problem|invalid)\(\s*"([a-z0-9-]+)"')
TOLD = re.compile(r"`([a-z0-9-]+)`")


def raised() -> set[str]:
    files = [SOURCES / "image.py", *(file for floor in FLOORS for file in (SOURCES / floor).rglob("*.py"))]
    return {code for file in files for code in RAISED.findall(file.read_text(encoding="utf-8"))}


def told() -> set[str]:
    lines = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8").splitlines()
    return {code for line in lines if line.startswith("| `") for code in TOLD.findall(line.split("|")[1])}


def test_the_page_has_every_code_and_no_other() -> None:
    assert told() == raised()
