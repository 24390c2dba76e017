"""An edit changes what it is asked to and leaves every other byte alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from mlcontainers.dockerfile import Blank, Comment, Dockerfile, Env, From, Run, User, Workdir
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
