"""dockerfile-parse reads our text again: what keeps to the canonical form reads the same."""

from __future__ import annotations

from io import BytesIO
from typing import IO, cast

from dockerfile_parse import DockerfileParser
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers.dockerfile import Dockerfile, Env, From, Label, Run, User
from mlcontainers.dockerfile.second_reader import differences

_TAME = st.from_regex(r"[a-z0-9][a-z0-9 .:/-]{0,8}[a-z0-9]", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(_TAME, _TAME, st.lists(_TAME, min_size=1, max_size=3))
def test_what_we_write_reads_the_same(value: str, label: str, pieces: list[str]) -> None:
    document = Dockerfile.of(
        From("python:3.12", name="base"),
        Run.shell(*pieces),
        From("debian:12"),
        Run.script("FROM evil\nENV A=1"),
        Env({"A": value}),
        Label({"org.example": label}),
        User("1000:1000"),
    )

    assert differences(document) == ()
    assert differences(Dockerfile.of(*[item for item in document.items if not getattr(item, "heredocs", ())])) == ()


def test_a_blank_line_in_a_continuation_is_told() -> None:
    document = Dockerfile.parse("FROM x\nRUN a \\\n\n  b c\n")

    problems = differences(document)

    assert [problem.code for problem in problems][:1] == ["second-reader"]
    assert problems[0].where == "Dockerfile:2"


def test_a_parser_is_taken_in_and_handed_out_in_memory() -> None:
    theirs = DockerfileParser(fileobj=cast("IO[str]", BytesIO(b"FROM x\nRUN <<E\nFROM evil\nE\n")))

    document = Dockerfile.from_dockerfile_parse(theirs)

    assert [node.keyword for node in document.instructions] == ["FROM", "RUN"]
    assert document.to_dockerfile_parse().content == theirs.content
