"""What all instructions share: a keyword, flags, arguments, and perhaps the lines they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias, TypeVar

from mlcontainers.dockerfile.refusals import BLANKS
from mlcontainers.errors import Span

if TYPE_CHECKING:
    from mlcontainers.dockerfile.heredocs import Heredoc

Flag: TypeAlias = tuple[str, str | None]
"""Name and value of a flag; `None` for a bare one such as `--link`."""


class Source(NamedTuple):
    """The lines an instruction was read from, as they stand."""

    text: str
    """All physical lines with their line ends, heredoc bodies included."""
    start_line: int
    end_line: int
    keyword: str
    """As written, in whatever case."""
    arguments: str
    """The joined line behind the keyword and its flags."""
    flags: tuple[str, ...] = ()
    """As read: without quotes, `--` in front."""
    empty_continuation: bool = False
    """Whether a blank line stands inside it."""
    open_end: bool = False
    """Whether it waits for another line that the file does not have: one put below would become part of it."""

    @property
    def span(self) -> Span:
        """First and last physical line, from the keyword to the last character of the last line."""
        text = self.text.removeprefix("\ufeff")
        column = len(text) - len(text.lstrip(BLANKS)) + 1
        last = text.removesuffix("\n").rpartition("\n")[2].rstrip("\r")
        return Span(self.start_line, self.end_line, column, len(last))


@dataclass(frozen=True)
class Instruction:  # Without slots, so that `trusted` can fill it in one step.
    """One instruction. Equal instructions mean the same, wherever they stand."""

    source: Source | None = field(default=None, init=False, compare=False, repr=False)
    """What it was read from; `None` where it was made. `dataclasses.replace` leaves it behind."""

    keyword: ClassVar[str]

    @property
    def span(self) -> Span | None:
        """The physical lines it was read from, heredocs included; `None` where it was made."""
        return self.source.span if self.source else None

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The flags, in the order they are written."""
        return ()

    @property
    def arguments(self) -> str:
        """All that follows the keyword and its flags, in canonical form, without heredoc bodies."""
        raise NotImplementedError

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        """The texts that stand below it, in order."""
        return ()


I = TypeVar("I", bound=Instruction)  # noqa: E741


def trusted(kind: type[I], source: Source | None, **values: object) -> I:
    """An instruction that a reader knows to be well-formed: its constructor may be stricter than builders.

    Fields that have a default may be left out.
    """
    node = object.__new__(kind)
    values["source"] = source
    # Several times faster than setting the fields of a frozen value one by one; parsing is mostly this.
    node.__dict__.update(values)
    return node


@dataclass(frozen=True)
class Unreadable(Instruction):
    """Something in an instruction's place that no builder reads, kept as it stands.

    It is met where builders do not look: as the trigger of an `ONBUILD`.
    """

    keyword: ClassVar[str] = ""
    word: str
    text: str = ""

    @property
    def arguments(self) -> str:
        return self.text
