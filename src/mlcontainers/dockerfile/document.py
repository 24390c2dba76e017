"""A Dockerfile: instructions, and the comments and blank lines between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from mlcontainers.dockerfile.instructions import From, Instruction
from mlcontainers.dockerfile.refusals import one_line, refuse
from mlcontainers.dockerfile.render import written


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment line of its own, without its `#`."""

    text: str

    def __post_init__(self) -> None:
        one_line(self.text, "comment")

    def __str__(self) -> str:
        return f"# {self.text}" if self.text else "#"


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line."""

    def __str__(self) -> str:
        return ""


Item: TypeAlias = Instruction | Comment | Blank


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
class Dockerfile:
    """A whole file, frozen: what it says, in the order it is written."""

    items: tuple[Item, ...]

    @classmethod
    def of(cls, *items: Item) -> Dockerfile:
        """A document from its parts. One without a stage is refused: some builders crash on it."""
        if not any(isinstance(item, From) for item in items):
            raise refuse("no-stage", "a Dockerfile needs a FROM", because="some builders crash on a file without one")
        return cls(items)

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions, in order."""
        return tuple(item for item in self.items if isinstance(item, Instruction))

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in order; what stands before the first `FROM` belongs to none."""
        starts = [number for number, node in enumerate(self.instructions) if isinstance(node, From)]
        ends = [*starts[1:], len(self.instructions)]
        return tuple(
            Stage(index, self.instructions[start:end])
            for index, (start, end) in enumerate(zip(starts, ends, strict=True))
        )

    def render(self) -> str:
        """The text: always the same bytes for equal documents."""
        return "".join(f"{written(item) if isinstance(item, Instruction) else item}\n" for item in self.items)
