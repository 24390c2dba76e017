"""What a Dockerfile is made of: instructions in stages, and the comments and blank lines between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, From, Instruction
from mlcontainers.dockerfile.items import Blank, Comment, Directive, Item
from mlcontainers.dockerfile.lexer import read_directive
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.dockerfile.render import written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self


@dataclass(frozen=True, slots=True)
class Stage:
    """A `FROM` and all that follows it, up to the next."""

    index: int
    instructions: tuple[Instruction, ...]

    @property
    def base(self) -> From:
        """The `FROM` that starts it."""
        first = self.instructions[0]
        assert isinstance(first, From)
        return first

    @property
    def name(self) -> str | None:
        """What other stages call it."""
        return self.base.name


@dataclass(frozen=True)
class Document:
    """The items of a file, and the edits that every other is made of. `Dockerfile` is the one to use."""

    items: tuple[Item, ...]

    @classmethod
    def of(cls, *items: Item) -> Self:
        """A document from its parts. One without a stage is refused: some builders crash on it."""
        _check_order(items)
        _check_head(items)
        return cls(items)

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions, in order."""
        return tuple([item for item in self.items if isinstance(item, Instruction)])

    @cached_property
    def directives(self) -> dict[str, str]:
        """What the lines at the very top say, by name."""
        return {item.name: item.value for item in self.items if isinstance(item, Directive)}

    @property
    def escape(self) -> str:
        """The escape character: a backslash, or a backtick where a directive says so."""
        return self.directives.get("escape", "\\")

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in order; what stands before the first `FROM` belongs to none."""
        starts = [number for number, node in enumerate(self.instructions) if isinstance(node, From)]
        ends = [*starts[1:], len(self.instructions)]
        return tuple(
            [
                Stage(index, self.instructions[start:end])
                for index, (start, end) in enumerate(zip(starts, ends, strict=True))
            ]
        )

    @property
    def lineage(self) -> tuple[Stage, ...]:
        """The stages that the image is made of, the lowest first: the last one, and all that it stands on."""
        chain = list(self.stages[-1:])
        while chain:
            lowest = chain[0]
            wanted = lowest.base.image.lower()
            # A name that two stages have stands for the later one.
            named = (one for one in reversed(self.stages[: lowest.index]) if (one.name or "").lower() == wanted)
            below = next(named, None)
            if below is None:
                break
            chain.insert(0, below)
        return tuple(chain)

    def render(self) -> str:
        """The text: always the same bytes for equal documents that were made; as it stood where it was read."""
        return self._rendered

    @cached_property
    def _rendered(self) -> str:
        escape = self.escape
        parts = [_text(item, escape) for item in self.items]
        # A file may end without a line end; what is put behind it needs one.
        parts[:-1] = [part if part[-1:] == "\n" else part + "\n" for part in parts[:-1]]
        return "".join(parts)

    def encode(self) -> bytes:
        """The file's bytes, also where it was read from bytes that are no UTF-8."""
        return self.render().encode("utf-8", "surrogateescape")

    def replace(self, old: Instruction, new: Instruction) -> Self:
        """This document with another instruction in the place of one: the rest keeps its bytes."""
        position = self._position(old)
        return self._edited(position, position + 1, new)

    def replace_all(self, changes: Iterable[tuple[Instruction, Instruction]]) -> Self:
        """This document with several instructions replaced at once, as pairs of old and new."""
        items = list(self.items)
        for old, new in changes:
            position = self._position(old)
            items[position] = _without_source(new)
            _check_readable(new, self.escape)
        _check_order(tuple(items))
        return type(self)(tuple(items))

    def insert_before(self, node: Instruction, *items: Item) -> Self:
        """This document with more items above an instruction and the comments that belong to it."""
        position = self._position(node)
        while position and isinstance(self.items[position - 1], Comment):
            position -= 1
        return self._edited(position, position, *items)

    def insert_after(self, node: Instruction, *items: Item) -> Self:
        """This document with more items right below an instruction."""
        position = self._position(node) + 1
        return self._edited(position, position, *items)

    def append(self, *items: Item) -> Self:
        """This document with more items at its end."""
        return self._edited(len(self.items), len(self.items), *items)

    def remove(self, node: Instruction) -> Self:
        """This document without an instruction."""
        position = self._position(node)
        return self._edited(position, position + 1)

    def stage(self, which: int | str) -> Stage:
        """A stage by its index or, in any case of letters, its name; of two with one name the last."""
        if isinstance(which, int):
            if not -len(self.stages) <= which < len(self.stages):
                raise refuse("no-such-stage", f"there is no stage {which}: the file has {len(self.stages)}")
            return self.stages[which]
        for stage in reversed(self.stages):
            if stage.name == which.lower():
                return stage
        names = ", ".join(stage.name for stage in self.stages if stage.name)
        raise refuse(
            "no-such-stage", f"there is no stage {which!r}", f"there are: {names}" if names else "none has a name"
        )

    def _position(self, node: Instruction) -> int:
        """Where this very instruction stands; one that is only equal to it counts if it is the only one."""
        for position, item in enumerate(self.items):
            if item is node:
                return position
        equal = [position for position, item in enumerate(self.items) if item == node]
        if len(equal) != 1:
            what = "is not in this document" if not equal else f"is in this document {len(equal)} times"
            raise refuse(
                "no-such-instruction", f"{written(node)!r} {what}", "take it from .instructions of this document"
            )
        return equal[0]

    def _edited(self, start: int, end: int, *new: Item) -> Self:
        escape = self.escape
        # An item of another document takes only its meaning along, not its bytes.
        fresh = [_without_source(item) for item in new]
        for item in fresh:
            _check_readable(item, escape)
        before = self.items[:start]
        # Only the very last line of a file can wait for another one.
        items = (*before[:-1], *map(_closed, before[-1:]), *fresh, *self.items[end:])
        _check_order(items)
        _check_head(items)
        return type(self)(items)


def _text(item: Item, escape: str) -> str:
    if isinstance(item, Instruction):
        return item.source.text if item.source else written(item, escape) + "\n"
    return item.written if item.written is not None else f"{item}\n"


def fresh(item: Item, escape: str) -> str:
    """The item in canonical form, without its line end."""
    if not isinstance(item, Instruction):
        return str(item)
    return written(item, escape)


def _without_source(item: Item) -> Item:
    if isinstance(item, Instruction):
        return item if item.source is None else _copied(item)
    if isinstance(item, Comment):
        return Comment(item.text)
    return item if isinstance(item, Directive) else Blank()


def _closed(item: Item) -> Item:
    """The item in canonical form if it would swallow what is put below it."""
    waits = isinstance(item, Instruction) and item.source is not None and item.source.open_end
    return _without_source(item) if waits else item


def _copied(node: Instruction) -> Instruction:
    import copy

    fresh = copy.copy(node)
    object.__setattr__(fresh, "source", None)
    return fresh


def _check_readable(item: Item, escape: str) -> None:
    """What is written into a file must be read from it again as the same: tried, not assumed."""
    if not isinstance(item, Instruction):
        return
    text = written(item, escape)
    head = "# escape=`\n" if escape == "`" else ""
    stage = "" if isinstance(item, From) else "\nFROM scratch" if isinstance(item, Arg) else "FROM scratch\n"
    text = f"{head}{text}{stage}" if isinstance(item, Arg) else f"{head}{stage}{text}\n"
    from mlcontainers.dockerfile.parser import read

    items, problems = read(text)
    nodes = [node for node in items if isinstance(node, Instruction)]
    wanted = nodes[:1] if isinstance(item, From | Arg) else nodes[1:]
    if problems or wanted != [item]:
        because = tuple(problem.what for problem in problems) or ("it would be read as something else",)
        raise refuse("cannot-be-written", f"{written(item, escape)!r} cannot stand in this file", because=because[0])


def _check_order(items: tuple[Item, ...]) -> None:
    for item in items:
        if isinstance(item, From):
            return
        if isinstance(item, Instruction) and not isinstance(item, Arg):
            because = "an instruction belongs to the stage that a FROM starts"
            raise refuse("before-from", f"{item.keyword} stands before the first FROM", because=because)
    raise refuse(
        "no-stage", "a Dockerfile needs a FROM", "FROM scratch", because="some builders crash on a file without one"
    )


def _check_head(items: tuple[Item, ...]) -> None:
    """Directives stand first, and no comment up there reads as one."""
    head = True
    for item in items:
        if isinstance(item, Directive):
            if not head:
                raise refuse("late-directive", f"the directive {item.name} must stand at the very top")
        elif head and isinstance(item, Comment) and read_directive(item.written or str(item)):
            raise refuse(
                "comment-directive", f"the comment {item.text!r} reads as a directive here", "put a blank line above it"
            )
        else:
            head = False
