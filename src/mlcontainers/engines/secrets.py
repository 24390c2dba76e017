"""Secrets that a build is given: where each comes from, never what it is."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)", re.ASCII).fullmatch


def secret_options(
    asked: tuple[str, ...], given: Mapping[str, str | Path], environment: Mapping[str, str] | None = None
) -> list[str]:
    """The builder's options for the secrets that the plan asks for: names of files and variables, no contents.

    A `Path` is a file of this host, a text `$NAME` a variable of its environment. Raises InvalidValueError with all
    that are missing, not asked for, or not to be had.
    """
    env = os.environ if environment is None else environment
    problems = (*_unmatched(asked, given), *_unreadable(given, env))
    if problems:
        raise InvalidValueError(*problems)
    return [_option(name, source) for name, source in given.items()]


def _unmatched(asked: tuple[str, ...], given: Mapping[str, object]) -> Iterator[Problem]:
    for name in asked:
        if name not in given:
            what = f"the image needs the secret {name!r} while it is built"
            hints = (f'build(..., secrets={{"{name}": Path("FILE")}})', f"--secret id={name},src=FILE")
            yield Problem("missing-secret", "error", "secrets", what, (), hints)
    for name in given:
        if name not in asked:
            known = f"it asks for {', '.join(asked)}" if asked else "it asks for none"
            what = f"no step of the image asks for a secret {name!r}"
            yield Problem("unknown-secret", "error", "secrets", what, (known,), did_you_mean(name, asked))


def _unreadable(given: Mapping[str, str | Path], env: Mapping[str, str]) -> Iterator[Problem]:
    for name, source in given.items():
        place = f"secrets.{name}"
        if isinstance(source, Path):
            if not source.is_file():
                yield Problem("no-secret-source", "error", place, f"there is no file {str(source)!r}")
        elif not (variable := _VARIABLE(source)):
            # It is not shown: it may be the secret itself.
            because = ("a command line, which the secret itself would be on, is seen by everybody on the machine",)
            hints = ('a file: Path("token")', 'a variable: "$TOKEN"')
            what = "a secret comes from a file or from a variable"
            yield Problem("no-secret-source", "error", place, what, because, hints)
        elif variable[1] not in env:
            yield Problem("no-secret-source", "error", place, f"the variable {variable[1]!r} is not set")


def _option(name: str, source: str | Path) -> str:
    """One option; the builder reads it as a record of comma-separated values."""
    if isinstance(source, Path):
        field = f"src={source.resolve()}"
        return f"--secret=id={name}," + ('"' + field.replace('"', '""') + '"' if set(field) & set(',"') else field)
    return f"--secret=id={name},env={source[1:]}"
