"""What a user asks of a version, before anything is decided."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Self

from mlcontainers.values.text import invalid, word
from mlcontainers.values.text_value import TextValue

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

_RELEASE = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII).fullmatch


class VersionWish(TextValue, frozen=True):
    """A version or a range of versions: `2.9` (any 2.9), `2.9.1` (exactly), `>=2.8,<2.10`, `2.9.*`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("2.9", "2.9.1", ">=2.8,<2.10")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version or a PEP 440 specifier; the text is kept as it was written."""
        if isinstance(text, int | float):
            because = ("2.10 as a number is 2.1",)
            raise invalid("bad-version", f"{text!r} is a number", 'write it in quotes, as in "2.10"', because=because)
        _specifier(word(text, "version"))
        return cls(text)

    @property
    def specifier(self) -> SpecifierSet:
        """As `packaging` understands it."""
        return _specifier(self.text)

    @property
    def exact(self) -> bool:
        """Whether it names one release (and so may name a yanked one)."""
        return any(part.operator in {"==", "==="} and "*" not in part.version for part in self.specifier)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=1024)
def _specifier(text: str) -> SpecifierSet:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    if "+" in text:
        raise invalid(
            "local-version",
            f"version {text!r} names a build",
            f"write {text.partition('+')[0]!r} and choose the build with from_cpu() or from_cuda(...)",
            because=("the label after + says CPU or CUDA, and the planner chooses it to fit everything else",),
        )
    try:
        if _RELEASE(text):
            return SpecifierSet(f"=={text}" if text.count(".") >= 2 else f"=={text}.*")
        if text.endswith(".*") and _RELEASE(text[:-2]):
            return SpecifierSet(f"=={text}")
        if text[0].isdigit():
            return SpecifierSet(f"=={Version(text)}")
        return SpecifierSet(text)
    except (InvalidSpecifier, InvalidVersion):
        raise invalid(
            "bad-version", f"{text!r} is no version and no range", "as in '2.9', '2.9.1' or '>=2.8,<2.10'"
        ) from None


class PackageRequirement(TextValue, frozen=True):
    """A package as pip takes it: name, extras, versions and marker, as in `accelerate>=1.2`."""

    text: str

    examples: ClassVar[tuple[str, ...]] = ("accelerate>=1.2",)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a PEP 508 requirement; addresses and options are refused, each with its own way."""
        checked = word(text, "requirement")
        if checked.startswith("-"):
            raise invalid(
                "pip-option",
                f"{checked!r} is an option of pip, not a package",
                "put package names in packages, and a file in requirements=",
                because=("an option could change where every package comes from",),
            )
        if "\\" in checked:
            raise invalid("bad-requirement", f"{checked!r} is no requirement: it holds a backslash")
        _requirement(checked)
        return cls(checked)

    @property
    def requirement(self) -> Requirement:
        """As `packaging` understands it."""
        return _requirement(self.text)

    @property
    def name(self) -> str:
        """The project's name in its normal form, such as `scikit-learn`."""
        return _name(self.text)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=1024)
def _requirement(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        hint = "write name and version together, as in 'numpy>=2'"
        raise invalid("bad-requirement", f"{text!r} is no requirement: {reason}", hint) from None
    if requirement.url:
        raise invalid(
            "address-requirement",
            f"{text!r} names an address",
            "use add_files and add_run, or put the wheel into a wheelhouse",
            because=("a package at an address has no version that facts could be compared with",),
        )
    return requirement


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(_requirement(text).name)
