"""A Dockerfile: instructions, and the comments and blank lines between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Arg, From, Instruction
from mlcontainers.dockerfile.items import Blank, Comment, Directive, Item
from mlcontainers.dockerfile.lexer import read_directive
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.dockerfile.render import written
from mlcontainers.errors import InvalidDockerfileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dockerfile_parse import DockerfileParser

    from mlcontainers.dockerfile.resolving import Resolution
    from mlcontainers.dockerfile.words import Word


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
    """A whole file, frozen: what it says, in the order it is written.

    What was read renders as it stood, byte for byte; what was made or changed renders in canonical form.
    """

    items: tuple[Item, ...]

    @classmethod
    def of(cls, *items: Item) -> Dockerfile:
        """A document from its parts. One without a stage is refused: some builders crash on it."""
        _check_order(items)
        _check_head(items)
        return cls(items)

    @classmethod
    def parse(cls, content: str | bytes) -> Dockerfile:
        """Read a file; `render` gives the same text back. All problems are in the one error it may raise."""
        from mlcontainers.dockerfile.parser import read

        items, problems = read(content)
        if problems:
            raise InvalidDockerfileError(*problems)
        return cls(items)

    @classmethod
    def from_dockerfile_parse(cls, parser: DockerfileParser) -> Dockerfile:
        """The document that a parser of the package dockerfile-parse holds, read by us."""
        content: object = parser.content
        return cls.parse(content if isinstance(content, str | bytes) else "")

    def to_dockerfile_parse(self) -> DockerfileParser:
        """This document for tools that want a `DockerfileParser`: in memory, no file is touched."""
        from mlcontainers.dockerfile.interchange import parser_of

        return parser_of(self.render())

    @classmethod
    def from_json(cls, data: object) -> Dockerfile:
        """The document of a tree as `to_json` gives it; refused where parts and text do not say the same."""
        from mlcontainers.dockerfile.tree import from_json

        return from_json(data)

    def to_json(self) -> dict[str, object]:
        """The whole tree as data for `json.dumps`, in the form of `docs/dockerfile.schema.json`."""
        from mlcontainers.dockerfile.tree import to_json

        return to_json(self)

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

    def render(self) -> str:
        """The text: always the same bytes for equal documents that were made; as it stood where it was read."""
        escape = self.escape
        parts = [_text(item, escape) for item in self.items]
        # A file may end without a line end; what is put behind it needs one.
        parts[:-1] = [part if part[-1:] == "\n" else part + "\n" for part in parts[:-1]]
        return "".join(parts)

    def encode(self) -> bytes:
        """The file's bytes, also where it was read from bytes that are no UTF-8."""
        return self.render().encode("utf-8", "surrogateescape")

    def formatted(self) -> Dockerfile:
        """The same document with every line in canonical form; refused where that would mean something else.

        Comments inside an instruction move above it.
        """
        from mlcontainers.dockerfile.formatting import tidied

        escape = self.escape
        text = "".join([_fresh(item, escape) + "\n" for item in tidied(self.items, escape)])
        formatted = Dockerfile.parse(text)
        if formatted.instructions != self.instructions or formatted.directives != self.directives:
            pairs = zip(self.instructions, formatted.instructions, strict=False)
            lost = next((node for node, again in pairs if node != again), self.instructions[-1])
            what = f"{written(lost, escape)!r} would be read as something else"
            raise refuse("cannot-be-written", what, because="no canonical form says the same")
        return formatted

    def replace(self, old: Instruction, new: Instruction) -> Dockerfile:
        """This document with another instruction in the place of one: the rest keeps its bytes."""
        position = self._position(old)
        return self._edited(position, position + 1, new)

    def replace_all(self, changes: Iterable[tuple[Instruction, Instruction]]) -> Dockerfile:
        """This document with several instructions replaced at once, as pairs of old and new."""
        items = list(self.items)
        for old, new in changes:
            position = self._position(old)
            items[position] = _without_source(new)
            _check_readable(new, self.escape)
        _check_order(tuple(items))
        return Dockerfile(tuple(items))

    def insert_before(self, node: Instruction, *items: Item) -> Dockerfile:
        """This document with more items above an instruction and the comments that belong to it."""
        position = self._position(node)
        while position and isinstance(self.items[position - 1], Comment):
            position -= 1
        return self._edited(position, position, *items)

    def insert_after(self, node: Instruction, *items: Item) -> Dockerfile:
        """This document with more items right below an instruction."""
        position = self._position(node) + 1
        return self._edited(position, position, *items)

    def append(self, *items: Item) -> Dockerfile:
        """This document with more items at its end."""
        return self._edited(len(self.items), len(self.items), *items)

    def remove(self, node: Instruction) -> Dockerfile:
        """This document without an instruction."""
        position = self._position(node)
        return self._edited(position, position + 1)

    def with_base(self, image: str, *, stage: int | str = -1) -> Dockerfile:
        """This document with another base image; the stage by index or name, the last if none is said."""
        base = self.stage(stage).base
        return self.replace(base, replace(base, image=image))

    def with_flag(self, node: Instruction, name: str, value: str | bool | tuple[str, ...] | None = True) -> Dockerfile:
        """This document with a flag of an instruction set, such as `platform` or `chown`, or taken away with `None`.

        `link`, `parents` and the like take True or False; `mount`, `device` and `exclude` a tuple of texts.
        """
        from mlcontainers.dockerfile.editing import with_flag

        return self.replace(node, with_flag(node, name, value))

    def with_env(self, name: str, value: str | Word, *, stage: int | str = -1) -> Dockerfile:
        """This document with a variable set where a stage sets it last; else above the stage's first step.

        A `str` means its text; `Word.template` lets the builder expand variables.
        """
        from mlcontainers.dockerfile.editing import with_env

        return with_env(self, name, value, stage)

    def with_label(self, name: str, value: str | Word, *, stage: int | str = -1) -> Dockerfile:
        """This document with a label set where a stage sets it last; else at the stage's end."""
        from mlcontainers.dockerfile.editing import with_label

        return with_label(self, name, value, stage)

    def with_arg(self, name: str, default: str | Word | None = None, *, stage: int | str | None = None) -> Dockerfile:
        """This document with another default of an ARG, which is added if need be.

        It is one above the first FROM unless a stage is named.
        """
        from mlcontainers.dockerfile.editing import with_arg

        return with_arg(self, name, default, stage)

    def rename_stage(self, stage: int | str, name: str) -> Dockerfile:
        """This document with a stage and all that refer to it renamed.

        Refused where another stage or an image has that name, or where the old one is in an ONBUILD or an ARG.
        """
        from mlcontainers.dockerfile.editing import rename_stage

        return rename_stage(self, stage, name)

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

    def resolve(
        self,
        build_args: Mapping[str, str] | None = None,
        *,
        platform: str = "linux/amd64",
        build_platform: str | None = None,
        target: int | str = -1,
        environments: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Resolution:
        """What the file comes to with these `--build-arg`s and `--platform`: values of variables, stages, their bases.

        `environments` are the variables that images from outside bring, by reference; what is not told is unset.
        The platform of the builder is the one that is built for, unless said otherwise.
        """
        from mlcontainers.dockerfile.resolving import resolve

        return resolve(self, build_args or {}, platform, build_platform or platform, target, environments or {})

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

    def _edited(self, start: int, end: int, *new: Item) -> Dockerfile:
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
        return Dockerfile(items)


def _text(item: Item, escape: str) -> str:
    if isinstance(item, Instruction):
        return item.source.text if item.source else _fresh(item, escape) + "\n"
    return item.written if item.written is not None else f"{item}\n"


def _fresh(item: Item, escape: str) -> str:
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
