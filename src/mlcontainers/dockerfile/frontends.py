"""Which version of BuildKit's Dockerfile frontend learned what, and what older ones make of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlcontainers.dockerfile.expansion import BadExpansionError
from mlcontainers.dockerfile.instructions import Add, Arg, Copy, Onbuild, Run
from mlcontainers.dockerfile.lexer import join, physical_lines, split_flags, split_keyword
from mlcontainers.dockerfile.reading import json_prefix
from mlcontainers.dockerfile.texts import texts
from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.dockerfile.instructions import Instruction
    from mlcontainers.dockerfile.scopes import Place, View
    from mlcontainers.errors import Severity

NEWEST = "1.26"
"""The version that the grammar was read from."""
Version = tuple[int, int]
_FLAG_SINCE: dict[tuple[str, str], Version] = {
    ("COPY", "chmod"): (1, 2), ("ADD", "chmod"): (1, 2), ("COPY", "link"): (1, 4), ("ADD", "link"): (1, 4),
    ("COPY", "parents"): (1, 20), ("COPY", "exclude"): (1, 19), ("ADD", "exclude"): (1, 19),
    ("ADD", "keep-git-dir"): (1, 1), ("ADD", "checksum"): (1, 6), ("ADD", "unpack"): (1, 17),
    ("RUN", "security"): (1, 20), ("RUN", "mount"): (1, 2), ("RUN", "network"): (1, 1),
    ("HEALTHCHECK", "start-interval"): (1, 6),
}  # fmt: skip
_OFFICIAL = re.compile(r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?::([0-9]+)(?:\.([0-9]+))?)?[^@]*").match
_GAP = re.compile(r"<<[\t\r ]+[^\s<]").search


class _Need(NamedTuple):
    """Something that a frontend older than `since` does not do, or does otherwise."""

    since: Version
    what: str
    instead: str
    """What an older one does; empty where it refuses."""
    part: str = ""


def asked_for(directives: Mapping[str, str], frontend: str) -> Version | None:
    """The version that reads the file: what `# syntax=` names, else the one given; `None` for another's frontend."""
    if "syntax" not in directives:
        return parse_version(frontend)
    official = _OFFICIAL(directives["syntax"])
    if not official:
        return None
    return (int(official[1]), int(official[2])) if official[2] else parse_version(NEWEST)


def too_new(view: View, asked: Version | None, directives: Mapping[str, str]) -> Iterator[tuple[Place, Problem]]:
    """What the frontend that reads the file refuses or reads otherwise than the newest one."""
    labs = "labs" in directives.get("syntax", "")
    for place in view.places:
        if isinstance(place.node, Run) and place.node.devices and not labs:
            because = "only the labs variant of the frontend knows it"
            hint = "# syntax=docker/dockerfile:1-labs"
            yield place, Problem("labs-only", "error", "", "RUN has no --device", (because,), (hint,), part="--device")
        for need in _needs(place.node, view.escape) if asked else ():
            if asked and need.since > asked:
                yield place, _problem(need, asked)


def _problem(need: _Need, asked: Version) -> Problem:
    since, reader = (".".join(map(str, version)) for version in (need.since, asked))
    hint = f"# syntax=docker/dockerfile:{since}"
    severity: Severity = "warning" if need.instead else "error"
    code = "read-differently" if need.instead else "old-frontend"
    because = f"it came with frontend {since}, and {reader} shall read the file"
    what = f"{need.what} is read differently: {need.instead}" if need.instead else f"{need.what} is too new"
    return Problem(code, severity, "", what, (because,), (hint,), part=need.part)


def _needs(node: Instruction, escape: str) -> Iterator[_Need]:
    for name in dict.fromkeys(name for name, _ in node.flags):
        if since := _FLAG_SINCE.get((node.keyword, name)):
            yield _Need(since, f"{node.keyword} --{name}", "", f"--{name}")
    if isinstance(node, Run) and any(mount.type == "secret" and mount.get("env") for mount in node.mounts):
        yield _Need((1, 10), "the mount option env", "", "env=")
    if isinstance(node, Copy | Add) and node.chmod and not node.chmod.isdigit() and "$" not in node.chmod:
        yield _Need((1, 14), f"--chmod={node.chmod}", "", f"--chmod={node.chmod}")
    if isinstance(node, Onbuild) and isinstance(node.instruction, Copy) and node.instruction.from_:
        yield _Need((1, 11), "ONBUILD COPY --from", "", "--from")
    yield from _expansions(node, escape)
    if node.source:
        yield from _readings(node, escape)


def _expansions(node: Instruction, escape: str) -> Iterator[_Need]:
    earlier: set[str] = set()
    for text in texts(node, escape):
        try:
            found = text.variables()
        except BadExpansionError:
            continue  # Which is told elsewhere.
        for variable in found:
            if variable.modifier[:1] in {"#", "%", "/"}:
                yield _Need((1, 7), f"${{{variable.name}{variable.modifier}...}}", "", text.raw)
            if variable.modifier in {"#", "%"} and not variable.word:
                what = f"${{{variable.name}{variable.modifier}}}, on which older ones crash,"
                yield _Need((1, 9), what, "", text.raw)
        if isinstance(node, Arg):
            if any(variable.name in earlier for variable in found):
                instead = "it does not see the values before it in this ARG"
                yield _Need((1, 8), f"{text.what}={text.raw}", instead, text.what)
            earlier.add(text.what)


def _readings(node: Instruction, escape: str) -> Iterator[_Need]:
    """Where the text is cut otherwise."""
    source = node.source
    assert source is not None
    if node.heredocs:
        yield _Need((1, 4), "a heredoc", "", node.heredocs[0].mark)
        lines = physical_lines(source.text)
        if _GAP(join(lines, 0, escape, lines[0]).text):
            yield _Need((1, 16), "<< with blanks behind it", "no heredoc, so its body becomes instructions", "<<")
    if source.arguments[:1] == "[" and json_prefix(source.arguments):
        yield _Need((1, 9), "text behind a JSON array", "it is ignored, and the array runs", source.arguments)
    if escape != "\\" and source.flags:
        lines = physical_lines(source.text)
        _, rest = split_keyword(join(lines, 0, escape, lines[0]).text)
        if split_flags(rest, escape) != split_flags(rest, "\\"):
            yield _Need((1, 15), f"{escape} or a backslash in a flag", "a backslash is the escape there", "--")


def parse_version(text: str) -> Version:
    """Major and minor of a frontend's version; raises InvalidValueError."""
    major, _, minor = text.partition(".")
    minor = minor.partition(".")[0]
    if not (major.isdigit() and minor.isdigit() and text.isascii()):
        raise InvalidValueError(
            Problem("bad-version", "error", "", f"{text!r} is no version of a frontend", (), (f"as in {NEWEST}",))
        )
    return int(major), int(minor)
