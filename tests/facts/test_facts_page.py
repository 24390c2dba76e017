"""The page about facts says what the data say, and its examples run."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlcontainers.facts import catalogue
from mlcontainers.facts.deriving.projects import PROJECTS

PAGE = Path(__file__).parents[2] / "docs" / "facts.md"
FACTS = catalogue()


def blocks() -> list[str]:
    """The Python blocks of the page."""
    parts = PAGE.read_text(encoding="utf-8").split("```python\n")[1:]
    return [part.partition("```")[0] for part in parts]


def projects() -> str:
    """The packages that the data and the rules of derivation have; how many releases changes every week."""
    assert FACTS.projects() == tuple(sorted(PROJECTS))
    return ", ".join(f"`{project}`" for project in FACTS.projects())


def tables() -> str:
    """The table of tables, without the words beside each name."""
    return "\n".join(f"{name} {len(FACTS.keys(name))}" for name in FACTS.tables())


@pytest.mark.parametrize("block", blocks(), ids=lambda block: str(block.splitlines()[-1]))
def test_each_example_runs_alone(block: str) -> None:
    exec(compile(block, str(PAGE), "exec"), {"__name__": "example"})


def test_the_list_of_packages_is_the_data() -> None:
    assert projects() in " ".join(PAGE.read_text(encoding="utf-8").split())


def test_the_table_of_tables_is_the_data() -> None:
    rows = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert "\n".join(f"{row[1].strip(' `')} {row[2].strip()}" for row in rows) == tables()


def test_the_day_is_the_day_of_the_data() -> None:
    assert f"as of {FACTS.as_of}" in PAGE.read_text(encoding="utf-8")
