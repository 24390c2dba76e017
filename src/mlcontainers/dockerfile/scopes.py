"""Which variables an instruction can see: ARG and ENV, by stage, with what a stage takes over from its base."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError, parts, variables_in
from mlcontainers.dockerfile.instructions import Arg, Env, From, Instruction, Workdir
from mlcontainers.dockerfile.items import Comment
from mlcontainers.dockerfile.refusals import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.items import Item
    from mlcontainers.dockerfile.resolving import Resolution

PLATFORM_ARGS = frozenset(
    f"{side}{part}" for side in ("TARGET", "BUILD") for part in ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION")
) | {"TARGETSTAGE"}
"""Known to every FROM, and to a stage that says `ARG` and the name."""


class Names(Collection[str]):
    """The names that are declared at a point. All points of a stage share what is known of it, however long it is."""

    __slots__ = ("_below", "_first", "_position")

    def __init__(self, first: dict[str, int], position: int, below: Collection[str]) -> None:
        self._first = first
        """Where each name is declared first."""
        self._position = position
        self._below = below

    def __contains__(self, name: object) -> bool:
        names: Collection[str] = self
        while isinstance(names, Names):  # A loop, since stages may stand on each other thousands deep.
            declared = names._first.get(name, names._position) if isinstance(name, str) else names._position
            if declared < names._position:
                return True
            names = names._below
        return name in names

    def __iter__(self) -> Iterator[str]:
        names: Collection[str] = self
        while isinstance(names, Names):
            yield from (name for name, position in names._first.items() if position < names._position)
            names = names._below
        yield from names

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class Place:
    """One instruction and what it can see."""

    node: Instruction
    stage: int
    """-1 before the first FROM."""
    seen: Collection[str]
    """Names with a declaration above it that holds here."""
    from_scratch: bool
    """Whether no image outside the file can have set any other."""
    workdir: bool = False
    """Whether a WORKDIR stands above it in the stage or in those below."""

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
    ignore: tuple[str, ...] = ()
    """The patterns of the context's `.dockerignore`."""

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every instruction with its scope, in order."""
        return tuple(self._walk())

    @cached_property
    def comments(self) -> dict[int, tuple[str, ...]]:
        """The comments that belong to an instruction, by its line: those above it, back to an empty one."""
        found: dict[int, tuple[str, ...]] = {}
        above: list[str] = []
        for item in self.items:
            if isinstance(item, Comment):
                # As builders do: the first character goes, whatever it is, and a blank line changes nothing.
                text = (item.written or str(item)).removeprefix("\ufeff")[1:].strip(BLANKS)
                above = [*above, text] if text else []
            elif isinstance(item, Instruction):
                if item.source and above:
                    found[item.source.start_line] = tuple(above)
                above = []
        return found

    @cached_property
    def resolution(self) -> Resolution | None:
        """What the file comes to without build arguments; `None` where there is no stage."""
        from mlcontainers.dockerfile.document import Document
        from mlcontainers.dockerfile.resolving import resolve

        return resolve(Document(self.items)) if self.bases else None

    def expanded(self, text: str, place: Place) -> str | None:
        """A text of an instruction as a build without arguments reads it; `None` where a base image has a say."""
        try:
            names = {variable.name for variable in variables_in(parts(text, self.escape))}
        except BadExpansionError:
            return None
        if self.resolution is None or not (place.from_scratch or all(name in place.seen for name in names)):
            return None
        return self.resolution.expand(text, place.node)

    @cached_property
    def bases(self) -> tuple[From, ...]:
        """The FROM of each stage."""
        return tuple([place.node for place in self.places if isinstance(place.node, From)])

    def stage_of(self, name: str, before: int) -> int | None:
        """The last stage of this name among the first `before` ones."""
        known = self._named.get(name, ())
        position = bisect_left(known, before)
        return known[position - 1] if position else None

    @cached_property
    def _named(self) -> dict[str, list[int]]:
        """The stages of each name, in order."""
        found: dict[str, list[int]] = {}
        for index, base in enumerate(self.bases):
            if base.name is not None:
                found.setdefault(base.name, []).append(index)
        return found

    def _walk(self) -> Iterator[Place]:
        stage, scratch = -1, True
        first: dict[str, int] = {}
        below: Collection[str] = PLATFORM_ARGS
        ends: list[tuple[Names, bool, bool]] = []
        workdir = False
        named: dict[str, int] = {}
        outer: Collection[str] = PLATFORM_ARGS
        own: str | None = None
        nodes = [node for node in self.items if isinstance(node, Instruction)]
        for position, node in enumerate(nodes):
            if isinstance(node, From):
                if stage < 0:
                    outer = Names(first, position, PLATFORM_ARGS)
                else:
                    ends.append((Names(first, position, below), scratch, workdir))
                if own is not None:
                    named[own] = stage
                yield Place(node, stage + 1, outer, True)
                base = named.get(node.image)
                below, scratch, workdir = ends[base] if base is not None else ((), node.image == "scratch", False)
                first, own = {}, node.name
                stage += 1
                continue
            yield Place(node, stage, Names(first, position, below), scratch, workdir)
            workdir = workdir or isinstance(node, Workdir)
            if isinstance(node, Arg) and stage < 0:
                self.globals.update({name: node for name, _ in node.pairs})
            if isinstance(node, Arg | Env):
                for name, _ in node.pairs:
                    first.setdefault(name, position)
