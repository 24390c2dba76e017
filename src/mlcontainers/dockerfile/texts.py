"""The texts of an instruction that a builder expands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlcontainers.dockerfile.expansion import Variable, parts, variables_in
from mlcontainers.dockerfile.heredocs import Heredoc
from mlcontainers.dockerfile.instructions import (
    Add,
    Arg,
    Copy,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Run,
    Stopsignal,
    User,
    Volume,
    Workdir,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator


class Text(NamedTuple):
    """One text, and how it is read."""

    what: str
    """What it is, in words."""
    raw: str
    escape: str
    quotes: bool = True
    """Whether quotes mean anything; in the body of a heredoc they do not."""

    def variables(self) -> tuple[Variable, ...]:
        """The variables in it, in order; raises BadExpansionError."""
        if not self.quotes:
            return variables_in(parts(self.raw, self.escape, quotes=False))
        if "$" not in self.raw and "'" not in self.raw and '"' not in self.raw:
            return ()
        return variables_in(parts(self.raw, self.escape))


def texts(node: Instruction, escape: str) -> Iterator[Text]:
    """Every text, in order; `escape` is that of the file."""
    match node:
        case From():
            yield Text("the base image", node.image, escape)
            yield Text("--platform", node.platform or "", escape)
        case Env() | Label():
            for name, value in node.pairs:
                # Words are spelled with a backslash, whatever the file says.
                yield Text(f"the name {name}", name, "\\")
                yield Text(name, value.raw, "\\")
        case Arg():
            for name, default in node.pairs:
                yield Text(name, default.raw if default else "", "\\")
        case Copy() | Add():
            checksum = node.checksum if isinstance(node, Add) else None
            for path in (*node.sources, node.destination, node.chown or "", node.chmod or "", checksum or ""):
                if not isinstance(path, Heredoc):
                    yield Text("a path or owner", path, escape)
                elif path.expand:
                    yield Text(f"the body of heredoc {path.delimiter}", path.content, "\\", quotes=False)
        case Workdir():
            yield Text("the path", node.path, escape)
        case User():
            yield Text("the user", node.user, escape)
        case Stopsignal():
            yield Text("the signal", node.signal, escape)
        case Volume():
            yield from (Text("a path", path, escape) for path in node.paths)
        case Expose():
            yield from (Text("a port", port, escape) for port in node.ports)
        case Run():
            for mount in node.mounts:
                options = [option for key, option in mount.options if key != "from"]
                yield from (Text("a mount option", option or "", escape) for option in options)
        case _:
            return
