"""Each case is a file that a person can read, and beside it what we make of it.

`python -m tests.dockerfile.test_cases` writes the outcomes anew: read the difference before you keep it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlcontainers.dockerfile import Dockerfile, check
from mlcontainers.errors import InvalidDockerfileError

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Instruction

CASES = sorted((Path(__file__).parent / "cases").glob("*.Dockerfile"))


def outcome(content: bytes) -> str:
    """The instructions with their lines, or that it cannot be read; then all problems."""
    try:
        nodes = Dockerfile.parse(content).instructions
    except InvalidDockerfileError:
        lines = ["cannot be read"]
    else:
        lines = [_line(node) for node in nodes]
    lines += [f"{p.severity}[{p.code}] {p.where}: {p.what}" for p in check(content)]
    return "\n".join(lines) + "\n"


def _line(node: Instruction) -> str:
    assert node.span
    lines = f"{node.span.start_line}-{node.span.end_line}"
    return " ".join([lines, repr(node)])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_outcome(path: Path) -> None:
    content = path.read_bytes()

    assert outcome(content) == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_parses_renders_as_it_stood(path: Path) -> None:
    content = path.read_bytes()
    try:
        document = Dockerfile.parse(content)
    except InvalidDockerfileError:
        return

    assert document.encode() == content
    assert document.formatted().instructions == document.instructions


if __name__ == "__main__":
    for case in CASES:
        case.with_suffix(".txt").write_text(outcome(case.read_bytes()))
