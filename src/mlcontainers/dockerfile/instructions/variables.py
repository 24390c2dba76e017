"""`ENV`, `LABEL`, `ARG`: names with values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, cast

from mlcontainers.dockerfile.instructions.instruction import Instruction
from mlcontainers.dockerfile.refusals import one_line, refuse
from mlcontainers.dockerfile.words import Word

Pairs: TypeAlias = Mapping[str, "str | Word"] | Iterable[tuple[str, "str | Word"]]

_NAME = re.compile(r"""(?!--|#)[^\s='"\\$`<\x00-\x1f\x7f-\xa0]+""").fullmatch


@dataclass(frozen=True, init=False)
class Env(Instruction):
    """Variables for the steps that follow and for the container."""

    keyword: ClassVar[str] = "ENV"
    pairs: tuple[tuple[str, Word], ...]

    def __init__(self, pairs: Pairs) -> None:
        _set(self, pairs=_checked(pairs, "variable"))

    @property
    def arguments(self) -> str:
        return _written(self.pairs)


@dataclass(frozen=True, init=False)
class Label(Instruction):
    """Names with values that the image carries for people and programs."""

    keyword: ClassVar[str] = "LABEL"
    pairs: tuple[tuple[str, Word], ...]

    def __init__(self, pairs: Pairs) -> None:
        _set(self, pairs=_checked(pairs, "label"))

    @property
    def arguments(self) -> str:
        return _written(self.pairs)


@dataclass(frozen=True, init=False)
class Arg(Instruction):
    """A variable that whoever builds may set; `others` are further ones on the same line."""

    keyword: ClassVar[str] = "ARG"
    name: str
    default: Word | None
    others: tuple[tuple[str, Word | None], ...]

    def __init__(
        self, name: str, default: Word | str | None = None, others: Iterable[tuple[str, Word | str | None]] = ()
    ) -> None:
        pairs = tuple([(_name(key, "variable"), _value(value)) for key, value in ((name, default), *others)])
        _set(self, name=name, default=pairs[0][1], others=pairs[1:])

    @property
    def pairs(self) -> tuple[tuple[str, Word | None], ...]:
        """All names with their defaults."""
        return ((self.name, self.default), *self.others)

    @property
    def arguments(self) -> str:
        return " ".join([key if value is None else f"{key}={value}" for key, value in self.pairs])


def _set(node: Instruction, **values: object) -> None:
    for name, value in {"source": None, **values}.items():
        object.__setattr__(node, name, value)


def _checked(given: Pairs, what: str) -> tuple[tuple[str, Word], ...]:
    items: Iterable[tuple[str, str | Word]]
    items = cast("Mapping[str, str | Word]", given).items() if isinstance(given, Mapping) else given
    pairs = tuple([(_name(key, what), Word.of(value)) for key, value in items])
    if not pairs:
        raise refuse("no-pairs", f"no {what} is given")
    return pairs


def _name(name: str, what: str) -> str:
    if not _NAME(one_line(name, what)):
        raise refuse("bad-name", f"{name!r} is no name of a {what}")
    return name


def _value(value: Word | str | None) -> Word | None:
    return None if value is None else Word.of(value)


def _written(pairs: tuple[tuple[str, Word], ...]) -> str:
    # A line that begins with # would be dropped as a comment.
    comment = any(key[:1] == "#" for key, _ in pairs)
    return (" " if comment else " \\\n    ").join([f"{key}={value.raw}" for key, value in pairs])
