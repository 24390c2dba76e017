"""The laws that every instruction keeps, said once: every kind of node goes through the same."""

from __future__ import annotations

from dataclasses import replace

import mlcontainers.dockerfile as names
from mlcontainers.dockerfile import Arg, Dockerfile, From, Instruction
from mlcontainers.dockerfile.render import written


def assert_lawful(node: Instruction) -> None:
    """Equal to itself from its repr, copied, and read back; it never becomes a second instruction."""
    again = eval(repr(node), dict(vars(names)))
    assert again == node
    assert hash(again) == hash(node)
    assert replace(node) == node

    text, position = _file(node)
    document = Dockerfile.parse(text)
    assert document.render() == text
    assert len(document.instructions) == 2
    read = document.instructions[position]
    assert read == node
    assert read.keyword == node.keyword
    assert [doc.body for doc in read.heredocs] == [doc.body for doc in node.heredocs]
    assert written(read) == written(node)

    ticked = Dockerfile.parse("# escape=`\nFROM scratch\n")
    if not isinstance(node, From | Arg) and "`" not in text and "\\" not in text.replace("\\\n", ""):
        assert ticked.append(node).instructions[-1] == node


def _file(node: Instruction) -> tuple[str, int]:
    if isinstance(node, From):
        return f"{written(node)}\nRUN true\n", 0
    if isinstance(node, Arg):
        return f"{written(node)}\nFROM scratch\n", 0
    return f"FROM scratch\n{written(node)}\n", 1
