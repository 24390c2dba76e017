"""The value of a variable at a point, and the graph of stages, as a builder finds them."""

from __future__ import annotations

import pytest

from mlcontainers.dockerfile import Arg, Dockerfile, Env, Instruction, Run
from mlcontainers.dockerfile.expansion import BadExpansionError, expand
from mlcontainers.errors import InvalidDockerfileError

TEXT = """\
ARG TAG=3.12
ARG BASE=python:${TAG}-slim
FROM --platform=$BUILDPLATFORM golang AS tools
ARG TARGETARCH
ENV ARCH=$TARGETARCH
RUN make
FROM ${BASE} AS build
ARG TAG
ARG MODE=fast
ENV MODE=$MODE-$TAG OLD=$MODE
ENV NEW=$MODE
ARG MODE=slow
RUN echo
FROM build
COPY --from=TOOLS /a /b
COPY --from=0 /a /b
COPY --from=busybox /a /b
RUN --mount=from=nginx:1,target=/x echo
FROM scratch AS last
COPY --from=2 / /
"""


def runs(document: Dockerfile) -> list[Instruction]:
    return [node for node in document.instructions if isinstance(node, Run)]


class TestValues:
    """ARG and ENV have the value that the last of them above has set."""

    def test_without_arguments(self) -> None:
        document = Dockerfile.parse(TEXT)
        resolved = document.resolve()
        make, echo, mounted = runs(document)

        assert resolved.variables(make) == {"ARCH": "amd64", "TARGETARCH": "amd64"}
        # All values of one ENV see what was there before it; a later ARG of the same name wins.
        assert resolved.variables(echo) == {"MODE": "slow", "NEW": "fast-3.12", "OLD": "fast", "TAG": "3.12"}
        assert resolved.value("MODE", mounted) == "slow"
        assert resolved.value("PATH", mounted) is None
        assert resolved.expand('"${TAG%.*}"/$MODE', mounted) == "3/slow"

    def test_a_build_argument_wins_where_it_is_declared(self) -> None:
        document = Dockerfile.parse(TEXT)
        resolved = document.resolve({"TAG": "3.13", "MODE": "odd", "ARCH": "no"}, platform="linux/arm64/v8")
        make, echo, _ = runs(document)

        assert resolved.stages[1].base == "python:3.13-slim"
        assert resolved.variables(make) == {"ARCH": "arm64", "TARGETARCH": "arm64"}
        assert resolved.variables(echo) == {"MODE": "odd", "NEW": "odd-3.13", "OLD": "odd", "TAG": "3.13"}

    def test_a_global_argument_is_not_seen_in_a_stage_that_does_not_ask(self) -> None:
        document = Dockerfile.parse("ARG A=1\nARG B=$A\nFROM x\nARG C=$A\nRUN a\nARG B\nARG D=$B E=$D\nRUN b\n")
        first, second = runs(document)

        assert document.resolve().variables(first) == {"C": ""}
        assert document.resolve().variables(second) == {"B": "1", "C": "", "D": "1", "E": "1"}

    def test_arguments_go_on_in_stages_above_but_stay_out_of_the_image(self) -> None:
        document = Dockerfile.parse("FROM x AS a\nARG A=1\nENV B=$A\nFROM a\nENV C=$A$B$P\nRUN c\n")
        resolved = document.resolve(environments={"x": {"P": "p"}})

        assert resolved.variables(runs(document)[0]) == {"A": "1", "B": "1", "C": "11p", "P": "p"}
        assert dict(resolved.stages[1].environment) == {"B": "1", "C": "11p", "P": "p"}

    def test_an_env_before_an_argument_without_value_stays(self) -> None:
        document = Dockerfile.parse("FROM x\nENV A=1\nARG A\nRUN a\n")

        assert document.resolve().value("A", runs(document)[0]) == "1"
        assert document.resolve({"A": "2"}).value("A", runs(document)[0]) == "2"

    def test_the_instruction_must_be_of_this_document(self) -> None:
        with pytest.raises(InvalidDockerfileError, match="no-such-instruction"):
            Dockerfile.parse(TEXT).resolve().value("A", Arg("A"))


class TestStages:
    """Each stage's base, and what it needs."""

    def test_the_graph(self) -> None:
        resolved = Dockerfile.parse(TEXT).resolve()

        assert [(stage.base, stage.base_stage, stage.needs, stage.images) for stage in resolved.stages] == [
            ("golang", None, (), ("golang",)),
            ("python:3.12-slim", None, (), ("python:3.12-slim",)),
            ("build", 1, (1, 0), ("busybox", "nginx:1")),
            ("scratch", None, (2,), ()),
        ]
        assert resolved.stages[0].platform == "linux/amd64"
        assert resolved.needed() == (0, 1, 2, 3)
        assert resolved.needed("build") == (1,)

    def test_a_base_is_found_by_its_exact_name_only(self) -> None:
        resolved = Dockerfile.parse("FROM x AS Base\nFROM Base\nFROM base\nFROM base AS base\n").resolve()

        assert [stage.base_stage for stage in resolved.stages] == [None, None, 0, 0]

    def test_what_cannot_be_expanded_is_told_and_not_raised(self) -> None:
        resolved = Dockerfile.parse('ARG A\nFROM $A\nENV B="${A:?say which}"\nFROM ${A:-y}\n').resolve()

        assert [(problem.where, problem.what) for problem in resolved.problems] == [
            ("Dockerfile:2", "the base image '$A' comes to nothing"),
            ("Dockerfile:3", "B '\"${A:?say which}\"' cannot be expanded"),
        ]
        assert [stage.base for stage in resolved.stages] == [None, "y"]


VALUES = {"A": "a.b.c", "E": "", "S": "/x/y/z"}
EXPANDED = {
    "$A-$B": "a.b.c-",
    "${A}${E:-e}${E-e}${B:-b$A}": "a.b.ceba.b.c",
    "${A:+set}${E:+set}${E+set}${B+set}": "setset",
    "${A%.*} ${A%%.*} ${A#*.} ${A##*.}": "a.b a b.c c",
    r"${S/\//:} ${S//\//:} ${A/?.?/-}": ":x/y/z :x:y:z -.c",
    "'$A' \"$A\" \\$A \"\\$A\" \"\\d\" \\d": '$A a.b.c $A $A \\d d',
    "${B:-'}'}${B:-\"}\"}": "}}",
    "$1$?$.": "$.",
    "a\\": "a",
}  # fmt: skip


class TestOperators:
    """Section 8 of the grammar, operator by operator."""

    @pytest.mark.parametrize("text", EXPANDED)
    def test_what_it_comes_to(self, text: str) -> None:
        assert expand(text, VALUES.get) == EXPANDED[text]

    @pytest.mark.parametrize(
        "text",
        ("'a", '"a', "${", "${}", "${:x}", "${{A}}", "${A", "${A:", "${A^^}", "${A:=x}", "${A:0:3}", "${A:#x}",
         "${A/x}", "${A/x/y", r"${A#\d}", "${E:?}", "${B?}", "${A[0]}"),
    )  # fmt: skip
    def test_what_no_builder_expands(self, text: str) -> None:
        with pytest.raises(BadExpansionError):
            expand(text, VALUES.get)

    def test_another_escape_character(self) -> None:
        assert expand("`$A\\$A `'", VALUES.get, "`") == "$A\\a.b.c '"

    def test_values_of_pairs(self) -> None:
        document = Dockerfile.parse("# escape=`\nFROM x\nENV A=`$x B=c:\\d\nENV C=$A$B\nRUN c\n")

        assert document.resolve().variables(runs(document)[0]) == {"A": "$x", "B": "c:\\d", "C": "$xc:\\d"}
        assert isinstance(document.instructions[1], Env)
