"""Our text, read again by dockerfile-parse: a difference is our mistake, or a file that older tools misread.

It is never our parser: heredocs and blank lines in continuations are beyond it. In memory only; its default
would read and write `./Dockerfile`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.dockerfile.dockerfile import Dockerfile
from mlcontainers.dockerfile.expansion import variables
from mlcontainers.dockerfile.instructions import Arg, Env, Instruction, Label
from mlcontainers.dockerfile.interchange import parser_of
from mlcontainers.errors import Problem, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dockerfile_parse import DockerfileParser


def differences(dockerfile: Dockerfile) -> tuple[Problem, ...]:
    """Where dockerfile-parse reads another file than we do; what it cannot read is compared as far as it can."""
    ours = Dockerfile.parse(dockerfile.render())
    parser = parser_of(ours.render())
    theirs = [entry for entry in _structure(parser) if entry["instruction"] != "COMMENT"]
    found = list(_instructions(ours.instructions, theirs))
    if not found and not any(node.heredocs for node in ours.instructions):
        found += _bases(ours, parser)
        found += _values(ours, parser)
    return tuple(found)


def _structure(parser: DockerfileParser) -> list[dict[str, object]]:
    return [dict(entry) for entry in parser.structure]


def _instructions(ours: tuple[Instruction, ...], theirs: list[dict[str, object]]) -> Iterator[Problem]:
    position = 0
    for node in ours:
        entry = theirs[position] if position < len(theirs) else {}
        position += 1
        if entry.get("instruction") != node.keyword:
            yield _problem(node, f"{node.keyword} is read as {entry.get('instruction')}")
            return
        if not node.heredocs and _squeezed(str(entry.get("value"))) != _squeezed(_value(node)):
            yield _problem(node, f"{node.keyword} {_value(node)!r} is read as {entry.get('value')!r}")
        if node.heredocs:
            # It takes the bodies for instructions: they are passed over.
            end = node.source.end_line if node.source else 0
            while position < len(theirs) and _start(theirs[position]) < end:
                position += 1
    for entry in theirs[position:]:
        what = f"{entry['instruction']} on line {_start(entry) + 1} is no instruction of ours"
        yield Problem("second-reader", "error", "", what, (_BECAUSE,))


def _value(node: Instruction) -> str:
    """Flags and arguments on one line, as we read them."""
    source = node.source
    assert source is not None
    return " ".join([*source.flags, source.arguments]).strip()


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _start(entry: dict[str, object]) -> int:
    start = entry["startline"]
    assert isinstance(start, int)
    return start


def _bases(ours: Dockerfile, parser: DockerfileParser) -> Iterator[Problem]:
    wanted = [stage.base for stage in ours.stages]
    if any("$" in base.image or "$" in (base.platform or "") for base in wanted):
        return
    read = [str(image) for image in parser.parent_images]
    if read != [base.image for base in wanted]:
        yield _problem(wanted[-1], f"the base images {[base.image for base in wanted]} are read as {read}")


def _values(ours: Dockerfile, parser: DockerfileParser) -> Iterator[Problem]:
    """ENV and LABEL of the last stage, where nothing needs a variable."""
    last = ours.stages[-1].instructions
    if any(isinstance(node, Arg | Env | Label) and not _plain(node) for node in ours.instructions):
        return
    try:
        read: tuple[tuple[type[Env] | type[Label], Mapping[str, str]], ...] = (
            (Env, parser.envs),
            (Label, parser.labels),
        )
    except ValueError as error:
        yield _problem(last[0], f"ENV or LABEL of the last stage cannot be read: {error}")
        return
    for kind, theirs in read:
        for node in last:
            if not isinstance(node, kind):
                continue
            for name, word in node.pairs:
                latest = _latest(last, kind, name)
                if theirs.get(name) != latest:
                    yield _problem(node, f"{name}={word} is read as {theirs.get(name)!r}")


def _latest(nodes: tuple[Instruction, ...], kind: type[Env] | type[Label], name: str) -> str:
    values = [dict(node.pairs)[name] for node in nodes if isinstance(node, kind) and name in dict(node.pairs)]
    return values[-1].raw.replace('"', "").replace("'", "")


def _plain(node: Arg | Env | Label) -> bool:
    """Whether it uses no variable and no escape: dockerfile-parse keeps a backslash that builders remove."""
    return all(value is None or ("\\" not in value.raw and not variables(value.raw)) for _, value in node.pairs)


def _problem(node: Instruction, what: str) -> Problem:
    span: Span | None = node.span
    where = f"Dockerfile:{span.start_line}" if span else ""
    return Problem("second-reader", "error", where, what, (_BECAUSE,), (), span)


_BECAUSE = "dockerfile-parse reads the text differently from us"
