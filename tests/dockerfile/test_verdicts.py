"""Small files that builders accept, refuse, or refuse only once they know the build arguments; the engine is asked.

What a file is about is its name. A file's folder is the verdict of the newest frontend.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from mlcontainers.dockerfile import check
from mlcontainers.dockerfile.frontends import NEWEST
from mlcontainers.dockerfile.rules import RULES

if TYPE_CHECKING:
    from mlcontainers import Problem

FOLDER = Path(__file__).parent / "verdicts"
FILES = sorted(FOLDER.rglob("*.Dockerfile"))
FRONTENDS = {"28.5": "1.19"}
"""The frontend inside an engine; it does not say."""
NAMES = {rule.code: rule.name for rule in RULES}
WHERE_DIFFERENT = frozenset(("NoEmptyContinuation",))
"""BuildKit tells its last line, we the instruction's first, as with all others."""


class Verdict(NamedTuple):
    """What a builder says of a file."""

    error: str
    warnings: list[tuple[str, int]]
    """Rule and line."""


def rules(problems: tuple[Problem, ...]) -> list[tuple[str, int]]:
    found = [(NAMES[problem.code], problem.span) for problem in problems if problem.code in NAMES]
    return sorted((name, 0 if name in WHERE_DIFFERENT or not span else span.start_line) for name, span in found)


def is_refused(problems: tuple[Problem, ...]) -> bool:
    return any(problem.severity == "error" for problem in problems)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_our_verdict_is_the_folder(path: Path) -> None:
    problems = check(path.read_bytes())

    # What build arguments decide, no reader of the file can refuse.
    assert is_refused(problems) == (path.parent.name == "refused"), problems


@pytest.fixture(scope="module")
def verdicts(engine: str, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Verdict]:
    """What the engine says of every file."""
    context = tmp_path_factory.mktemp("context")
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(FILES, pool.map(partial(ask, context), FILES), strict=True))


def ask(context: Path, path: Path) -> Verdict:
    command = ("docker", "buildx", "build", "--call=check,format=json", "-f", str(path), str(context))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told: dict[str, Any] = json.loads(done.stdout)
    warnings: list[dict[str, Any]] = told.get("warnings") or []
    found = [(str(warning["ruleName"]), warning["location"]["ranges"][0]["start"]["line"]) for warning in warnings]
    error: dict[str, str] = told.get("buildError") or {}
    return Verdict(
        error.get("message", ""), sorted((name, 0 if name in WHERE_DIFFERENT else line) for name, line in found)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_engine_says_the_same(path: Path, verdicts: dict[Path, Verdict], engine: str) -> None:
    verdict = verdicts[path]
    problems = check(path.read_bytes(), frontend=FRONTENDS.get(".".join(engine.split(".")[:2]), NEWEST))

    if path.parent.name == "at-build-time":
        assert verdict.error
    else:
        assert bool(verdict.error) == is_refused(problems), (verdict, problems)
    if not verdict.error:
        assert rules(problems) == verdict.warnings
