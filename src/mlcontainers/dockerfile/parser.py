"""From text to a document, losing nothing: `parse(text).render() == text` for all that parses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlcontainers.dockerfile.heredocs import Heredoc, marks
from mlcontainers.dockerfile.heredocs import trusted as trusted_heredoc
from mlcontainers.dockerfile.instructions import Arg, From, Instruction, Source, Unreadable
from mlcontainers.dockerfile.instructions.instruction import trusted
from mlcontainers.dockerfile.items import Blank, Directive, Item, as_written, trusted_comment
from mlcontainers.dockerfile.lexer import (
    BOM,
    SyntaxRefusal,
    join,
    overlong,
    physical_lines,
    read_directive,
    split,
    split_flags,
    split_keyword,
)  # fmt: skip
from mlcontainers.dockerfile.locating import located
from mlcontainers.dockerfile.readers import READERS, reader_of
from mlcontainers.dockerfile.reading import Lines, is_json
from mlcontainers.dockerfile.refusals import BLANKS
from mlcontainers.errors import InvalidDockerfileError, Problem, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlcontainers.dockerfile.heredocs import Mark

_tuple: Callable[[type[Source], tuple[object, ...]], Source] = tuple.__new__  # pyright: ignore
_WITH_HEREDOCS = frozenset(("RUN", "COPY", "ADD"))


class Read(NamedTuple):
    """What a text says, and what is wrong with it; where something is, unreadable parts stand as they are."""

    items: tuple[Item, ...]
    problems: tuple[Problem, ...]


def decode(content: str | bytes) -> str:
    """The text: bytes that are no UTF-8 are kept as they are, since builders take them."""
    return content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else content


def read(content: str | bytes) -> Read:
    """Every item of a text and every problem that keeps a builder from reading it."""
    text = decode(content)
    if not text.isascii() and (wrong := _not_utf8(text)):
        return Read((), (wrong,))
    reader = _Reader(text)
    reader.read()
    return Read(tuple(reader.items), tuple(reader.problems))


def _not_utf8(text: str) -> Problem | None:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        what = "the text holds half a surrogate pair, which no file can hold"
        return Problem("not-utf8", "error", f"Dockerfile:{line}", what, span=Span(line, line))
    return None


class _Reader:
    """One walk through the lines; every method reads one kind of item and moves on."""

    def __init__(self, text: str) -> None:
        self.lines = physical_lines(text)
        self.open_line = -1 if text.endswith("\n") else len(self.lines)
        """The last line, if it has no line end."""
        self.escape = "\\"
        self.may_continue = "\\` \t"
        """What a line that goes on can end with; most lines do not."""
        self.plain = Lines(self.escape)
        """For instructions of one physical line."""
        self.position = 0
        self.items: list[Item] = []
        self.problems: list[Problem] = []
        self.started = False

    def read(self) -> None:
        for number in overlong(self.lines):
            self.refuse("long-line", "the line is longer than 65535 bytes, the most a builder reads", number, number)
        self.directives()
        lines, count, items = self.lines, len(self.lines), self.items
        while self.position < count:
            line = lines[self.position]
            if not "A" <= line[:1] <= "z":  # Anything but a line that begins with a letter.
                line = (line.removeprefix(BOM) if self.position == 0 else line).rstrip("\r").lstrip(BLANKS)
                if not line:
                    items.append(as_written(Blank(), self.taken(self.position + 1)))
                    continue
                if line[0] == "#":
                    text = line[2:] if line[1:2] == " " else line[1:]
                    items.append(as_written(trusted_comment(text), self.taken(self.position + 1)))
                    continue
            elif line[-1] == "\r":
                line = line.rstrip("\r")
            self.instruction(line)
        self.structure()

    def directives(self) -> None:
        """The unbroken run of directives at the top."""
        seen: set[str] = set()
        while self.position < len(self.lines):
            line = self.lines[self.position]
            found = read_directive(line.removeprefix(BOM) if self.position == 0 else line)
            if not found:
                return
            name, value = found
            number = self.position + 1
            if name in seen:
                self.refuse("directive-twice", f"the directive {name} stands here a second time", number, number)
            elif name == "escape" and value not in {"\\", "`"}:
                self.refuse("bad-escape", f"escape must be a backslash or a backtick, got {value!r}", number, number)
            elif name == "escape":
                self.escape, self.plain = value, Lines(value)
            seen.add(name)
            self.items.append(_directive(name, value, self.taken(self.position + 1)))

    def instruction(self, line: str) -> None:
        """An instruction with its continuation lines and the heredocs below it."""
        start = self.position
        if line[-1] in self.may_continue:
            text, parts, end, empty, open_end = join(self.lines, start, self.escape, line)
        else:
            text, parts, end, empty, open_end = line, (), start + 1, False, False
        keyword, flags, arguments = split(text, self.escape)
        lines = self.plain
        if "<<" in text:
            heredocs, end = self.heredocs(_opened(keyword, arguments, text, self.escape), start, end)
            lines = Lines(self.escape, text, parts, heredocs)
        elif parts:
            lines = Lines(self.escape, text, parts)
        # tuple.__new__ spares the cost of names and defaults.
        source = _tuple(Source, (self.taken(end), start + 1, end, keyword, arguments, flags, empty, open_end))
        try:
            node = (READERS.get(keyword) or reader_of(keyword))(source, lines)
        except InvalidDockerfileError as error:
            self.problems += [located(problem, source) for problem in error.problems]
            node = trusted(Unreadable, source, word=keyword, text=split_keyword(text)[1])
        self.items.append(node)

    def heredocs(self, opened: list[Mark], start: int, end: int) -> tuple[tuple[Heredoc, ...], int]:
        """The bodies below an instruction, and the line behind the last of them."""
        found: list[Heredoc] = []
        for mark in opened:
            body = self.heredoc(end, mark)
            if body is None:
                self.open_heredoc(mark, start, end)
                return tuple(found), len(self.lines)  # All that follows would be its body.
            heredoc, end = body
            found.append(heredoc)
        return tuple(found), end

    def heredoc(self, start: int, mark: Mark) -> tuple[Heredoc, int] | None:
        """The body that begins at a line, and the line behind its end; `None` if it has none."""
        delimiter, _, chomp, _ = mark
        for position in range(start, len(self.lines)):
            line = self.lines[position].rstrip("\r")
            if (line.lstrip("\t") if chomp else line) == delimiter:
                body = "".join([body_line + "\n" for body_line in self.lines[start:position]])
                return trusted_heredoc(body, mark), position + 1
        return None

    def open_heredoc(self, mark: Mark, start: int, end: int) -> None:
        delimiter = mark[0]
        hints = [f"end it with a line that holds {delimiter} and nothing else"]
        if not delimiter.replace("_", "").isalnum():
            hints = [f"the delimiter goes up to the next blank, so here it is {delimiter}: put a blank behind it"]
        elif delimiter.isdigit():
            hints = ["in arithmetic, write << without blanks around it, as in $((1<<4))"]
        because = "<< at the start of a word opens a heredoc"
        self.refuse("open-heredoc", f"the heredoc {delimiter} has no end", start + 1, end, because, *hints)

    def structure(self) -> None:
        """What the file as a whole must have: something, a FROM, and only ARG before it."""
        early: list[Instruction] = []
        for item in self.items:
            if isinstance(item, Instruction):
                if _starts_stage(item):
                    break
                early.append(item)
        else:
            self.stageless(early)
            return
        for node in early:
            if not isinstance(node, Arg | Unreadable) and node.source:
                begin, end = node.source.start_line, node.source.end_line
                because = "an instruction belongs to the stage that a FROM starts"
                self.refuse("before-from", f"{node.keyword} stands before the first FROM", begin, end, because)

    def stageless(self, nodes: list[Instruction]) -> None:
        last = max(len(self.lines), 1)
        if not nodes:
            self.refuse("empty-file", "the file holds no instruction", 1, last, "", "FROM scratch")
        else:
            because = "some builders crash on a file without one"
            self.refuse("no-stage", "a Dockerfile needs a FROM", 1, last, because, "FROM scratch")

    def taken(self, end: int) -> str:
        """The lines up to `end` as they stand; the reader moves there."""
        start, self.position = self.position, end
        text = self.lines[start] if end - start == 1 else "\n".join(self.lines[start:end])
        return text if end == self.open_line else text + "\n"

    def refuse(self, code: str, what: str, start: int, end: int, because: str = "", *hints: str) -> None:
        span = Span(start, end)
        causes = (because,) if because else ()
        self.problems.append(Problem(code, "error", f"Dockerfile:{start}", what, causes, hints, span))


def _opened(keyword: str, arguments: str, text: str, escape: str) -> list[Mark]:
    """The heredocs that a logical line opens."""
    try:
        return marks(text) if _may_open(keyword, arguments, escape) else []
    except SyntaxRefusal:
        return []  # Whoever reads the instruction says it again, with its place.


def _may_open(keyword: str, arguments: str, escape: str) -> bool:
    """Whether builders look for heredocs here: in RUN, COPY and ADD that are not in the JSON form."""
    word = keyword.upper()
    if word == "ONBUILD":
        word, rest = split_keyword(arguments)
        word, arguments = word.upper(), split_flags(rest, escape)[1]
    return word in _WITH_HEREDOCS and not is_json(arguments)


def _starts_stage(node: Instruction) -> bool:
    """A FROM, even one that cannot be read: the problem is told once."""
    return isinstance(node, From) or (isinstance(node, Unreadable) and node.word.upper() == "FROM")


def _directive(name: str, value: str, text: str) -> Directive:
    directive = object.__new__(Directive)
    object.__setattr__(directive, "name", name)
    object.__setattr__(directive, "value", value)
    return as_written(directive, text)
