"""The canonical form of a whole file: instructions as section 14 of the grammar has them, comments tidied.

Comments inside an instruction move above it: there every tool reads them, inside not all do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Instruction
from mlcontainers.dockerfile.items import Blank, Comment, trusted_comment
from mlcontainers.dockerfile.lexer import inner_comments
from mlcontainers.dockerfile.refusals import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.instructions import Source
    from mlcontainers.dockerfile.items import Item


def tidied(items: tuple[Item, ...], escape: str) -> Iterator[Item]:
    """The items as they shall stand."""
    below_heredoc = False
    for item in items:
        if isinstance(item, Instruction):
            yield from _hoisted(item.source, escape)
            yield item
        elif isinstance(item, Comment):
            if below_heredoc:
                yield Blank()  # hadolint 2.15 refuses a comment right below a heredoc.
            yield trusted_comment(item.text.rstrip(BLANKS))
        else:
            yield item
        below_heredoc = isinstance(item, Instruction) and bool(item.heredocs)


def _hoisted(source: Source | None, escape: str) -> Iterator[Comment]:
    if source is None or source.end_line == source.start_line:
        return
    for text in inner_comments(source.text, escape):
        # What was no directive inside the instruction must not become one above it.
        yield trusted_comment(f"# {text}" if "=" in text else text)
