"""Each rule has its page, and what the page prints is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlcontainers.dockerfile import check
from mlcontainers.dockerfile.drawing import draw
from mlcontainers.dockerfile.rules import RULES

if TYPE_CHECKING:
    from mlcontainers.dockerfile.rules.rule import Rule

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
BLOCK = re.compile(r"^## ([^\n]+)\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
IGNORED = "With this `.dockerignore`"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_shows_what_happens(rule: Rule) -> None:
    page = (FOLDER / f"{rule.code}.md").read_text(encoding="utf-8")
    blocks = dict(BLOCK.findall(page))
    ignore = blocks.get(IGNORED, "").splitlines()
    problems = check(blocks["Bad"], ignore=ignore)

    assert page.startswith(f"# {rule.name}\n\n`{rule.code}`: {rule.why}.\n")
    assert {problem.code for problem in problems} == {rule.code}
    assert "\n".join(draw(problem, blocks["Bad"]) for problem in problems) == blocks["Output"].rstrip("\n")
    assert check(blocks["Good"], ignore=ignore) == ()


def test_the_index_has_every_page() -> None:
    linked = re.findall(r"\(([a-z-]+)\.md\)", (FOLDER / "README.md").read_text(encoding="utf-8"))

    assert sorted(linked) == sorted(page.stem for page in FOLDER.glob("[a-z]*.md"))
    assert {rule.code for rule in RULES} == set(linked) - {"invalid-base-image-platform"}
