"""The published form of `plan --json`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from mlcontainers import Image, plan
from mlcontainers.planners.plans import plan_schema

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "cases").glob("*/image.toml"))


def test_the_published_schema_is_ours(pytestconfig: pytest.Config) -> None:
    """`make goldens` writes it."""
    published = ROOT / "docs" / "plan.schema.json"
    text = json.dumps(plan_schema(), indent=2) + "\n"
    if pytestconfig.getoption("--write-goldens"):
        published.write_text(text, encoding="utf-8")

    assert published.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_every_plan_keeps_to_it(path: Path) -> None:
    document = json.loads(json.dumps(plan(Image.load(path)).to_json()))

    jsonschema.validate(document, plan_schema())
