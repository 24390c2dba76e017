"""Requirements files, as pip reads them: packages, other files, and options.

Source: pip's documentation, "Requirements File Format".
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from posixpath import dirname, join
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.errors import InvalidValueError
from mlcontainers.values.paths import MountedPath
from mlcontainers.values.text import invalid
from mlcontainers.values.wishes import PackageRequirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.errors import Problem

INDEX_OPTIONS = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links")
"""They say where packages come from, for the whole command and not for their file alone."""
_SHORT = {"-i": "--index-url", "-f": "--find-links", "-r": "--requirement", "-c": "--constraint", "-e": "--editable"}
_HARMLESS = frozenset(("--pre", "--no-binary", "--only-binary", "--prefer-binary", "--require-hashes"))
_NO_VALUE = frozenset(("--pre", "--prefer-binary", "--require-hashes", "--no-index"))
_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}").search
_OF_PACKAGE = re.compile(r"\s+(?=--(?:hash|global-option|config-settings?|install-option)[=\s])")
_HASH = re.compile(r"--hash[=\s]\s*(\S+)")


class Asked(Struct, frozen=True):
    """A package that a file asks for, or constrains."""

    package: PackageRequirement
    where: str
    """File and line: `requirements.txt:3`."""
    hashes: tuple[str, ...] = ()
    """As in `sha256:...`; its files have to have one of them."""

    @property
    def hashed(self) -> str:
        """As a line of a requirements file that is checked."""
        return " ".join((str(self.package), *(f"--hash={digest}" for digest in self.hashes)))


class IndexLine(Struct, frozen=True):
    """A line that says where packages come from."""

    option: str
    url: str
    where: str


class RequirementsFile(Struct, frozen=True):
    """One file, read; what it names is relative to it."""

    packages: tuple[Asked, ...] = ()
    included: tuple[tuple[MountedPath, bool, str], ...] = ()
    """Files that it names, whether they only constrain, and where it says so."""
    indexes: tuple[IndexLine, ...] = ()
    problems: tuple[Problem, ...] = ()

    @classmethod
    def parse(cls, text: str, path: str) -> RequirementsFile:
        """Read a file; what cannot go into an image is among the problems, all of it."""
        file = cls()
        for number, line, whole in _lines(text):
            where = f"{path}:{number}"
            try:
                file = _read(file, line, path, where, whole)
            except InvalidValueError as error:
                found = (dataclasses.replace(problem, where=where) for problem in error.problems)
                file = replace(file, problems=(*file.problems, *found))
        return file


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Logical lines with their numbers, without comments, and whether each stands on one physical line."""
    joined, start = "", 0
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        start = start or number
        if line.endswith("\\") and not _COMMENT.match(line):
            joined += line[:-1]
            continue
        logical = _COMMENT.sub("", joined + line).strip()
        if logical:
            yield start, logical, start == number
        joined, start = "", 0
    if joined.strip():
        yield start, _COMMENT.sub("", joined).strip(), False


def _read(file: RequirementsFile, line: str, path: str, where: str, whole: bool) -> RequirementsFile:
    if _VARIABLE(line):
        because = ("the file is read while the image is built, where nobody has set it",)
        raise invalid("variable-in-requirements", f"{line!r} holds a variable", "write its value", because=because)
    if line.startswith("-"):
        return _options(file, line, path, where, whole)
    requirement, *options = _OF_PACKAGE.split(line)
    if other := [option for option in options if not option.startswith("--hash")]:
        raise invalid("pip-option", f"{other[0]!r} is an option for building from source", "take a wheel of it")
    if "://" in requirement:
        hint = "name the package and its version, or put the wheel into a wheelhouse"
        raise invalid("address-requirement", f"{requirement.partition('://')[0]}://... is an address", hint)
    if requirement.startswith((".", "/", "~")) or requirement.endswith((".whl", ".tar.gz", ".zip")):
        hint = "put the wheel into a wheelhouse, or copy the project with add_files and install it with add_run"
        because = ("only the requirements files themselves are there while packages are installed",)
        raise invalid("local-package", f"{requirement!r} is a file or folder of this project", hint, because=because)
    hashes = tuple(found for option in options for found in _HASH.findall(option))
    asked = Asked(PackageRequirement.parse(requirement), where, hashes)
    return replace(file, packages=(*file.packages, asked))


def _options(file: RequirementsFile, line: str, path: str, where: str, whole: bool) -> RequirementsFile:
    pairs = tuple(_pairs(line))
    alone = whole and all(option in INDEX_OPTIONS for option, _ in pairs)
    for option, value in pairs:
        if option in {"--requirement", "--constraint"}:
            name = MountedPath.parse(join(dirname(path), value))
            file = replace(file, included=(*file.included, (name, option == "--constraint", where)))
        elif option in INDEX_OPTIONS:
            if not alone:
                raise invalid("index-line", f"{line!r} is more than an index", f"write {option} on a line of its own")
            file = replace(file, indexes=(*file.indexes, IndexLine(option, value, where)))
        elif option not in _HARMLESS:
            hints = (_INSTEAD[option],) if option in _INSTEAD else ()
            raise invalid("pip-option", f"the option {option} has no place in an image", *hints)
    return file


_INSTEAD = {
    "--editable": "copy the project with add_files, and install it with add_run",
    "--no-index": "build with a wheelhouse and without network: build(..., wheelhouse=FOLDER, network='none')",
    "--trusted-host": "lend the build this host's settings: host_settings=True, --host-settings",
}


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Options with their values: `--name value`, `--name=value`, `-r value` and `-rvalue`."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise invalid("bad-requirement", f"{line!r} cannot be read: {str(error).lower()}") from None
    while words:
        name, equals, value = words.pop(0).partition("=")
        if not name.startswith("--") and len(name) > 2:
            name, equals, value = name[:2], "=", name[2:] + equals + value
        name = _SHORT.get(name, name)
        if not equals and name not in _NO_VALUE and words:
            value = words.pop(0)
        yield name, value
