"""Which variables an instruction can see: ARG and ENV, by stage, with what a stage takes over from its base."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, Env, From, Instruction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.items import Item

PLATFORM_ARGS = frozenset(
    f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION")
) | {"TARGETSTAGE"}
"""Known to every FROM, and to a stage that says `ARG` and the name."""


@dataclass(frozen=True, slots=True)
class Place:
    """One instruction and what it can see."""

    node: Instruction
    stage: int
    """-1 before the first FROM."""
    seen: frozenset[str]
    """Names with a declaration above it that holds here."""
    from_scratch: bool
    """Whether no image outside the file can have set any other."""

    @property
    def line(self) -> int:
        """The first line, 0 for an instruction that was made."""
        return self.node.source.start_line if self.node.source else 0


@dataclass(frozen=True)
class View:
    """A document as checks want to see it."""

    items: tuple[Item, ...]
    escape: str = "\\"
    globals: dict[str, Arg] = field(default_factory=dict[str, Arg])
    """The ARGs before the first FROM, by name."""

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every instruction with its scope, in order."""
        return tuple(self._walk())

    @cached_property
    def bases(self) -> tuple[From, ...]:
        """The FROM of each stage."""
        return tuple([place.node for place in self.places if isinstance(place.node, From)])

    def stage_of(self, name: str, before: int) -> int | None:
        """The last stage of this name among the first `before` ones."""
        for index in range(min(before, len(self.bases)) - 1, -1, -1):
            if self.bases[index].name == name:
                return index
        return None

    def _walk(self) -> Iterator[Place]:
        stage, scratch = -1, True
        seen: frozenset[str] = frozenset(PLATFORM_ARGS)
        nothing: frozenset[str] = frozenset()
        ends: list[tuple[frozenset[str], bool]] = []
        names: list[str | None] = []
        for node in self.items:
            if not isinstance(node, Instruction):
                continue
            if isinstance(node, From):
                if stage >= 0:
                    ends.append((seen, scratch))
                yield Place(node, stage + 1, PLATFORM_ARGS | self.globals.keys(), True)
                base = _last(names, node.image)
                seen, scratch = ends[base] if base is not None else (nothing, node.image == "scratch")
                names.append(node.name)
                stage += 1
                continue
            yield Place(node, stage, seen, scratch)
            if isinstance(node, Arg) and stage < 0:
                self.globals.update({name: node for name, _ in node.pairs})
            if isinstance(node, Arg | Env):
                seen = seen.union([name for name, _ in node.pairs])


def _last(names: list[str | None], name: str) -> int | None:
    for index in range(len(names) - 1, -1, -1):
        if names[index] == name:
            return index
    return None
