"""Reading loses nothing and raises nothing but its own error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers.dockerfile import Cmd, Comment, Copy, Dockerfile, Env, Instruction, Item, Run, ShellForm, Word, check
from mlcontainers.dockerfile.lexer import inner_comments
from mlcontainers.dockerfile.refusals import BLANKS
from mlcontainers.errors import InvalidDockerfileError
from tests.dockerfile.test_cases import CASES

_SEEDS = [path.read_bytes().decode() for path in CASES]
_SNIPPETS = (
    "\n", "\r\n", "\\\n", "`\n", " ", "\t", "\v", '"', "'", "\\", "`", "$", "${", "}", "#", "[", "]", ",", "=", "--",
    "--x=", "<<E", "<<-E", "<< E", "E\n", "FROM y\n", "RUN ", "\ufeff", "\x85", "\u2028", "\x1c", "\0", "é", "\udcff",
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A case with a few cuts and insertions."""
    text = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        text = text[:start] + draw(st.sampled_from(_SNIPPETS)) + text[end:]
    return text


def parsed(content: str | bytes) -> Dockerfile | None:
    """The document, or nothing where it is refused in the proper way."""
    try:
        return Dockerfile.parse(content)
    except InvalidDockerfileError as error:
        assert error.problems
        assert all(problem.span and problem.where.startswith("Dockerfile:") for problem in error.problems)
        return None


def _comments(document: Dockerfile) -> list[str]:
    """The texts of all comments, those inside instructions before those that follow."""
    found: list[str] = []
    for item in document.items:
        if isinstance(item, Comment):
            found.append(item.text)
        elif isinstance(item, Instruction) and item.source:
            found += inner_comments(item.source.text, document.escape)
    return [text.strip(BLANKS + "#") for text in found]


class TestReadingLosesNothing:
    """`parse(text).render() == text` for every text that parses."""

    @settings(max_examples=300, deadline=None)
    @given(mutated() | st.text())
    def test_text(self, text: str) -> None:
        document = parsed(text)

        assert document is None or document.render() == text

    @settings(max_examples=100, deadline=None)
    @given(st.binary() | mutated().map(lambda text: b"FROM x\n" + text.encode("utf-8", "surrogateescape")))
    def test_bytes(self, content: bytes) -> None:
        document = parsed(content)

        assert document is None or document.encode() == content

    @settings(max_examples=100, deadline=None)
    @given(mutated())
    def test_checking_never_fails(self, text: str) -> None:
        problems = check(text)

        assert parsed(text) is not None or any(problem.severity == "error" for problem in problems)

    @settings(max_examples=100, deadline=None)
    @given(mutated())
    def test_the_lines_of_all_items_are_the_file(self, text: str) -> None:
        document = parsed(text)
        if document is None:
            return
        line = 1
        for item in document.items:
            written = _text(item)
            if isinstance(item, Instruction) and item.source:
                lines = written.removesuffix("\n").split("\n")
                span = item.span
                assert span
                assert (span.start_line, span.end_line) == (line, line + len(lines) - 1)
                first = lines[0].removeprefix("\ufeff")[span.start_column - 1]
                assert first in {item.source.keyword[0], document.escape}
                assert len(lines[-1].rstrip("\r").removeprefix("\ufeff")) == span.end_column
            line += written.count("\n")

    @settings(max_examples=100, deadline=None)
    @given(mutated())
    def test_the_canonical_form_means_the_same(self, text: str) -> None:
        document = parsed(text)
        if document is None:
            return
        try:
            formatted = document.formatted()
        except InvalidDockerfileError as error:
            assert {problem.code for problem in error.problems} <= {"bad-flag", "cannot-be-written", "bad-pair"}
            return

        assert formatted.instructions == document.instructions
        assert formatted.directives == document.directives
        assert formatted.formatted().render() == formatted.render()
        assert _comments(formatted) == _comments(document)


def _text(item: Item) -> str:
    """The lines that an item was read from."""
    text = (item.source and item.source.text) if isinstance(item, Instruction) else item.written
    assert text
    return text


def one(text: str) -> object:
    """The one instruction behind `FROM`."""
    document = Dockerfile.parse(f"FROM x\n{text}\n")
    assert len(document.instructions) == 2
    return document.instructions[1]


class TestSurprises:
    """Things that builders do and people do not expect."""

    def test_a_comment_inside_quotes_vanishes_too(self) -> None:
        assert one('RUN echo "a \\\n  # hi\n  b"') == Run(ShellForm(('echo "a ', '  b"')))

    def test_the_old_form_takes_the_rest_of_the_line(self) -> None:
        assert one('ENV a b = "c"') == Env((("a", Word('b\\ =\\ "c"')),))

    def test_a_blank_behind_the_equals_sign_is_refused(self) -> None:
        with pytest.raises(InvalidDockerfileError):
            one("ENV a= b")

    def test_quotes_protect_no_blanks_in_paths(self) -> None:
        node = one('COPY "a b" /c/')
        assert isinstance(node, Copy)
        assert node.sources == ('"a', 'b"')

    def test_a_next_line_character_is_a_blank_in_values(self) -> None:
        node = one("ENV A=1\x85B=2")
        assert isinstance(node, Env)
        assert [name for name, _ in node.pairs] == ["A", "B"]

    def test_a_file_separator_is_no_blank(self) -> None:
        node = one("ENV A=1\x1cB=2")
        assert isinstance(node, Env)
        assert [name for name, _ in node.pairs] == ["A"]

    def test_a_flag_behind_the_arguments_is_an_argument(self) -> None:
        node = one("COPY a --from=b c/")
        assert isinstance(node, Copy)
        assert node.sources == ("a", "--from=b")

    def test_two_dashes_end_the_flags(self) -> None:
        node = one("CMD -- --x")
        assert isinstance(node, Cmd)
        assert str(node.command) == "--x"

    @pytest.mark.parametrize("text", ["CMD [NaN]", 'CMD ["a",]', "CMD ['a']", 'CMD ["a"] b', 'CMD ["\t"]'])
    def test_what_is_no_json_is_shell(self, text: str) -> None:
        node = one(text)
        assert isinstance(node, Cmd)
        assert isinstance(node.command, ShellForm)

    def test_half_a_surrogate_becomes_a_replacement(self) -> None:
        assert one('CMD ["\\ud800"]') == Cmd.exec("\ufffd")

    def test_bytes_that_are_no_utf8_are_kept(self) -> None:
        content = b"FROM x\nRUN echo \xff\n"

        assert Dockerfile.parse(content).encode() == content

    def test_a_backtick_escapes_where_the_file_says_so(self) -> None:
        document = Dockerfile.parse('# escape=`\nFROM x\nENV A="`"q`"" B=c:\\x C=a` b\n')

        env = document.instructions[1]
        assert env == Env((("A", Word('"\\"q\\""')), ("B", Word("c:\\\\x")), ("C", Word("a\\ b"))))
        assert document.formatted().instructions == document.instructions


def test_a_line_of_65535_bytes_is_the_longest() -> None:
    head = "FROM x\nRUN "
    Dockerfile.parse(head + "a" * (65_535 - 4) + "\n")

    with pytest.raises(InvalidDockerfileError, match="long-line"):
        Dockerfile.parse(head + "a" * (65_536 - 4) + "\n")
