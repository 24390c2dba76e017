"""Secrets by name. Their contents never come here: what is not known cannot be written down."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}", re.ASCII).fullmatch
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch
HOST_SETTINGS = ("pip.conf", "uv.toml", "ca-certificates")
"""Ids under which a builder's own settings are lent to a build."""


class Secret(TextValue, frozen=True):
    """A secret of a build by its id: `hf-token` is a file, `hf-token,env=HF_TOKEN` a variable, while a step runs.

    Whoever builds gives the content: `build(..., secrets={"hf-token": ...})`, `docker build --secret id=hf-token,...`.
    """

    id: str
    env: str | None = None
    """The variable that a step sees; without it the step finds a file, `/run/secrets/ID`."""

    examples: ClassVar[tuple[str, ...]] = ("hf-token", "hf-token,env=HF_TOKEN")

    def __post_init__(self) -> None:
        # What was given is not repeated: it may be the secret itself, put where its name belongs.
        if not isinstance(self.id, str) or not _ID(self.id):
            hint = "give it a name, as in 'hf-token', and its content only to the build"
            raise invalid("bad-secret", "the id of a secret is letters, digits and . _ - between them", hint)
        if self.id in HOST_SETTINGS:
            because = ("a builder's own settings are lent to a build under this name",)
            raise invalid("bad-secret", f"no secret can be called {self.id!r}", "choose another name", because=because)
        if self.env is not None and not (isinstance(self.env, str) and _VARIABLE(self.env)):
            raise invalid("bad-secret", "env= of a secret is the name of a variable", "as in env='HF_TOKEN'")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `ID` or `ID,env=NAME`, the words that BuildKit has for it."""
        name, comma, option = text.partition(",") if isinstance(text, str) else ("", "", "")
        key, _, variable = option.partition("=")
        if comma and key != "env":
            raise invalid("bad-secret", "a secret is an id, with or without env=", "as in 'hf-token,env=HF_TOKEN'")
        return cls(name, variable if comma else None)

    @property
    def path(self) -> str:
        """Where a step finds it, where it is a file."""
        return f"/run/secrets/{self.id}"

    def __str__(self) -> str:
        return self.id if self.env is None else f"{self.id},env={self.env}"
