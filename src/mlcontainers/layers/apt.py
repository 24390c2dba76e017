"""System packages of Debian and Ubuntu bases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from mlcontainers.dockerfile import Comment, Mount, Run
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.layers.model import Model
from mlcontainers.values.addresses import archive_address, index_name
from mlcontainers.values.paths import MountedPath
from mlcontainers.values.quoting import shell
from mlcontainers.values.text import invalid, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.target import Target

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+\*?)?", re.ASCII).fullmatch
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*|\./", re.ASCII).fullmatch
KEYS = "/tmp/keys"
"""Where the keys of sources are while a step runs."""
MIRRORED = "/dev/shm/apt"
"""Where apt's sources are with a mirror in them; those of the image stay as they are."""
_ARCHIVES = ("sources.list", "debian.sources", "ubuntu.sources")
"""The files that name the distribution's own archives."""
_INSTALL = "&& DEBIAN_FRONTEND=noninteractive apt-get{} install -y --no-install-recommends"


def _package(text: str) -> str:
    """A package name by Debian policy 5.6.7, with or without `=version`, which may end in `*`."""
    name = word(text, "apt package")
    if not _NAME(name):
        hint = "write each package as a text of its own" if " " in name else "as in 'ffmpeg' or 'libgl1=1.6.0-1'"
        raise invalid("bad-apt-package", f"{name!r} is no Debian package name", hint)
    return name


AptPackage = Annotated[str, BeforeValidator(_package)]
"""A system package by name, with or without a version."""
_DATED = " /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache"
"""What an installation leaves that holds times, and that no program reads."""


def cleared(reproducible: bool) -> str:
    """The end of a step that installs system packages: lists go, and what holds times where layers are to be equal."""
    return f"&& rm -rf /var/lib/apt/lists/*{_DATED if reproducible else ''}"


def _source_word(text: str) -> str:
    name = word(text, "suite or component")
    if not _WORD(name):
        raise invalid("bad-apt-source", f"{name!r} is no suite and no component", "as in 'bookworm' or 'main'")
    return name


def _key(text: str) -> MountedPath:
    path = MountedPath.of(text)
    if not str(path).endswith((".asc", ".gpg")):
        because = ("apt tells by the name whether a key is armored (.asc) or binary (.gpg)",)
        raise invalid(
            "bad-apt-source", f"{str(path)!r} is no key by its name", "as in 'keys/acme.asc'", because=because
        )
    return path


SourceWords = Annotated[tuple[Annotated[str, BeforeValidator(_source_word)], ...], Field(strict=False)]


class AptSource(Model, frozen=True):
    """An archive beside the distribution's own, and the key that its lists are signed with."""

    name: Annotated[str, BeforeValidator(index_name)]
    """How its files in the image are called."""
    url: Annotated[str, BeforeValidator(archive_address)]
    suites: Annotated[SourceWords, Field(min_length=1)]
    """As in `bookworm`; `./` for an archive without suites."""
    components: SourceWords = ()
    """As in `main`; none for an archive without suites."""
    key: Annotated[MountedPath, BeforeValidator(_key)]
    """A file of the build context: armored (`.asc`) or binary (`.gpg`). Only this source is trusted with it."""

    @property
    def keyring(self) -> str:
        """Where the key is in the image."""
        return f"/etc/apt/keyrings/{self.name}{str(self.key)[-4:]}"

    def lines(self) -> Iterator[str]:
        """The source in deb822 form; deb-src(5), sources.list(5)."""
        yield "Types: deb"
        yield f"URIs: {self.url}"
        yield f"Suites: {' '.join(self.suites)}"
        if self.components:
            yield f"Components: {' '.join(self.components)}"
        yield f"Signed-By: {self.keyring}"


class Apt(Layer, frozen=True):
    """System packages, by the names the base image's distribution uses; order does not matter."""

    volatility: ClassVar[Volatility] = Volatility.SYSTEM

    kind: Literal["apt"] = "apt"
    packages: Annotated[tuple[AptPackage, ...], Field(min_length=1, strict=False)]
    """Names, with or without `=version`; a version may end in `*`."""
    sources: Annotated[tuple[AptSource, ...], Field(strict=False)] = ()
    """Archives that some of them come from, beside the distribution's own."""

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction: lists fetched, packages installed, lists removed again."""
        pieces = [piece for step in self._steps(target) for piece in step]
        mounts = [Mount.bind(f"{KEYS}/{source.key}", source=str(source.key)) for source in self.sources]
        return (
            # Versions move on with the archive and old ones vanish from it: pinning is the user's choice.
            Comment("hadolint ignore=DL3008"),
            Run.shell(pieces[0].removeprefix("&& "), *pieces[1:], mounts=mounts),
        )

    def _steps(self, target: Target) -> Iterator[tuple[str, ...]]:
        mirror = target.sources.apt
        options = f" -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts={MIRRORED}" if mirror else ""
        update, install = f"&& apt-get{options} update", _INSTALL.format(options)
        if mirror:
            yield from _mirrored(mirror)
        if any(source.url.startswith("https:") for source in self.sources):
            # A slim base trusts nobody yet, and the archive of the distribution needs no certificates.
            yield update, install, "ca-certificates"
        for source in self.sources:
            key = shell(f"{KEYS}/{source.key}")
            file = f"/etc/apt/sources.list.d/{source.name}.sources"
            yield (f"&& install -D -m 0644 {key} {source.keyring}",)
            yield "&& printf '%s\\n'", *map(shell, source.lines()), f"> {file}"
            if mirror:
                yield (f"&& cp {file} {MIRRORED}/",)
        packages = (shell(name) for name in sorted(set(self.packages)))
        yield update, install, *packages, cleared(target.reproducible)


def _mirrored(mirror: str) -> Iterator[tuple[str, ...]]:
    """Copies of apt's sources in memory, in which the distribution's archives have the mirror for their host."""
    copied = f'[ ! -f "$file" ] || cp "$file" {MIRRORED}/'
    change = shell(f"s#https?://[^/ ]+#{mirror.rstrip('/')}#")
    changed = f'[ ! -f "{MIRRORED}/$file" ] || sed -i -E {change}'
    yield (f"&& mkdir -p {MIRRORED}",)
    yield (f"&& for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do {copied}; done",)
    yield (f'&& for file in {" ".join(_ARCHIVES)}; do {changed} "{MIRRORED}/$file"; done',)
