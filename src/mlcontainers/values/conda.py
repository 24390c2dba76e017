"""Packages and channels of conda, by the words that conda and micromamba have for them."""

from __future__ import annotations

import re
from typing import ClassVar, Literal, Self, TypeAlias

from msgspec import Struct

from mlcontainers.values.text import invalid, word
from mlcontainers.values.text_value import TextValue

CHANNEL = "conda-forge"
"""Where packages come from when no channel is named."""
DEFAULTS = frozenset(("defaults", "main", "r", "anaconda", "pkgs/main", "pkgs/r"))
"""Channels of Anaconda, whose terms ask larger organisations for a licence."""
EnvironmentKind: TypeAlias = Literal["yaml", "conda-lock", "explicit"]
# Texts, and compiled when they are first used: most images have no conda packages.
_SPEC = (
    r"(?:(?P<channel>[A-Za-z0-9][A-Za-z0-9._/-]*)::)?"
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)"
    r"(?P<version>(?: (?=[0-9=<>!~*])|(?=[=<>!~]))[A-Za-z0-9=<>!~*._+,| -]*[A-Za-z0-9_*])?"
)
_LOOSE = r"(?:[^\[\s]*::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)"
_CHANNEL = (
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*|https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~%+/-]*)?"
)
_PYTHON = r"(?:[^\[\s]*::)?python(?:\s*={1,2}\s*|\s+)(?P<version>[0-9]+\.[0-9]+)(?![0-9])"


class CondaPackage(TextValue, frozen=True):
    """A package as conda takes it: name with or without channel, version and build, as in `r-base=4.4`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("samtools>=1.20", "bioconda::bwa", "r-base=4.4")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a match specification without brackets; addresses and files are refused."""
        checked = word(text, "conda package")
        if not re.fullmatch(_SPEC, checked, re.ASCII):
            hint = "as in 'samtools', 'samtools>=1.20', 'r-base=4.4' or 'bioconda::bwa'"
            raise invalid("bad-conda-package", f"{checked!r} is no conda package", hint)
        return cls(checked)

    @property
    def name(self) -> str:
        """The package's name; conda has them in small letters."""
        return package_name(self.text)

    def __str__(self) -> str:
        return self.text


def package_name(text: str) -> str:
    """The name in any match specification, brackets included; of an address the name of its file."""
    if "://" in text:
        return file_name(text)[0]
    found = re.match(_LOOSE, text, re.ASCII)
    return found["name"].lower() if found else ""


def file_name(url: str) -> tuple[str, str]:
    """Name and version that the file of a package has: `name-version-build.conda`."""
    stem = url.partition("#")[0].rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, *_ = (*stem.rsplit("-", 2), "", "")
    return name.lower(), version


def python_version(text: str) -> str | None:
    """`3.12` of `python=3.12`, `python 3.12.*` and `python==3.12.4`; None of a range."""
    found = re.match(_PYTHON, text, re.ASCII | re.IGNORECASE)
    return found["version"] if found else None


def conda_channel(text: str) -> str:
    """A channel by its name (`conda-forge`, `conda-forge/label/dev`), or by its plain address."""
    channel = word(text, "channel")
    if "@" in channel:
        # Not repeated: it may hold a password.
        raise invalid(
            "credentials-in-channel",
            "the address of a channel has a user name or password in it",
            'name a secret: credentials="ID", a file in the form of a netrc',
            because=("the address is written into the image, into the records of what was installed",),
        )
    if not re.fullmatch(_CHANNEL, channel, re.ASCII):
        raise invalid(
            "bad-channel", f"{channel!r} is no channel", "as in 'conda-forge' or 'https://conda.example.com/team'"
        )
    return channel


class CondaAsked(Struct, frozen=True):
    """A conda package that a file asks for, or a lock has chosen."""

    name: str
    text: str
    """As the file says it: `r-base=4.4`, or the address of the one file."""
    where: str
    """File and line: `environment.yml:3`."""
    version: str = ""
    """Of a lock."""


def environment_kind(path: str) -> EnvironmentKind | None:
    """What a file is by its name, which is what micromamba goes by; None for what it reads otherwise."""
    if path.endswith(("-lock.yml", "-lock.yaml")):
        return "conda-lock"
    if path.endswith((".yml", ".yaml")):
        return "yaml"
    return "explicit" if path.endswith((".txt", ".lock")) else None
