"""The vocabulary of the laws: texts, instructions and documents, tame and hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from mlcontainers.dockerfile import (
    Add,
    Arg,
    Blank,
    Cmd,
    Comment,
    Copy,
    Dockerfile,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    From,
    Healthcheck,
    Heredoc,
    Instruction,
    Item,
    Label,
    Maintainer,
    Mount,
    Onbuild,
    Run,
    Shell,
    ShellForm,
    Stopsignal,
    User,
    Volume,
    Word,
    Workdir,
)  # fmt: skip
from mlcontainers.errors import InvalidDockerfileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

HOSTILE = st.text(
    st.sampled_from(list("ab \t\n\r\\`'\"$#{}[]<>=-,;|&:/\0\x1c\x85\u2028\ud800é")) | st.characters(), max_size=12
)
"""Whatever somebody may try."""
LINES = st.text(st.sampled_from(list("ab 09\\`'\"$#{}[]<>=-,;|&:/.é\u00a0")), min_size=1, max_size=14)
"""One line, with all that means something to somebody."""
PLAIN = st.sampled_from(("a", "a/b", "/x", "80", "1000:1000", "SIGTERM"))
"""What most constructors take."""
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
PATHS = st.from_regex(r"/?[a-z.*][a-z0-9./_ -]{0,8}/", fullmatch=True)
STAGES = st.from_regex(r"[a-z][a-z0-9_.-]{0,5}", fullmatch=True)


def made(make: Callable[..., T], *parts: SearchStrategy[Any]) -> SearchStrategy[T]:
    """What a constructor makes of such arguments; those that it refuses are left out."""

    def attempt(arguments: tuple[Any, ...]) -> list[T]:
        try:
            return [make(*arguments)]
        except InvalidDockerfileError:
            return []

    return st.tuples(*parts).map(attempt).filter(bool).map(lambda found: found[0])


def spread(make: Callable[..., T]) -> Callable[[list[Any]], T]:
    """The same constructor for a list of arguments."""

    def call(arguments: list[Any]) -> T:
        return make(*arguments)

    return call


MOUNTS = st.sampled_from(
    (
        Mount.cache("/root/.cache"),
        Mount.cache("/c", id="x", sharing="locked"),
        Mount.bind("/src", from_="base", source="/a"),
        Mount.secret("token", env="TOKEN", required=True),
        Mount.tmpfs("/tmp", size="1g"),
        Mount.ssh(),
    )
)


def heredocs(text: SearchStrategy[str]) -> SearchStrategy[Heredoc]:
    """Bodies of any lines."""
    bodies = st.lists(text, max_size=3).map("\n".join)
    return made(Heredoc, bodies, st.just("EOF"), st.booleans(), st.booleans())


def words(text: SearchStrategy[str]) -> SearchStrategy[Word]:
    """Literal ones, templates, and whatever is accepted as it stands."""
    return made(Word.literal, text) | made(Word.template, text) | made(Word, text)


def instructions(text: SearchStrategy[str]) -> dict[str, SearchStrategy[Instruction]]:
    """For every keyword its instructions, made of such text."""
    some = st.lists(text, min_size=1, max_size=3)
    several = some.map(tuple)
    paths = st.lists(PATHS | text, min_size=1, max_size=3).map(tuple)
    pairs = st.lists(st.tuples(NAMES, words(text) | text), min_size=1, max_size=3) | st.lists(st.tuples(text, text))
    flag = st.none() | text
    mounts = st.lists(MOUNTS, max_size=2).map(tuple)
    bodies = st.tuples(heredocs(text))
    scripts = some.map("\n".join)
    durations = st.sampled_from((None, "30s", "1m30s", "5")) | text
    ports = st.lists(st.sampled_from(("80", "1-2/udp", "$P")) | text, min_size=1, max_size=3).map(tuple)
    signals = st.sampled_from(("SIGTERM", "9", "RTMIN+3")) | text
    return {
        "ADD": made(Add, paths | bodies, PATHS, flag, st.none() | st.sampled_from(("0644", "u+x"))),
        "ARG": made(Arg, NAMES | text, flag, st.lists(st.tuples(NAMES, flag), max_size=2)),
        "CMD": made(spread(Cmd.exec), some) | made(spread(Cmd.shell), some),
        "COPY": made(Copy, paths | bodies, PATHS, st.none() | STAGES | text, flag, st.none(), st.booleans()),
        "ENTRYPOINT": made(spread(Entrypoint.exec), some) | made(spread(Entrypoint.shell), some),
        "ENV": made(Env, pairs),
        "EXPOSE": made(Expose, ports),
        "FROM": made(From, st.just("python:3.12") | text, st.none() | STAGES | text, flag),
        "HEALTHCHECK": made(
            Healthcheck, made(ExecForm, several) | made(spread(ShellForm.of), some) | st.none(), durations, durations
        ),
        "LABEL": made(Label, pairs),
        "MAINTAINER": made(Maintainer, text),
        "ONBUILD": made(Onbuild, made(Run.shell, text) | made(Run.script, text) | made(Env, pairs)),
        "RUN": made(
            Run, made(spread(ShellForm.of), some) | made(ExecForm, several), mounts, st.sampled_from((None, "none"))
        )
        | made(Run.script, scripts),
        "SHELL": made(Shell, several),
        "STOPSIGNAL": made(Stopsignal, signals),
        "USER": made(User, text),
        "VOLUME": made(Volume, paths),
        "WORKDIR": made(Workdir, PATHS.map(str.strip) | text),
    }


def documents(text: SearchStrategy[str]) -> SearchStrategy[Dockerfile]:
    """Whole files, with comments and blank lines."""
    text = PLAIN | text  # Some parts that no constructor refuses, or few files would ever be whole.
    kinds = instructions(text)
    comments: SearchStrategy[Item] = made(Comment, text)
    blanks: SearchStrategy[Item] = st.just(Blank())
    head = st.lists(comments | kinds["ARG"], max_size=2)
    rest = st.lists(st.one_of(comments, blanks, *kinds.values()), max_size=5)
    return made(
        spread(Dockerfile.of), st.tuples(head, kinds["FROM"], rest).map(lambda parts: [*parts[0], parts[1], *parts[2]])
    )
