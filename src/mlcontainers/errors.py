"""What can go wrong, as data that people and programs can read.

    MlcontainersError
    ├── InvalidValueError          a text that is not what it claims to be (also a ValueError)
    │   ├── InvalidImageError      an image that cannot exist: image.toml, Image(...), a layer
    │   └── InvalidDockerfileError a Dockerfile, or one instruction, that no builder would take
    ├── ImpossibleError            public facts rule the wish out
    ├── UnknownFactError           the catalogue has no such record
    ├── RefreshError               the package index does not answer, or tells what no rule covers
    └── EngineError                what happened between us and a Docker engine
        ├── EngineNotFoundError    no client, no buildx, or nobody answers
        ├── BuildFailedError       a build step, the base image, a push or an export failed
        └── VerifyFailedError      an image was built, and is not what was planned

Every one carries `problems`, all that were found; `str` is one rendering of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Where in a text: physical lines and columns, 1-based, both ends inclusive; 0 columns mean whole lines.

    A column is a character of the text; a byte-order mark is not counted.
    """

    start_line: int
    end_line: int
    start_column: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or worth knowing: what, because of what, and what to do about it."""

    code: str
    """Stable name, such as `no-wheel`; lower case words joined by dashes. Each has a page in the docs."""
    severity: Severity
    where: str
    """The place, in the user's words: `layers[1] (torch)`, `Dockerfile:12`, `base.python`; may be empty."""
    what: str
    because: tuple[str, ...] = ()
    """One sentence for each fact it rests on, with source and date where it has them."""
    hints: tuple[str, ...] = ()
    """Something to do or to paste, the best one first."""
    span: Span | None = None
    """Set where the problem lies in a text: the lines of the whole instruction."""
    point: Span | None = None
    """The very words it is about, where one can point at them."""
    part: str = field(default="", compare=False, repr=False)
    """These words, until it is known where they stand."""

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        lines += [f"  because: {cause}" for cause in self.because]
        lines += [f"  hint: {hint}" for hint in self.hints]
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The problem as data for programs; `line`, `end_line` and `point` are set where it lies in a text."""
        data: dict[str, object] = asdict(self)
        del data["span"], data["part"]
        lines = (self.span.start_line, self.span.end_line) if self.span else (None, None)
        return {**data, "line": lines[0], "end_line": lines[1]}


class MlcontainersError(Exception):
    """The root: catch this to catch everything that this library raises on purpose."""

    exit_code = 1
    """What the command line answers with: 1 the answer is no, 2 wrong use, 3 the engine failed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InvalidValueError(MlcontainersError, ValueError):
    """A text that is not what it claims to be. Text is checked once, on the way in."""

    exit_code = 2


class InvalidImageError(InvalidValueError):
    """A description of an image that cannot exist."""


class InvalidDockerfileError(InvalidValueError):
    """A Dockerfile, or an instruction, that no builder would take."""


class ImpossibleError(MlcontainersError):
    """Public facts rule the wish out; the hints are the nearest wishes that work."""


class UnknownFactError(MlcontainersError):
    """The catalogue has no such record. This says nothing about the world."""


class RefreshError(MlcontainersError):
    """New facts could not be read; the old ones are as they were."""

    exit_code = 3


class EngineError(MlcontainersError):
    """Something between us and a Docker engine failed."""

    exit_code = 3


class EngineNotFoundError(EngineError):
    """There is no Docker client, no buildx, or no engine that answers."""


class BuildFailedError(EngineError):
    """A build did not end well. The fields say where; `problems` say why."""

    def __init__(
        self,
        *problems: Problem,
        step: str = "",
        instruction: str = "",
        layer: str = "",
        process_exit_code: int | None = None,
        log_tail: tuple[str, ...] = (),
    ) -> None:
        super().__init__(*problems)
        self.step = step
        """The builder's own name of the step, such as `[2/5] RUN ...`; empty outside a step."""
        self.instruction = instruction
        """The Dockerfile instruction that failed, as written."""
        self.layer = layer
        """Which layer of the image wrote that instruction, such as `layers[1] (torch)`."""
        self.process_exit_code = process_exit_code
        """What the failing command exited with, where the builder says."""
        self.log_tail = log_tail
        """The last lines that the failing step printed."""


class VerifyFailedError(EngineError):
    """An image was built and does not do what was planned; it has got no name, and was not pushed."""

    def __init__(self, *problems: Problem, image: str = "") -> None:
        super().__init__(*problems)
        self.image = image
        """The id by which it can be looked into."""
