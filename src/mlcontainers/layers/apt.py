"""System packages of Debian and Ubuntu bases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from mlcontainers.dockerfile import Comment, Run
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.values.text import invalid, word

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Target

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+)?", re.ASCII).fullmatch


def _package(text: str) -> str:
    """A package name by Debian policy 5.6.7, with or without `=version`."""
    name = word(text, "apt package")
    if not _NAME(name):
        hint = "write each package as a text of its own" if " " in name else "as in 'ffmpeg' or 'libgl1=1.6.0-1'"
        raise invalid("bad-apt-package", f"{name!r} is no Debian package name", hint)
    return name


_DATED = " /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache"
"""What an installation leaves that holds times, and that no program reads."""


class Apt(Layer, frozen=True):
    """System packages, by the names the base image's distribution uses; order does not matter."""

    volatility: ClassVar[Volatility] = Volatility.SYSTEM

    kind: Literal["apt"] = "apt"
    packages: Annotated[tuple[Annotated[str, BeforeValidator(_package)], ...], Field(min_length=1, strict=False)]
    """Names, with or without `=version`."""

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction: lists fetched, packages installed, lists removed again."""
        return (
            # Versions move on with the archive and old ones vanish from it: pinning is the user's choice.
            Comment("hadolint ignore=DL3008"),
            Run.shell(
                "apt-get update",
                "&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends",
                *sorted(set(self.packages)),
                f"&& rm -rf /var/lib/apt/lists/*{_DATED if target.reproducible else ''}",
            ),
        )
