"""What a file comes to when it is built: the value of every variable at every point, and which stage needs which.

Scopes are those of BuildKit: ARGs above the first FROM serve FROM lines and are imported by `ARG name`; a stage
takes over what the stage below it has set; a build argument wins wherever it is declared.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError, expand
from mlcontainers.dockerfile.instructions import Arg, Copy, Env, From, Instruction, Run
from mlcontainers.dockerfile.locating import located
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.dockerfile.document import Document

_NUMBER = re.compile("[0-9]+").fullmatch


@dataclass(frozen=True)
class ResolvedStage:
    """A stage with its variables known."""

    index: int
    name: str | None
    base: str | None
    """The base image or the stage's name, expanded; `None` where it cannot be."""
    base_stage: int | None
    """The stage it is built on; `None` for an image or `scratch`."""
    platform: str | None
    """What `--platform` comes to; `None` where it is not given."""
    needs: tuple[int, ...]
    """The stages it is built on or copies from, in order."""
    images: tuple[str, ...]
    """The images from outside it is built on or copies from, in order."""
    environment: Mapping[str, str]
    """The variables that its `ENV` leave in the image, those of the stages below it included."""


class Resolution:
    """A document under given build arguments and a platform; ask it with an instruction of the document.

    Made by `Dockerfile.resolve`.
    """

    def __init__(
        self,
        document: Document,
        scopes: list[_Scope],
        stages: tuple[ResolvedStage, ...],
        problems: tuple[Problem, ...],
    ) -> None:
        self.document = document
        self.stages = stages
        """Every stage, in order."""
        self.problems = problems
        """The texts that cannot be expanded with these arguments."""
        self._scopes = scopes
        self._places: dict[int, tuple[int, int]] = {}

    def value(self, name: str, at: Instruction) -> str | None:
        """The value of a variable as an instruction sees it; `None` where the file sets none, a base image may."""
        scope, position = self._place(at)
        return scope.value(name, position)

    def variables(self, at: Instruction) -> dict[str, str]:
        """All variables that an instruction sees and that are set, by name."""
        scope, position = self._place(at)
        return dict(sorted(scope.values(position).items()))

    def expand(self, text: str, at: Instruction) -> str:
        """A text with its quotes read and its variables replaced, as if it stood in this instruction."""
        scope, position = self._place(at)
        try:
            return scope.expand(text, position, self.document.escape)
        except BadExpansionError as error:
            raise refuse("bad-expansion", f"{text!r} cannot be expanded", because=str(error)) from None

    def needed(self, stage: int | str = -1) -> tuple[int, ...]:
        """The stages that building one takes, itself included, in order; the last stage if none is said."""
        waiting, found = [self.document.stage(stage).index], set[int]()
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += self.stages[index].needs
        return tuple(sorted(found))

    def _place(self, node: Instruction) -> tuple[_Scope, int]:
        if not self._places:
            self._places = {id(known): (stage, position) for known, stage, position in _walk(self.document)}
        if id(node) not in self._places:
            what = f"this {node.keyword} is not in the document that was resolved"
            raise refuse("no-such-instruction", what, "take it from .instructions of that document")
        stage, position = self._places[id(node)]
        # A FROM sees the ARGs above the first one, whatever the stages hold.
        return self._scopes[0 if isinstance(node, From) else stage + 1], position


@dataclass
class _Scope:
    """The variables of a stage: each with its values and where they were set; what is not here is below."""

    below: _Scope | None = None
    outside: Mapping[str, str] = field(default_factory=dict[str, str])
    history: dict[str, list[tuple[int, str]]] = field(default_factory=dict[str, list[tuple[int, str]]])

    def set(self, name: str, value: str, position: int) -> None:
        """From the instruction behind `position` on."""
        self.history.setdefault(name, []).append((position, value))

    def value(self, name: str, position: float) -> str | None:
        """What an instruction at `position` sees."""
        scope = self
        while True:  # A loop, since stages may stand on each other thousands deep.
            changes = scope.history.get(name, [])
            before = bisect_left(changes, position, key=lambda change: change[0])
            if before:
                return changes[before - 1][1]
            if scope.below is None:
                return scope.outside.get(name)
            scope, position = scope.below, float("inf")

    def values(self, position: float) -> dict[str, str]:
        """All that are set."""
        names = set(self.history)
        scope = self
        while scope.below is not None:
            scope = scope.below
            names.update(scope.history)
        found = {name: self.value(name, position) for name in names.union(scope.outside)}
        return {name: value for name, value in found.items() if value is not None}

    def expand(self, text: str, position: float, escape: str) -> str:
        """A text as an instruction at `position` reads it."""
        return expand(text, lambda name: self.value(name, position), escape)


def resolve(
    document: Document,
    build_args: Mapping[str, str] | None = None,
    *,
    platform: str = "linux/amd64",
    build_platform: str | None = None,
    target: int | str = -1,
    environments: Mapping[str, Mapping[str, str]] | None = None,
) -> Resolution:
    """See `Dockerfile.resolve`."""
    build_args = build_args or {}
    walk = _Walk(document, build_args, environments or {})
    predefined = {**_platform_args("BUILD", build_platform or platform), **_platform_args("TARGET", platform)}
    predefined["TARGETSTAGE"] = document.stage(target).name or "default"
    for name, value in predefined.items():
        walk.scopes[0].set(name, build_args.get(name, value), -1)
    for node, stage, position in _walk(document):
        walk.step(node, stage, position)
    walk.end_stage()
    return Resolution(document, walk.scopes, tuple(walk.stages), tuple(walk.problems))


def _platform_args(side: str, platform: str) -> dict[str, str]:
    parts = platform.split("/")
    os, arch, variant = (*parts, "", "")[:3] if len(parts) > 1 else ("linux", parts[0], "")
    values = {"PLATFORM": platform, "OS": os, "ARCH": arch, "VARIANT": variant, "OSVERSION": ""}
    return {side + part: value for part, value in values.items()}


def _walk(document: Document) -> Iterator[tuple[Instruction, int, int]]:
    """Every instruction with its stage, -1 before the first, and its number in the file."""
    stage = -1
    for position, node in enumerate(document.instructions):
        stage += isinstance(node, From)
        yield node, stage, position


class _Walk:
    """One walk from the top of the file down."""

    def __init__(
        self, document: Document, build_args: Mapping[str, str], environments: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.escape = document.escape
        self.build_args = build_args
        self.environments = environments
        self.scopes = [_Scope()]
        """The global one, then one a stage."""
        self.stages: list[ResolvedStage] = []
        self.problems: list[Problem] = []
        self.names: dict[str, int] = {}
        """The last stage of each name so far."""
        self.base: tuple[From, str | None, int | None] | None = None
        self.needs: list[int] = []
        self.images: list[str] = []
        self.environment: dict[str, str] = {}

    def step(self, node: Instruction, stage: int, position: int) -> None:
        match node:
            case From():
                self.end_stage()
                self.start_stage(node, position)
            case Arg():
                self.arg(node, stage, position)
            case Env():
                self.env(node, position)
            case Copy() if node.from_:
                self.source(node.from_, stage, numbers=True)
            case Run():
                for mount in node.mounts:
                    self.source(mount.get("from") or "", stage, numbers=False)
            case _:
                return

    def start_stage(self, node: From, position: int) -> None:
        base = self.expanded(node, "the base image", node.image, self.scopes[0], position, self.escape)
        index = self.names.get(base) if base else None
        if base == "":
            self.refuse(node, f"the base image {node.image!r} comes to nothing", "no value is known for it")
            base = None
        scope = (
            _Scope(self.scopes[index + 1])
            if index is not None
            else _Scope(outside=self.environments.get(base or "", {}))
        )
        self.scopes.append(scope)
        self.base = (node, base, index)
        self.needs, self.images = [], []
        self.environment = dict(self.stages[index].environment) if index is not None else dict(scope.outside)
        if index is not None:
            self.needs.append(index)
        elif base and base != "scratch":
            self.images.append(base)

    def end_stage(self) -> None:
        if self.base is None:
            return
        node, base, index = self.base
        platform = None
        if node.platform is not None:
            platform = self.expanded(node, "--platform", node.platform, self.scopes[0], float("inf"), self.escape)
        needs, images = tuple(dict.fromkeys(self.needs)), tuple(dict.fromkeys(self.images))
        number = len(self.stages)
        self.stages.append(ResolvedStage(number, node.name, base, index, platform, needs, images, self.environment))
        if node.name is not None:
            self.names[node.name] = len(self.stages) - 1

    def source(self, name: str, stage: int, *, numbers: bool) -> None:
        """What `COPY --from` or a mount names."""
        if not name or "$" in name:
            return
        index = int(name[:6]) if numbers and _NUMBER(name) else self.names.get(name.lower())
        if index is None:
            self.images.append(name)
        elif index < stage:
            self.needs.append(index)

    def arg(self, node: Arg, stage: int, position: int) -> None:
        scope = self.scopes[-1]
        for name, default in node.pairs:
            value = self.build_args.get(name)
            if value is None and default is not None:
                # The pairs of one ARG see each other, from left to right.
                value = self.expanded(node, name, default.raw, scope, position + 0.5, "\\")
            if value is None and default is None and stage >= 0:
                value = self.scopes[0].value(name, float("inf"))
            if value is not None:
                scope.set(name, value, position)

    def env(self, node: Env, position: int) -> None:
        scope = self.scopes[-1]
        for key, word in node.pairs:
            name = self.expanded(node, f"the name {key}", key, scope, position, "\\")
            value = self.expanded(node, key, word.raw, scope, position, "\\")
            if name is not None and value is not None:
                scope.set(name, value, position)
                self.environment[name] = value

    def expanded(
        self, node: Instruction, what: str, text: str, scope: _Scope, position: float, escape: str
    ) -> str | None:
        try:
            return scope.expand(text, position, escape)
        except BadExpansionError as error:
            self.refuse(node, f"{what} {text!r} cannot be expanded", str(error), part=text)
            return None

    def refuse(self, node: Instruction, what: str, because: str, part: str = "") -> None:
        problem = Problem("bad-expansion", "error", "", what, (because,), part=part)
        self.problems.append(located(problem, node.source))
