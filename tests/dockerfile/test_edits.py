"""An edit changes what it is asked to and leaves every other byte alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from mlcontainers.dockerfile import Blank, Comment, Dockerfile, Env, From, Run, User, Word, Workdir
from mlcontainers.errors import InvalidDockerfileError
from tests.dockerfile.test_parse import mutated, parsed

TEXT = "# the base\r\nfrom  python:3.12   as Build\r\nRUN a \\\r\n\r\n  b\r\n# who\r\nUSER root"


def test_a_new_base_leaves_the_rest_as_it_stood() -> None:
    document = Dockerfile.parse(TEXT).with_base("python:3.13", stage="Build")

    assert document.render() == TEXT.replace("from  python:3.12   as Build\r\n", "FROM python:3.13 AS build\n")


def test_replace_insert_remove_append() -> None:
    document = Dockerfile.parse(TEXT)
    run, user = document.instructions[1:]
    assert isinstance(user, User)

    assert document.replace(user, replace(user, user="1000")).render() == TEXT.replace("USER root", "USER 1000\n")
    assert document.remove(run).render() == TEXT.replace("RUN a \\\r\n\r\n  b\r\n", "")
    assert document.insert_before(user, Blank(), Workdir("/app")).render() == TEXT.replace(
        "# who", "\nWORKDIR /app\n# who"
    )
    assert document.insert_after(run, Comment("x")).render() == TEXT.replace("# who", "# x\n# who")
    assert document.append(Env({"A": "1"})).render() == TEXT + '\nENV A="1"\n'
    assert document.render() == TEXT


def test_an_edit_in_a_file_with_backticks_is_written_with_backticks() -> None:
    document = Dockerfile.parse("# escape=`\nFROM x\n").append(Run.shell("a", "b"), Env({"A": 'say "hi"'}))

    assert document.render() == '# escape=`\nFROM x\nRUN a `\n    b\nENV A="say `"hi`""\n'


def test_what_would_be_read_as_something_else_is_refused() -> None:
    document = Dockerfile.parse("# escape=`\nFROM x\n")

    with pytest.raises(InvalidDockerfileError, match="cannot-be-written"):
        document.append(Run.shell("echo a`"))


def test_an_instruction_that_waits_for_a_line_does_not_swallow_a_new_one() -> None:
    document = Dockerfile.parse("FROM x\nRUN a \\\n# b\n").append(User("1000"))

    assert document.render() == "FROM x\nRUN a\nUSER 1000\n"


def test_the_only_stage_cannot_be_removed() -> None:
    document = Dockerfile.parse("FROM x\n")

    with pytest.raises(InvalidDockerfileError, match="no-stage"):
        document.remove(document.instructions[0])


def test_an_instruction_of_another_document_is_not_found() -> None:
    with pytest.raises(InvalidDockerfileError, match="no-such-instruction"):
        Dockerfile.parse("FROM x\n").remove(Run.shell("a"))


def test_a_comment_does_not_become_a_directive() -> None:
    document = Dockerfile.parse("FROM x\n")

    with pytest.raises(InvalidDockerfileError, match="comment-directive"):
        document.insert_before(document.instructions[0], Comment("escape=`"))


class TestEditsAreLocal:
    """All items but the edited one keep their bytes, and the file reads back as what was meant."""

    @settings(max_examples=100, deadline=None)
    @given(mutated())
    def test_appending(self, text: str) -> None:
        document = parsed(text)
        if document is None:
            return
        edited = document.append(Run.shell("true"))

        waits = any(node.source and node.source.open_end for node in document.instructions)
        assert waits or edited.render().startswith(text)
        again = Dockerfile.parse(edited.render())
        assert again.instructions == (*document.instructions, Run.shell("true"))

    @settings(max_examples=100, deadline=None)
    @given(mutated())
    def test_another_base(self, text: str) -> None:
        document = parsed(text)
        if document is None:
            return
        try:
            edited = document.with_base("busybox:1")
        except InvalidDockerfileError:
            return  # A platform that stands in the file, but that we would not write.

        again = Dockerfile.parse(edited.render())
        assert again.instructions == edited.instructions
        assert [stage.base.image for stage in again.stages][-1] == "busybox:1"
        assert len(again.instructions) == len(document.instructions)
        assert isinstance(again.instructions[0], From) or text


class TestFlags:
    """A flag is set, replaced and taken away; the rest of the instruction stays."""

    TEXT = "FROM x\ncopy --link  --from=a a b\nRUN   --mount=type=cache,target=/c  make\nHEALTHCHECK CMD true\n"

    def test_texts_truths_lists_and_numbers(self) -> None:
        document = Dockerfile.parse(self.TEXT)
        base, copy, run, health = document.instructions

        assert (
            document.with_flag(base, "platform", "linux/arm64").render().startswith("FROM --platform=linux/arm64 x\n")
        )
        assert "\nCOPY --from=a a b\n" in document.with_flag(copy, "link", False).render()
        assert "\nCOPY --link a b\n" in document.with_flag(copy, "from", None).render()
        assert "\nCOPY --from=a --chown=1:1 --link a b\n" in document.with_flag(copy, "chown", "1:1").render()
        assert "\nRUN make\n" in document.with_flag(run, "mount", ()).render()
        assert "\nRUN --mount=type=ssh make\n" in document.with_flag(run, "mount", ("type=ssh",)).render()
        assert "\nHEALTHCHECK --retries=3 CMD true\n" in document.with_flag(health, "retries", "3").render()
        assert document.with_flag(run, "network", None).render().startswith("FROM x\ncopy --link  --from=a a b\n")

    @pytest.mark.parametrize(
        ("index", "name", "value", "code"),
        (
            (0, "platfrm", "a", "unknown-flag"),
            (1, "link", "yes", "bad-flag"),
            (1, "chown", "a b", "bad-flag"),
            (2, "mount", ("type=what",), "bad-mount"),
            (2, "network", "some", "bad-network"),
            (3, "retries", "-1", "bad-retries"),
            (3, "interval", "5", "bad-duration"),
        ),
    )
    def test_what_no_builder_takes_is_refused(self, index: int, name: str, value: str, code: str) -> None:
        document = Dockerfile.parse(self.TEXT)

        with pytest.raises(InvalidDockerfileError, match=code):
            document.with_flag(document.instructions[index], name, value)


class TestValues:
    """ENV, LABEL and ARG are set where they are set last, and added where they are not."""

    TEXT = (
        "ARG A=1\nFROM x AS a\nARG B\n# steps\nRUN b\nENV C=1 \\\n  D='2'\nenv  C  old form\nLABEL l=1\nFROM a\nRUN c\n"
    )

    def test_the_last_one_is_changed(self) -> None:
        document = Dockerfile.parse(self.TEXT)

        assert document.with_env("C", "$5", stage="a").render() == self.TEXT.replace("env  C  old form", 'ENV C="\\$5"')
        assert document.with_env("D", Word.template("$C"), stage=0).render() == self.TEXT.replace(
            "ENV C=1 \\\n  D='2'", 'ENV C=1 \\\n    D="$C"'
        )
        assert document.with_label("l", "2", stage=0).render() == self.TEXT.replace("LABEL l=1", 'LABEL l="2"')
        assert document.with_arg("A", "2").render() == self.TEXT.replace("ARG A=1", 'ARG A="2"')
        assert document.with_arg("B", "x", stage="a").render() == self.TEXT.replace("ARG B", 'ARG B="x"')

    def test_a_new_one_is_added(self) -> None:
        document = Dockerfile.parse(self.TEXT)

        assert document.with_env("E", "1", stage="a").render() == self.TEXT.replace("# steps", 'ENV E="1"\n# steps')
        assert document.with_label("m", "1").render() == self.TEXT + 'LABEL m="1"\n'
        assert document.with_label("m", "1", stage=0).render() == self.TEXT.replace(
            "LABEL l=1\n", 'LABEL l=1\nLABEL m="1"\n'
        )
        assert document.with_arg("E").render() == self.TEXT.replace("FROM x", "ARG E\nFROM x")
        assert document.with_arg("E", "1", stage=1).render() == self.TEXT.replace("FROM a\n", 'FROM a\nARG E="1"\n')
        assert Dockerfile.parse("FROM x").with_env("A", "1").render() == 'FROM x\nENV A="1"\n'

    @pytest.mark.parametrize(("name", "value"), (("A", "x\nUSER root"), ("A B", "x"), ("A", "\ud800"), ("", "x")))
    def test_what_cannot_be_written_is_refused(self, name: str, value: str) -> None:
        document = Dockerfile.parse(self.TEXT)

        for edit in (document.with_env, document.with_label, document.with_arg):
            with pytest.raises(InvalidDockerfileError):
                edit(name, value)


class TestRenaming:
    """A stage is renamed with all that refer to it, and nothing else is."""

    TEXT = (
        "FROM x AS Build\nRUN  a\nFROM build AS b\ncopy  --from=BUILD a b\n"
        "RUN --mount=type=bind,from=build,target=/x  --mount=type=cache,target=/y echo build\n"
        "COPY --from=builds a b\nFROM Build\nFROM build\n"
    )

    def test_references_follow(self) -> None:
        document = Dockerfile.parse(self.TEXT).rename_stage("build", "maker")

        assert document.render() == (
            "FROM x AS maker\nRUN  a\nFROM maker AS b\nCOPY --from=maker a b\n"
            "RUN --mount=type=bind,from=maker,target=/x \\\n    --mount=type=cache,target=/y \\\n    echo build\n"
            "COPY --from=builds a b\nFROM Build\nFROM maker\n"
        )

    def test_a_stage_without_a_name_gets_one(self) -> None:
        document = Dockerfile.parse("FROM x\nFROM y\nCOPY --from=0 a b\n").rename_stage(0, "first")

        assert document.render() == "FROM x AS first\nFROM y\nCOPY --from=0 a b\n"

    def test_of_two_with_one_name_each_keeps_its_own(self) -> None:
        text = "FROM x AS a\nFROM a AS a\nFROM a\n"

        assert Dockerfile.parse(text).rename_stage(0, "z").render() == "FROM x AS z\nFROM z AS a\nFROM a\n"
        assert Dockerfile.parse(text).rename_stage("a", "z").render() == "FROM x AS a\nFROM a AS z\nFROM z\n"

    @pytest.mark.parametrize(
        ("text", "name", "code"),
        (
            ("FROM x AS a\nFROM y AS b\n", "b", "stage-name-taken"),
            ("FROM x AS a\nCOPY --from=nginx a b\n", "nginx", "stage-name-taken"),
            ("FROM x AS a\nFROM a\nONBUILD COPY --from=a a b\n", "c", "cannot-be-renamed"),
            ("ARG S=a\nFROM x AS a\nFROM $S\n", "c", "cannot-be-renamed"),
            ("FROM x AS a\n", "A b", "bad-stage-name"),
        ),
    )
    def test_what_would_change_a_meaning_is_refused(self, text: str, name: str, code: str) -> None:
        with pytest.raises(InvalidDockerfileError, match=code):
            Dockerfile.parse(text).rename_stage("a", name)


@settings(max_examples=100, deadline=None)
@given(mutated())
def test_setting_a_value_leaves_all_other_lines(text: str) -> None:
    document = parsed(text)
    if document is None:
        return
    edited = document.with_env("LAW", "1")

    assert edited.resolve().stages[-1].environment.get("LAW") == "1"
    read = [node.source for node in edited.instructions if node.source]
    assert len(edited.instructions) - len(read) <= 2
    assert set(read) <= {node.source for node in document.instructions}
    assert edited.with_env("LAW", "1") == edited
