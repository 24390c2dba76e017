"""What an older frontend refuses or reads otherwise is told, with the version that learned it."""

from __future__ import annotations

import pytest

from mlcontainers.dockerfile import check
from mlcontainers.errors import InvalidValueError

HEREDOC = "FROM x\nRUN cat << E\na\nE\n"
LEARNED = {
    "COPY --link a b": ("1.4", "error", "COPY --link is too new"),
    "RUN --security=insecure a": ("1.20", "error", "RUN --security is too new"),
    "RUN --mount=type=secret,id=a,env=A a": ("1.10", "error", "the mount option env is too new"),
    "COPY --chmod=u+x a b": ("1.14", "error", "--chmod=u+x is too new"),
    "ONBUILD COPY --from=y a b": ("1.11", "error", "ONBUILD COPY --from is too new"),
    "ENV A=${B%.*}": ("1.7", "error", "${B%...} is too new"),
    "ENV A=${B#}": ("1.9", "error", "${B#}, on which older ones crash, is too new"),
    "ARG A=1 B=$A": (
        "1.8", "warning", "B=$A is read differently: it does not see the values before it in this ARG",
    ),
    "RUN cat << E\na\nE": (
        "1.16", "warning", "<< with blanks behind it is read differently: no heredoc, so its body becomes instructions",
    ),
    'ENTRYPOINT ["a"] b': (
        "1.9", "warning", "text behind a JSON array is read differently: it is ignored, and the array runs",
    ),
}  # fmt: skip


def told(text: str, frontend: str | None = None) -> list[tuple[str, str]]:
    codes = {"old-frontend", "read-differently"}
    return [(p.severity, p.what) for p in check(text, frontend=frontend) if p.code in codes]


@pytest.mark.parametrize("line", LEARNED)
def test_it_is_told_below_the_version_that_learned_it(line: str) -> None:
    since, severity, what = LEARNED[line]
    major, _, minor = since.partition(".")

    assert told(f"FROM x\n{line}\n", since) == []
    assert told(f"FROM x\n{line}\n") == []
    assert (severity, what) in told(f"FROM x\n{line}\n", f"{major}.{int(minor) - 1}")


def test_the_version_that_the_file_names_comes_first() -> None:
    text = "FROM x\nCOPY --link a b\n"

    assert told(f"# syntax=docker/dockerfile:1.3\n{text}") == [("error", "COPY --link is too new")]
    assert told(f"# syntax=docker/dockerfile:1.4-labs\n{text}", "1.3") == []
    assert told(f"# syntax=docker/dockerfile:1\n{text}", "1.3") == []
    assert told(f"# syntax=example/own\n{text}", "1.3") == []


def test_what_cannot_be_expanded_is_told_once() -> None:
    assert [problem.code for problem in check("FROM x\nARG A=${B&}\n", frontend="1.0")] == ["bad-expansion"]


def test_a_device_needs_the_labs_variant() -> None:
    text = "FROM x\nRUN --device=vendor.example/gpu=all true\n"

    assert [problem.code for problem in check(text)] == ["labs-only"]
    assert check(f"# syntax=docker/dockerfile:1-labs\n{text}") == ()


def test_until_1_10_an_unreadable_mode_is_ignored() -> None:
    text = "FROM x\nCOPY --chmod=999 a b\n"

    assert [problem.severity for problem in check(text, frontend="1.9")] == ["warning"]
    assert [problem.severity for problem in check(text, frontend="1.10")] == ["error"]


@pytest.mark.parametrize("frontend", ("", "1", "one", "1.x", "１.7"))
def test_what_is_no_version_is_refused(frontend: str) -> None:
    with pytest.raises(InvalidValueError, match="no version of a frontend"):
        check("FROM x\n", frontend=frontend)
