"""The vocabulary of the laws: texts, instructions and documents, tame and hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

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
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
PATHS = st.from_regex(r"/?[a-z.*][a-z0-9./_ -]{0,8}/", fullmatch=True)
STAGES = st.from_regex(r"[a-z][a-z0-9_.-]{0,5}", fullmatch=True)


def accepted(make: Callable[[], T]) -> T | None:
    """What a constructor makes of its arguments; `None` if it refuses them."""
    try:
        return make()
    except InvalidDockerfileError:
        return None


def made(strategy: SearchStrategy[Callable[[], T]]) -> SearchStrategy[T]:
    """The values that constructors accept."""
    return strategy.map(accepted).filter(lambda value: value is not None).map(_certain)


def _certain(value: T | None) -> T:
    assert value is not None
    return value


def _argv(text: SearchStrategy[str]) -> SearchStrategy[list[str]]:
    return st.lists(text, min_size=1, max_size=3)


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
    return made(
        st.builds(
            lambda body, expand, chomp: lambda: Heredoc(body, "EOF", expand, chomp), bodies, st.booleans(), st.booleans()
        )
    )


def words(text: SearchStrategy[str]) -> SearchStrategy[Word]:
    """Literal ones, templates, and whatever is accepted as it stands."""
    return made(
        st.builds(lambda make, value: lambda: make(value), st.sampled_from((Word.literal, Word.template, Word)), text)
    )


def instructions(text: SearchStrategy[str]) -> dict[str, SearchStrategy[Instruction]]:
    """For every keyword its instructions, made of such text."""
    pairs = st.lists(st.tuples(NAMES, words(text) | text), min_size=1, max_size=3)
    flags = st.none() | text
    return {
        "ADD": made(st.builds(lambda s, d, c: lambda: Add(tuple(s), d, chown=c), _argv(PATHS | text), PATHS, flags)),
        "ARG": made(st.builds(lambda n, d, o: lambda: Arg(n, d, o), NAMES | text, flags, st.lists(st.tuples(NAMES, flags)))),
        "CMD": made(
            st.builds(lambda a: lambda: Cmd.exec(*a), _argv(text)) | st.builds(lambda t: lambda: Cmd.shell(t), text)
        ),
        "COPY": made(
            st.builds(
                lambda s, d, f, link: lambda: Copy(tuple(s), d, from_=f, link=link),
                _argv(PATHS | text) | st.lists(heredocs(text), min_size=1, max_size=1), PATHS, st.none() | STAGES | text,
                st.booleans(),
            )
        ),
        "ENTRYPOINT": made(
            st.builds(lambda a: lambda: Entrypoint.exec(*a), _argv(text))
            | st.builds(lambda t: lambda: Entrypoint.shell(*t), _argv(text))
        ),
        "ENV": made(st.builds(lambda p: lambda: Env(p), pairs | st.lists(st.tuples(text, text)))),
        "EXPOSE": made(st.builds(lambda p: lambda: Expose(tuple(p)), _argv(st.sampled_from(("80", "1-2/udp", "$P")) | text))),
        "FROM": made(
            st.builds(lambda i, n, p: lambda: From(i, n, p), st.just("python:3.12") | text, st.none() | STAGES | text, flags)
        ),
        "HEALTHCHECK": made(
            st.builds(
                lambda a, i, r: lambda: Healthcheck.exec(*a, interval=i, retries=r), _argv(text),
                st.sampled_from((None, "30s", "1m30s", "5")) | text, st.none() | st.integers(-1, 9),
            )
        ) | st.just(Healthcheck.none()),
        "LABEL": made(st.builds(lambda p: lambda: Label(p), pairs | st.lists(st.tuples(text, text)))),
        "MAINTAINER": made(st.builds(lambda t: lambda: Maintainer(t), text)),
        "ONBUILD": made(
            st.builds(lambda t, w: lambda: Onbuild(Run.shell(t) if w else Run.script(t)), text, st.booleans())
        ),
        "RUN": made(
            st.builds(
                lambda t, m, n: lambda: Run.shell(*t, mounts=m, network=n), _argv(text), st.lists(MOUNTS, max_size=2),
                st.sampled_from((None, "none")),
            )
            | st.builds(lambda a: lambda: Run.exec(*a), _argv(text))
            | st.builds(lambda t, m: lambda: Run.script("\n".join(t), mounts=m), _argv(text), st.lists(MOUNTS, max_size=2))
        ),
        "SHELL": made(st.builds(lambda a: lambda: Shell(tuple(a)), _argv(text))),
        "STOPSIGNAL": made(st.builds(lambda t: lambda: Stopsignal(t), st.sampled_from(("SIGTERM", "9", "RTMIN+3")) | text)),
        "USER": made(st.builds(lambda t: lambda: User(t), text)),
        "VOLUME": made(st.builds(lambda p: lambda: Volume(tuple(p)), _argv(PATHS | text))),
        "WORKDIR": made(st.builds(lambda t: lambda: Workdir(t), PATHS.map(str.strip) | text)),
    }  # fmt: skip


def documents(text: SearchStrategy[str]) -> SearchStrategy[Dockerfile]:
    """Whole files, with comments and blank lines."""
    kinds = instructions(text)
    first = kinds["FROM"]
    comments: SearchStrategy[Item] = made(st.builds(lambda t: lambda: Comment(t), text))
    others: list[SearchStrategy[Item]] = [comments, st.just(Blank()), *kinds.values()]
    return made(
        st.builds(
            lambda head, base, rest: lambda: Dockerfile.of(*head, base, *rest),
            st.lists(comments | kinds["ARG"], max_size=2), first, st.lists(st.one_of(others), max_size=5),
        )
    )  # fmt: skip
