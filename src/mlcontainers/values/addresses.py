"""Addresses of package indexes, and their names."""

from __future__ import annotations

import re

from mlcontainers.values.text import invalid, word

_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~%+/-]*)?", re.ASCII).fullmatch
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}", re.ASCII).fullmatch
FRAMEWORKS = ("pytorch",)
"""Names of the frameworks' own indexes, for which mirrors can be named."""


def index_address(text: str) -> str:
    """A plain address: what stands in it is in the Dockerfile and in the history of the image."""
    url = word(text, "address of an index")
    if "@" in url:
        # Not repeated: it may hold a password.
        raise invalid(
            "credentials-in-index",
            "the address of an index has a user name or password in it",
            'name a secret: credentials="ID", a file in the form of a netrc',
            because=("the address is written into the Dockerfile and the history of the image",),
        )
    if not _URL(url):
        raise invalid("bad-index", f"{url!r} is no address of an index", "as in 'https://index.example.com/simple'")
    return url


def archive_address(text: str) -> str:
    """The plain address of an archive of system packages."""
    url = word(text, "address of an archive")
    if "@" in url:
        raise invalid("credentials-in-index", "the address of an archive has a user name or password in it")
    if not _URL(url):
        raise invalid(
            "bad-apt-source", f"{url!r} is no address of an archive", "as in 'https://apt.example.com/debian'"
        )
    return url


def index_name(text: str) -> str:
    """A short name of one word; those of the frameworks' own indexes are taken."""
    name = word(text, "name of an index")
    if name in FRAMEWORKS:
        because = ("its own index has that name, and the frameworks' layers choose from it",)
        hint = "for another address of it: build(..., mirrors={...})"
        raise invalid("bad-index", f"no index can be called {name!r}", hint, because=because)
    if not _NAME(name):
        raise invalid("bad-index", f"{name!r} is no name of an index", "as in 'company'")
    return name
