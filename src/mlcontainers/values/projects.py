"""Names of projects on the Python index."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid, word
from mlcontainers.values.text_value import TextValue

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.ASCII | re.IGNORECASE).fullmatch


class ProjectName(TextValue, frozen=True):
    """A project of the Python index, in its normal form: `scikit-learn`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("xgboost",)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name by the packaging specification "Names and normalization"; the form is the normal one."""
        name = word(text, "project name")
        if not _NAME(name):
            hint = "give the version as version=" if any(sign in name for sign in "=<>~!") else "as in 'xgboost'"
            raise invalid("bad-project", f"{name!r} is no name of a project", hint)
        return cls(re.sub(r"[-_.]+", "-", name).lower())

    def __str__(self) -> str:
        return self.text
