"""Which version of BuildKit's Dockerfile frontend learned what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.instructions import Add, Copy, Run
from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.instructions import Instruction
    from mlcontainers.dockerfile.scopes import Place, View

NEWEST = "1.26"
"""The version that the grammar was read from."""
_FLAG_SINCE = {
    ("COPY", "chmod"): (1, 2), ("ADD", "chmod"): (1, 2), ("COPY", "link"): (1, 4), ("ADD", "link"): (1, 4),
    ("COPY", "parents"): (1, 20), ("COPY", "exclude"): (1, 19), ("ADD", "exclude"): (1, 19),
    ("ADD", "keep-git-dir"): (1, 1), ("ADD", "checksum"): (1, 6), ("ADD", "unpack"): (1, 17),
    ("RUN", "security"): (1, 20), ("RUN", "mount"): (1, 2), ("RUN", "network"): (1, 1),
    ("HEALTHCHECK", "start-interval"): (1, 6),
}  # fmt: skip


def too_new(view: View, frontend: str) -> Iterator[tuple[Place, Problem]]:
    """What an older frontend would not know."""
    asked = _version(frontend)
    for place in view.places:
        for what, since in _needs(place.node):
            if since > asked:
                name = ".".join(map(str, since))
                because = f"it came with frontend {name}, and {frontend} shall read the file"
                hint = f"# syntax=docker/dockerfile:{name}"
                yield place, Problem("old-frontend", "error", "", f"{what} is too new", (because,), (hint,))


def _needs(node: Instruction) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in dict.fromkeys(name for name, _ in node.flags):
        if since := _FLAG_SINCE.get((node.keyword, name)):
            yield f"{node.keyword} --{name}", since
    if isinstance(node, Run) and any(mount.type == "secret" and mount.get("env") for mount in node.mounts):
        yield "the mount option env", (1, 10)
    if isinstance(node, Run | Copy | Add) and node.heredocs:
        yield "a heredoc", (1, 4)
    if isinstance(node, Copy | Add) and node.chmod and not node.chmod.isdigit() and "$" not in node.chmod:
        yield f"--chmod={node.chmod}", (1, 14)


def _version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    minor = minor.partition(".")[0]
    if not (major.isdigit() and minor.isdigit() and text.isascii()):
        raise InvalidValueError(
            Problem("bad-version", "error", "", f"{text!r} is no version of a frontend", (), (f"as in {NEWEST}",))
        )
    return int(major), int(minor)
