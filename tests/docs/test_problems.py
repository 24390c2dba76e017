"""Each code has its line on a page, and each line its code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "mlcontainers"
FLOORS = ("values", "layers", "planners", "facts", "cli")
RAISED = re.compile(
    r'(?:Problem|invalid|refuse|problem)\(\s*"([a-z0-9-]+)"|code = "([a-z0-9-]+)" if .* else "([a-z0-9-]+)"'
)
TOLD = re.compile(r"`([a-z0-9-]+)`")


def raised(*places: Path) -> set[str]:
    files = [file for place in places for file in (place.rglob("*.py") if place.is_dir() else (place,))]
    return {
        code for file in files for found in RAISED.findall(file.read_text(encoding="utf-8")) for code in found if code
    }


def told(page: str) -> set[str]:
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    return {code for line in lines if line.startswith("| `") for code in TOLD.findall(line.split("|")[1])}


def test_the_page_has_every_code_and_no_other() -> None:
    of_facts = (SOURCES / "engines" / "index.py", SOURCES / "engines" / "refreshing.py")

    assert told("problems.md") == raised(SOURCES / "image.py", *of_facts, *(SOURCES / floor for floor in FLOORS))


def test_the_page_about_dockerfiles_has_every_code_and_no_other() -> None:
    assert told("dockerfile-problems.md") == raised(SOURCES / "dockerfile")
