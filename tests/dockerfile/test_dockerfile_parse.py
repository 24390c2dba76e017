"""Where dockerfile-parse 2.0 goes wrong, and what we read: why it is our neighbour and not our parser.

Each case says what it makes of a text. One that fails here has been mended there: good news, and a line less.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any, NamedTuple, cast

import pytest
from dockerfile_parse import DockerfileParser

from mlcontainers.dockerfile import Arg, Dockerfile, Env, check
from mlcontainers.errors import InvalidDockerfileError


def parser(text: str | bytes, cache_content: bool = False) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return DockerfileParser(fileobj=cast("IO[str]", BytesIO(content)), cache_content=cache_content)


def read_by_them(text: str, cache_content: bool = False) -> list[tuple[str, str]]:
    return [(str(entry["instruction"]), str(entry["value"])) for entry in parser(text, cache_content).structure]


def read_by_us(text: str) -> list[tuple[str, str]]:
    return [(node.keyword, node.arguments) for node in Dockerfile.parse(text).instructions]


class Misreading(NamedTuple):
    """What stands below `FROM x`, and what the two make of it."""

    text: str
    theirs: list[tuple[str, str]]
    ours: list[tuple[str, str]]


MISREADINGS = {
    "heredoc bodies become instructions": Misreading(
        "RUN <<E\nFROM evil\nE\n", [("RUN", "<<E"), ("FROM", "evil"), ("E", "")], [("RUN", "<<E")]
    ),
    "a blank line ends a continuation": Misreading(
        "USER a\\\n\nb\n", [("USER", "a"), ("B", "")], [("USER", "ab")]
    ),
    "two backslashes join lines": Misreading(
        "RUN a \\\\\nRUN b\n", [("RUN", "a \\RUN b")], [("RUN", "a \\\\"), ("RUN", "b")]
    ),
    "a last continuation takes the instruction along": Misreading("RUN a \\\n", [], [("RUN", "a")]),
    "a keyword over two lines": Misreading("RUN\\\n a\n", [("RUN\\", "a")], [("RUN", "a")]),
}  # fmt: skip


@pytest.mark.parametrize("case", MISREADINGS.values(), ids=MISREADINGS)
def test_instructions(case: Misreading) -> None:
    text = f"FROM x\n{case.text}"

    assert read_by_them(text)[1:] == case.theirs
    assert read_by_us(text)[1:] == case.ours


def test_a_form_feed_ends_a_line_when_it_caches() -> None:
    text = "FROM x\nRUN a\fb\n"

    assert read_by_them(text, cache_content=True)[1:] == [("RUN", "a"), ("B", "")]
    assert read_by_us(text)[1:] == [("RUN", "a\fb")]


def test_a_byte_order_mark_becomes_part_of_the_keyword() -> None:
    text = "\ufeffFROM x\n"

    assert read_by_them(text) == [("\ufeffFROM", "x")]
    assert parser(text).baseimage is None
    assert read_by_us(text) == [("FROM", "x")]


def test_a_directive_it_does_not_know_hides_the_next() -> None:
    text = "# check=skip=all\n# escape=`\nFROM x\nUSER a`\nb\n"

    assert read_by_them(text)[-2:] == [("USER", "a`"), ("B", "")]
    assert read_by_us(text)[-1] == ("USER", "ab")


REFUSED_BY_BUILDERS = {
    "an escape that is none": "# escape=x\nFROM x\n",
    "an array of numbers": 'FROM x\nRUN ["a", 1]\n',
    "a variable without value": "FROM x\nENV A\n",
    "an instruction that does not exist": "FROM x\nFOO bar\n",
    "a comment behind the image": "FROM x # c\n",
}


@pytest.mark.parametrize("text", REFUSED_BY_BUILDERS.values(), ids=REFUSED_BY_BUILDERS)
def test_it_refuses_nothing(text: str) -> None:
    assert read_by_them(text)
    assert any(problem.severity == "error" for problem in check(text))


class TestValues:
    """Base images and variables."""

    def test_a_flag_becomes_the_image(self) -> None:
        text = "FROM --unknown=1 x\n"

        assert parser(text).baseimage == "--unknown=1"
        assert [problem.code for problem in check(text)] == ["unknown-flag"]

    def test_setting_the_base_drops_its_platform(self) -> None:
        text = "FROM --platform=linux/amd64 a as b\n"
        theirs = parser(text)
        theirs.baseimage = "z:1"

        assert theirs.content == "FROM z:1 AS b\n"
        changed = Dockerfile.parse(text).with_base("z:1")
        assert changed.render() == "FROM --platform=linux/amd64 z:1 AS b\n"

    def test_modifiers_of_variables(self) -> None:
        text = "ARG B=1\nFROM ${B:-ubuntu}:22\n"

        assert parser(text).baseimage == "1:-ubuntu}:22"
        assert Dockerfile.parse(text).resolve().stages[0].base == "1:22"

    def test_a_global_argument_wins_over_the_stages_own(self) -> None:
        text = "ARG A=1\nFROM x\nARG A=2\nENV Z=$A\n"

        assert parser(text).envs == {"Z": "1"}
        assert Dockerfile.parse(text).resolve().stages[0].environment == {"Z": "2"}

    def test_global_arguments_in_each_other(self) -> None:
        text = "ARG A=i\nARG B=$A-x\nFROM $B\n"

        assert parser(text).baseimage == "$A-x"
        assert Dockerfile.parse(text).resolve().stages[0].base == "i-x"

    def test_several_arguments_on_a_line(self) -> None:
        with pytest.raises(ValueError, match="Syntax error"):
            _ = parser("FROM x\nARG A=1 B\n").args
        assert parser("FROM x\nARG A B\n").args == {"A": "B"}
        assert Dockerfile.parse("FROM x\nARG A B\n").instructions[1] == Arg("A", None, (("B", None),))

    def test_what_a_stage_takes_over(self) -> None:
        text = "FROM x AS a\nENV A=1\nFROM a\n"

        assert parser(text).envs == {}
        assert Dockerfile.parse(text).resolve().stages[1].environment == {"A": "1"}

    def test_escapes_in_quotes(self) -> None:
        text = 'FROM x\nENV A="\\$a" B="x\\\\y"\n'

        assert parser(text).envs == {"A": "\\$a", "B": "x\\\\y"}
        assert Dockerfile.parse(text).resolve().stages[0].environment == {"A": "$a", "B": "x\\y"}


class TestEdits:
    """Its setters."""

    def test_lines_land_in_heredocs(self) -> None:
        theirs = parser("FROM x\nRUN <<E\nFROM y\nE\n")
        theirs.add_lines("ENV A=1", at_start=True, all_stages=True)

        assert theirs.content == "FROM x\nENV A=1\nRUN <<E\nFROM y\nENV A=1\nE\n"

    def test_a_label_on_the_first_line_cannot_be_set(self) -> None:
        with pytest.raises(AssertionError):
            parser("LABEL a=1\n").labels["a"] = "2"

    def test_an_argument_above_the_base_is_not_found(self) -> None:
        text = "ARG A=1\nFROM x\n"
        theirs = parser(text)
        theirs.args["A"] = "2"

        assert theirs.content == "ARG A=1\nFROM x\nARG A=2\n"
        assert Dockerfile.parse(text).with_arg("A", "2").render() == 'ARG A="2"\nFROM x\n'

    def test_an_edit_loses_comments_line_ends_and_case(self) -> None:
        text = "FROM x\r\nenv A=1 \\\r\n # c\r\n B=2\r\nuser 1\r\n"
        theirs = parser(text)
        theirs.envs["A"] = "3"

        assert theirs.content == "FROM x\r\nENV A=3 B=2\nuser 1\r\n"
        assert Dockerfile.parse(text).with_env("A", "3").render().startswith("FROM x\r\n")

    def test_a_line_break_becomes_an_instruction(self) -> None:
        theirs = parser("FROM x\nENV A=1\n")
        theirs.envs["A"] = "x\nRUN evil"

        assert "\nRUN evil" in theirs.content
        with pytest.raises(InvalidDockerfileError, match="control-character"):
            Env({"A": "x\nRUN evil"})

    def test_bytes_that_are_no_utf8(self) -> None:
        content = b"FROM x\nRUN \xff\n"

        with pytest.raises(UnicodeDecodeError):
            _ = parser(content).structure
        assert Dockerfile.parse(content).encode() == content

    def test_by_default_it_writes_the_folders_file(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "Dockerfile").write_text("FROM x\n")
        by_default: Any = DockerfileParser()
        by_default.envs["A"] = "1"

        assert (tmp_path / "Dockerfile").read_text() == "FROM x\nENV A=1\n"
        ours = Dockerfile.parse("FROM y\n").to_dockerfile_parse()
        ours.content = "FROM z\n"
        assert (tmp_path / "Dockerfile").read_text() == "FROM x\nENV A=1\n"
