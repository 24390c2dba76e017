"""Where packages come from. It never changes what the image is."""

from __future__ import annotations

import re

from msgspec import Struct

from mlcontainers.values.text import invalid, word

_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~%+/-]*)?", re.ASCII).fullmatch


class Sources(Struct, frozen=True):
    """Where packages come from on this machine: planning stays the same, only addresses differ.

    The default is what everybody has: the Python index and the frameworks' own wheel indexes.
    """

    host_settings: bool = False
    """Install steps mount the builder's pip and uv settings and CA bundle as build secrets."""
    wheelhouse: tuple[str, ...] = ()
    """File names of the wheels in a local folder that the build gets as the named context `wheelhouse`."""
    mirrors: tuple[tuple[str, str], ...] = ()
    """Index names (`pytorch`) and the URL that is used instead of theirs."""
    index: str | None = None
    """The URL that is used instead of the Python index."""
    apt: str | None = None
    """The URL that is used instead of the hosts of the distribution's archives; the paths stay as they are."""
    offline: bool = False
    """All packages come from the wheelhouse, and no step has a network."""

    def __post_init__(self) -> None:
        for name, url in (("index", self.index), ("apt", self.apt)):
            if url is not None:
                _check_mirror(name, url)
        for name, url in self.mirrors:
            _check_mirror(name, url)

    def mirror(self, name: str) -> str | None:
        """The URL that stands for the index of this name, if any."""
        return dict(self.mirrors).get(name)


def _check_mirror(name: str, url: str) -> None:
    """A plain address: what stands in it is in the Dockerfile and in the history of the image."""
    if "@" in word(url, f"mirror of {name}"):
        raise invalid(
            "credentials-in-mirror",
            f"the mirror of {name!r} has a user name or password in its address",
            "let the build pass the host's own settings: host_settings=True",
            because=("the address is written into the Dockerfile and the history of the image",),
        )
    if not _URL(url):
        raise invalid(
            "bad-mirror", f"{url!r} is no address of an index", "as in 'https://index.example.com/pytorch/cpu'"
        )
