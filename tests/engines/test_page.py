"""The pages on building and verifying: their examples run, and they have every code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlcontainers.engines.fault_table import FAULTS
from tests.engines.containers import a_tag, forget

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "building.md").read_text(encoding="utf-8")
RUNNING = (DOCS / "running.md").read_text(encoding="utf-8")
VERIFYING = (DOCS / "verifying.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[2] / "src" / "mlcontainers" / "engines"
OF_FACTS = {"index.py", "refreshing.py"}
"""These have to do with facts, and their codes are on the page of problems."""
OF_VERIFYING = {"inspecting.py", "judging.py", "services.py", "trials.py", "verifying.py"}


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("example", re.findall(r"```py\n(.*?)```", PAGE + VERIFYING + RUNNING, re.DOTALL))
def test_examples_run(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tag = a_tag()
    try:
        exec(compile(example.replace("my-app:1", tag), "page", "exec"), {"__name__": "building"})
    finally:
        forget(tag)


def codes(*names: str) -> set[str]:
    text = "".join((SOURCES / name).read_text(encoding="utf-8") for name in names)
    return set(re.findall(r'Problem\(\s*"([a-z-]+)"', text))


def told(page: str) -> set[str]:
    return set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))


def test_every_code_is_on_the_page() -> None:
    raised = codes(*({file.name for file in SOURCES.glob("*.py")} - OF_FACTS - OF_VERIFYING))
    of_values = {"list-expected", "no-context", "no-wheelhouse"}

    assert told(PAGE) - {"ca-certificates"} == {fault.code for fault in FAULTS} | raised - of_values | {
        "step-failed",
        "build-failed",
    }


def test_every_code_of_a_verification_is_on_its_page() -> None:
    assert told(VERIFYING.partition("## What the codes mean")[2]) == codes(*OF_VERIFYING) - {"engine-refused"}
