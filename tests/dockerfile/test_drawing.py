"""A problem points at the very words it is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers.dockerfile import check
from mlcontainers.dockerfile.drawing import draw
from tests.dockerfile.strategies import HOSTILE

POINTED = {
    "FROM x\nRUN --netwrk=none true\n": "--netwrk=none",
    "FROM x\nRUN \\\n  --network=none \\\n  # --mount=type=what\n  --mount=type=what true\n": "type=what",
    "FROM x\nENV A=b \\\n    data c=d\n": "data",
    "FROM x\nENV data=1 \\\n    a\n": "a",
    "FROM x\n  expse 80\n": "expse",
    "FROM x\nHEALTHCHECK --interval=5 CMD true\n": "--interval=5",
    "FROM Ubuntu:22\n": "Ubuntu:22",
    "\ufeffFRM x\n": "FRM",
    "FROM x\nCOPY --from=${S} a b\n": "from=${S}",
    "FROM x AS a\nRUN --mount=from=b,target=/x true\nFROM a AS b\n": "from=b",
    "FROM x\nEXPOSE 80 \\\n   99999\n": "99999",
}


@pytest.mark.parametrize("text", POINTED, ids=POINTED.values())
def test_a_problem_points_at_its_words(text: str) -> None:
    problem = next(problem for problem in check(text) if problem.severity == "error")

    assert problem.span and problem.point
    assert problem.span.start_line <= problem.point.start_line == problem.point.end_line <= problem.span.end_line
    line = text.removeprefix("\ufeff").split("\n")[problem.point.start_line - 1]
    assert line[problem.point.start_column - 1 : problem.point.end_column] == POINTED[text]


def test_the_picture() -> None:
    text = "FROM x\nRUN echo 日本 \\\n\t&& true\nEXPOSE 日本 80/tpc\n"
    problem = check(text)[-1]

    assert (
        draw(problem, text)
        == """\
error[bad-port]: '80/tpc' names no protocol
  where: Dockerfile:4
     4 | EXPOSE 日本 80/tpc
       |             ^^^^^^
  hint: tcp, udp or sctp"""
    )


def test_a_long_line_is_cut_around_what_matters() -> None:
    text = f"FROM x\nCOPY --chmod=0999 {'a' * 300} b\nEXPOSE {'80 ' * 60}x {'80 ' * 60}\n"
    first, second = check(text)

    assert draw(first, text).split("\n")[2].endswith("aaa ...")
    picture, carets = draw(second, text).split("\n")[2:4]
    assert picture[carets.index("^")] == "x"
    assert len(picture) < 120


@settings(max_examples=200)
@given(st.lists(HOSTILE).map("\n".join))
def test_anything_can_be_drawn(text: str) -> None:
    for problem in check(text):
        assert all(part.isprintable() for part in draw(problem, text).split("\n")[2:4])
