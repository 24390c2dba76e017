"""Every kind of instruction keeps the laws, whatever text it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dockerfile_parse import DockerfileParser
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers.dockerfile import (
    Arg,
    Cmd,
    Comment,
    Copy,
    Dockerfile,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Heredoc,
    Label,
    Mount,
    Onbuild,
    Run,
    Shell,
    User,
    Volume,
    Word,
    Workdir,
    check,
)  # fmt: skip
from mlcontainers.dockerfile.formatting import tidied
from mlcontainers.dockerfile.instructions import KINDS
from mlcontainers.errors import InvalidDockerfileError
from tests.dockerfile.laws import assert_lawful
from tests.dockerfile.strategies import HOSTILE, LINES, documents, instructions

if TYPE_CHECKING:
    from collections.abc import Callable

_TAME, _WILD = instructions(LINES), instructions(HOSTILE)


def test_every_kind_has_laws() -> None:
    assert set(_TAME) == set(KINDS)


@pytest.mark.parametrize("keyword", sorted(KINDS))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_laws(keyword: str, data: st.DataObject) -> None:
    node = data.draw(_TAME[keyword] | _WILD[keyword])

    assert_lawful(node)


@settings(max_examples=40, deadline=None)
@given(documents(LINES | HOSTILE))
def test_a_document_reads_back_as_itself(document: Dockerfile) -> None:
    text = document.render()
    again = Dockerfile.parse(text)

    assert again.instructions == document.instructions
    assert again.items == document.items
    assert again.render() == text
    assert again.formatted().items == tuple(tidied(document.items, "\\"))


HOSTILE_TEXTS = (
    "a\nUSER root",
    "a\rUSER root",
    "a\0",
    "a\u2028USER root",
    "a\x85b",
    "a\x0bb",
    "\ud800",
    "a\\\nb",
    "\x1b[0m",
)

FIELDS: dict[str, Callable[[str], object]] = {
    "From.image": lambda text: From(text),
    "From.name": lambda text: From("x", name=text),
    "From.platform": lambda text: From("x", platform=text),
    "Run.shell": lambda text: Run.shell("echo", text),
    "Run.exec": lambda text: Run.exec(text),
    "Run.mount": lambda text: Run.shell("x", mounts=(Mount.cache(text),)),
    "Mount.id": lambda text: Mount.secret(text),
    "Heredoc.delimiter": lambda text: Heredoc("", text),
    "Env.name": lambda text: Env({text: "x"}),
    "Env.value": lambda text: Env({"A": text}),
    "Word": lambda text: Word(text),
    "Word.template": lambda text: Word.template(text),
    "Label.value": lambda text: Label({"a": text}),
    "Arg.name": lambda text: Arg(text),
    "Arg.default": lambda text: Arg("A", text),
    "Copy.sources": lambda text: Copy((text,), "/x"),
    "Copy.destination": lambda text: Copy(("x",), text),
    "Copy.from_": lambda text: Copy(("x",), "/x", from_=text),
    "Copy.chown": lambda text: Copy(("x",), "/x", chown=text),
    "Workdir": lambda text: Workdir(text),
    "User": lambda text: User(text),
    "Expose": lambda text: Expose((text,)),
    "Volume": lambda text: Volume((text,)),
    "Shell": lambda text: Shell((text,)),
    "Cmd": lambda text: Cmd.exec(text),
    "Entrypoint": lambda text: Entrypoint.shell(text),
    "Healthcheck": lambda text: Healthcheck.exec(text),
    "Healthcheck.interval": lambda text: Healthcheck.exec("x", interval=text),
    "Onbuild": lambda text: Onbuild(Run.shell(text)),
    "Comment": lambda text: Comment(text),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_control_characters_are_refused_everywhere(field: str, text: str) -> None:
    with pytest.raises(InvalidDockerfileError):
        FIELDS[field](text)


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "a delimiter in its own body": ("delimiter-in-body", lambda: Heredoc("a\nEOF\nRUN evil\n")),
    "a tabbed delimiter where tabs go": ("delimiter-in-body", lambda: Heredoc("a\n\tEOF\nRUN evil\n", chomp=True)),
    "arithmetic that opens a heredoc": ("heredoc-like", lambda: Run.shell("echo $((1 << 20))")),
    "a heredoc without its body": ("heredoc-like", lambda: Run.shell("cat <<EOF")),
    "a body that the command does not open": (
        "heredoc-mismatch",
        lambda: Run(Run.shell("a").command, bodies=(Heredoc(""),)),
    ),
    "a flag in front of a command": ("flag-like", lambda: Cmd.shell("--mount=x")),
    "a flag in front of a RUN": ("flag-like", lambda: Run.shell("--mount=type=secret,id=x sh")),
    "a test that may be JSON": ("array-like", lambda: Run.shell('["a"]')),
    "letters beyond ASCII in flags": ("bad-flag", lambda: Copy(("a",), "/b", chown="jürgen")),
    "a blank in a flag": ("bad-flag", lambda: From("x", platform="linux/amd64 evil")),
    "a command that joins the next line": ("open-line", lambda: Run.shell("echo a\\")),
    "a path that joins the next line": ("open-line", lambda: Workdir("/a\\")),
    "a comment in a command": ("comment-command", lambda: Run.shell("a", "# b")),
    "several sources to a file": ("many-sources", lambda: Copy(("a", "b"), "/c")),
    "upper case in a stage name": ("bad-stage-name", lambda: From("x", name="Build")),
    "a duration without unit": ("bad-duration", lambda: Healthcheck.exec("x", interval="5")),
    "a port out of range": ("bad-port", lambda: Expose(("65536",))),
    "a mount with an unknown option": ("bad-mount", lambda: Mount("cache", (("z", None),))),
    "an ONBUILD of ONBUILD": ("bad-trigger", lambda: Onbuild(Onbuild(Run.shell("x")))),
    "no stage": ("no-stage", lambda: Dockerfile.of(Arg("A"))),
    "something before FROM": ("before-from", lambda: Dockerfile.of(Run.shell("x"), From("x"))),
    "a comment that is a directive": (
        "comment-directive",
        lambda: Dockerfile.of(Comment("syntax=evil/frontend"), From("x")),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_written_is_refused(what: str) -> None:
    code, make = REFUSED[what]

    with pytest.raises(InvalidDockerfileError) as caught:
        make()

    assert [problem.code for problem in caught.value.problems] == [code]


def test_literal_values_reach_the_container_as_they_are() -> None:
    env = Env({"A": "a \"quoted\" $HOME \\ `x` 'y'"})

    assert env.arguments == r'''A="a \"quoted\" \$HOME \\ `x` 'y'"'''


def test_replacing_a_field_checks_it_again() -> None:
    from dataclasses import replace

    with pytest.raises(InvalidDockerfileError):
        replace(User("1000"), user="root\nRUN evil")


def test_exotic_parts_of_the_face() -> None:
    document = Dockerfile.of(From("python:3.12"), Env({"A": "b"}))

    assert isinstance(document.to_dockerfile_parse(), DockerfileParser)
    assert check(document) == ()
