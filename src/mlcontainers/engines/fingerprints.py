"""A fingerprint: one name for all that an image follows from. Equal where the image would be equal, else different.

It holds intent, where a digest holds content. Nothing in it depends on the clock, on where it is computed, or on the
order in which its parts were found.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SCHEME = "mlcontainers 1"
"""Goes into every fingerprint: other rules give other fingerprints."""
_SHOWN = 32
"""Hexadecimal digits of a name: 128 bits, beyond any chance of two being alike."""
_SHORT = len("sha256:") + 16
FILE = "file "
"""How the names of the parts begin that are files."""
LONGEST = 30_000
"""Characters of a short form; a program's argument can hold four times as many, as bytes."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Named parts, in the order of their names, and the digest over all of them."""

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, parts: Mapping[str, str]) -> Self:
        """From parts in any order."""
        return cls(tuple(sorted(parts.items())))

    @property
    def digest(self) -> str:
        """SHA-256 over all parts, in hexadecimal."""
        return hashlib.sha256(encoded((_SCHEME, *(text for part in self.parts for text in part)))).hexdigest()

    def __str__(self) -> str:
        """As it stands in a tag."""
        return self.digest[:_SHOWN]

    def dump(self) -> str:
        """The parts as JSON that is short enough for a label: digests are cut, many files are told as fewer."""
        files = {name: value for name, value in self.parts if name.startswith(FILE)}
        others = {name: value for name, value in self.parts if name not in files}
        text = ""
        for told in (files, _folders(files), {"files": digest_of(*(text for part in files.items() for text in part))}):
            parts = {name: _short(value) for name, value in {**others, **told}.items()}
            text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
            if len(text) <= LONGEST:
                break
        return text

    def changes(self, before: str) -> tuple[str, ...]:
        """What is different from a fingerprint that was dumped, in words; empty where nothing is."""
        try:
            old = {str(name): str(value) for name, value in cast("dict[str, object]", json.loads(before)).items()}
        except (ValueError, AttributeError):
            return ("how it was built before is not known",)
        new = cast("dict[str, str]", json.loads(self.dump()))
        return tuple(
            _told(name, old.get(name), new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        )


def encoded(texts: Iterable[str]) -> bytes:
    """Texts as bytes that no other texts give: each has its length before it."""
    return b"".join(_with_length(text.encode("utf-8", "surrogateescape")) for text in texts)


def digest_of(*texts: str) -> str:
    """`sha256:...` of texts that are too long to be kept."""
    return f"sha256:{hashlib.sha256(encoded(texts)).hexdigest()}"


def _with_length(data: bytes) -> bytes:
    return b"%d:%s" % (len(data), data)


def _folders(files: Mapping[str, str]) -> dict[str, str]:
    """Of each folder at the top one part for all that is in it."""
    folders: dict[str, list[str]] = {}
    for name, value in sorted(files.items()):
        top, slash, _ = name.partition("/")
        folders.setdefault(top + slash, []).extend((name, value))
    return {name: digest_of(*texts) for name, texts in folders.items()}


def _short(value: str) -> str:
    return " ".join(word[:_SHORT] if word.startswith("sha256:") else word for word in value.split(" "))


def _told(name: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"{name}: new"
    if new is None:
        return f"{name}: gone"
    if "sha256:" in old and "sha256:" in new and not name.startswith("base image"):
        return f"{name}: changed"
    return f"{name}: {new}, was {old}"
