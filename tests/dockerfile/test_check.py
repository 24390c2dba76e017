"""`check` tells everything at once, with place, reason and remedy; each case beside this file shows more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlcontainers.dockerfile import Copy, Dockerfile, From, check, rules
from mlcontainers.dockerfile.rules import RULES
from mlcontainers.errors import InvalidValueError


def codes(text: str, **options: str) -> list[str]:
    return [problem.code for problem in check(text, **options)]


def test_a_problem_reads_well() -> None:
    (problem,) = check("FROM x\nRUN --netwrk=none a\n")

    assert str(problem) == "\n".join(
        ("error[unknown-flag]: RUN has no flag --netwrk", "  where: Dockerfile:2", "  hint: did you mean '--network'?")
    )
    assert problem.span is not None
    assert problem.span.start_line == 2


def test_older_frontends_know_less() -> None:
    text = "FROM x\nCOPY --link a b\n"

    assert codes(text) == []
    assert codes(text, frontend="1.3") == ["old-frontend"]
    assert codes(f"# syntax=docker/dockerfile:1\n{text}", frontend="1.3") == []


def test_a_frontend_that_is_none() -> None:
    with pytest.raises(InvalidValueError, match="bad-version"):
        check("FROM x\n", frontend="new")


def test_warnings_become_errors_where_the_file_asks() -> None:
    problems = check("# check=error=true\nFROM x\nMAINTAINER me\n")

    assert [problem.severity for problem in problems] == ["error"]


def test_everything_may_be_skipped() -> None:
    assert codes("# check=skip=all\nFROM x\nMAINTAINER me\nCMD a\n") == []


def test_a_document_that_was_made_is_checked_as_its_text() -> None:
    (problem,) = check(Dockerfile.of(From("x"), Copy(("a",), "/b", from_="0")))

    assert (problem.code, problem.where) == ("own-stage", "Dockerfile:2")


def test_no_from_is_an_error() -> None:
    assert codes("RUN a\n") == ["no-stage"]
    assert codes("") == ["empty-file"]


def test_every_rule_stands_in_a_file_of_its_own_name() -> None:
    folder = Path(rules.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "rule", "uses"}

    assert {rule.code.replace("-", "_") for rule in RULES} == files
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        words = re.findall("JSON|[A-Z][a-z]+", rule.name)
        assert "-".join(words).lower() == rule.code


def test_stages_may_stand_on_each_other_thousands_deep() -> None:
    stages = "".join(f"FROM s{number} AS s{number + 1}\n" for number in range(3000))
    text = f"FROM scratch AS s0\nENV A=1\n{stages}ENV B=$A$MISSING\n"
    document = Dockerfile.parse(text)

    assert [problem.what for problem in check(text)] == ["'MISSING' is set nowhere above"]
    assert document.resolve().value("A", document.instructions[-1]) == "1"
    assert document.resolve().variables(document.instructions[-1]) == {"A": "1"}
    assert len(document.resolve().needed()) == 3001


DEEP = 5000


@pytest.mark.parametrize(
    ("line", "code"),
    (
        ("ONBUILD " * DEEP + "RUN a", "bad-trigger"),
        ("ENV A=" + "${a:-" * DEEP + "}" * DEEP, "bad-expansion"),
        ("ENV A=" + "${a#" * DEEP + "}" * DEEP, "bad-expansion"),
        ("RUN " + "${a:-" * DEEP + "}" * DEEP + " <<E\nFROM y\nE", ""),
        ("RUN " + '"${a:-' * DEEP + '}"' * DEEP + " <<E\nFROM y\nE", ""),
        ("CMD " + "[" * DEEP + "]" * DEEP, "json-args-recommended"),
    ),
)
def test_what_nests_deep_is_told_or_read(line: str, code: str) -> None:
    text = f"FROM x\n{line}\n"

    assert codes(text) == ([code] if code else [])
    if code != "bad-trigger":
        document = Dockerfile.parse(text)
        assert len(document.instructions) == 2
        assert document.formatted().instructions == document.instructions
        assert Dockerfile.from_json(document.to_json()) == document
        assert isinstance(document.resolve().problems, tuple)
