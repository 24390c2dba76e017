"""Names of environment variables and labels."""

from __future__ import annotations

import re

from mlcontainers.values.text import invalid, line, word

_ENV_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII).fullmatch
_LABEL_KEY = re.compile(r"[a-z0-9](?:[a-z0-9]|[._/-](?=[a-z0-9]))*", re.ASCII).fullmatch
_SECRET_WORDS = frozenset(
    ("apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token")
)
_HARMLESS_WORDS = frozenset(("public", "file", "version"))

OCI_PREFIX = "org.opencontainers.image."
OCI_NAMES = frozenset(
    (
        "authors",
        "base.digest",
        "base.name",
        "created",
        "description",
        "documentation",
        "licenses",
        "ref.name",
        "revision",
        "source",
        "title",
        "url",
        "vendor",
        "version",
    )
)
"""Pre-defined annotation keys of the OCI image specification, annotations.md."""


def env_name(text: str) -> str:
    """A variable name that every shell can hold."""
    key = line(text, "variable name")
    if not _ENV_KEY(key):
        raise invalid("bad-env-key", f"{key!r} is no name of an environment variable", "as in 'HF_HOME'")
    return key


def env_key(text: str) -> str:
    """A variable name for an image: one that does not look like a secret."""
    key = env_name(text)
    parts = set(key.lower().split("_"))
    if parts & _SECRET_WORDS and not parts & _HARMLESS_WORDS:
        raise invalid(
            "secret-in-env",
            f"{key!r} looks like a secret, and everybody who has the image can read its variables",
            "pass it when the container is run: docker run --env " + key,
            because=("BuildKit's check SecretsUsedInArgOrEnv names such variables too",),
        )
    return key


def label_key(text: str) -> str:
    """A label name by Docker's guidelines; an OCI name may come without its prefix."""
    key = word(text, "label")
    if key in OCI_NAMES:
        return OCI_PREFIX + key
    if not _LABEL_KEY(key):
        because = ("Docker's guidelines allow lower-case letters, digits and single . _ - / between them",)
        raise invalid("bad-label", f"{key!r} is no label name", "as in 'com.example.team'", because=because)
    return key


def label_value(text: object) -> str:
    """Any one line of text."""
    return line(text, "value")
