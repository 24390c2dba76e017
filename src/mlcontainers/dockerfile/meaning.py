"""What a builder finds only when it puts a file to work: references, expansion, values. In every stage."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.expansion import BadExpansionError
from mlcontainers.dockerfile.instructions import (
    Add,
    Arg,
    Copy,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Run,
    Stopsignal,
)  # fmt: skip
from mlcontainers.dockerfile.instructions.files import CHECKSUM, CHMOD
from mlcontainers.dockerfile.mounts import faults
from mlcontainers.dockerfile.texts import texts
from mlcontainers.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.mounts import Mount
    from mlcontainers.dockerfile.scopes import Place, View
    from mlcontainers.errors import Severity

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
).fullmatch
_PORT = re.compile(
    r"(?:(?:.*:)?([0-9]*)(?:-([0-9]+))?:)?([0-9]+)(?:-([0-9]+))?(?:/([a-z]*))?", re.I | re.ASCII
).fullmatch
_SIGNALS = frozenset(
    """ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM
    TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX""".split()  # noqa: SIM905
)
_GIT = re.compile(r"git@|git://|ssh://|https?://[^#?]*\.git(?:[#?]|$)").match
_URL = re.compile("https?://").match
_PLATFORM = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+){0,2}", re.ASCII).fullmatch


def meaning(view: View) -> Iterator[tuple[Place, Problem]]:
    """Everything a builder would stumble over, stage by stage, needed for the target or not."""
    for place in view.places:
        node = place.node
        yield from ((place, problem) for problem in _expansion(place, view.escape))
        for problem in _values(view, place, node):
            yield place, problem
        dropped = node.source.flags if node.source and _drops_flags(node) else ()
        for flag in dropped:
            because = "builders drop flags of this instruction without a word"
            yield (
                place,
                _problem("dropped-flag", f"{node.keyword} takes no {flag}", because, severity="warning", part=flag),
            )


def _values(view: View, place: Place, node: Instruction) -> Iterator[Problem]:
    match node:
        case From():
            yield from _base(view, place, node)
        case Copy():
            yield from _copy(view, place, node)
        case Add():
            yield from _add(node)
        case Run():
            yield from _run(view, place, node)
        case Expose():
            yield from (problem for port in node.ports for problem in _port(port))
        case Stopsignal():
            yield from _signal(node)
        case _:
            return


def _expansion(place: Place, escape: str) -> Iterator[Problem]:
    for text in texts(place.node, escape):
        try:
            found = text.variables()
        except BadExpansionError as error:
            hint = "builders know ${x}, :-w -w :+w +w :?w ?w #p ##p %p %%p /p/r //p/r"
            what = f"{text.what} {text.raw!r} cannot be expanded"
            yield _problem("bad-expansion", what, str(error), hint, part=text.raw)
            continue
        for variable in found:
            if variable.modifier[-1:] == "?" and place.from_scratch and variable.name not in place.seen:
                what = f"{text.what} {text.raw!r} cannot be expanded"
                because = f"{variable.name} has to be set, and nothing above sets it"
                yield _problem("bad-expansion", what, because, f"ARG {variable.name}", part=text.raw)


def _base(view: View, place: Place, node: From) -> Iterator[Problem]:
    image = node.image.strip("\"'")
    if "$" not in image and view.stage_of(image, place.stage) is None and not is_reference(image):
        hints = [f"FROM {image.lower()}"] if is_reference(image.lower()) else []
        yield _problem("bad-reference", f"{image!r} is no image reference", "", *hints, part=image)
    if node.platform and "$" not in node.platform and not _PLATFORM(node.platform):
        yield _problem(
            "bad-platform", f"{node.platform!r} is no platform", "", "--platform=linux/amd64", part=node.platform
        )


def is_reference(image: str) -> bool:
    if re.fullmatch("[0-9a-f]{64}", image) or len(image.partition(":")[0]) > 255:
        return False
    return bool(_REFERENCE(image))


def _stage_problem(view: View, place: Place, name: str, *, numbers: bool) -> Problem | None:
    """What is wrong with a reference to another stage."""
    part = f"from={name}"
    if "$" in name:
        return _problem("bad-from", f"--from={name} takes no variable", "builders do not expand it", part=part)
    if numbers and re.fullmatch("-?[0-9]+", name):
        index = int(name[:6])
        if index == place.stage:
            return _problem("own-stage", f"--from={name} is the stage itself", part=part)
        if not 0 <= index < place.stage:
            return _problem("no-such-stage", f"--from={name} is no earlier stage: there are {place.stage}", part=part)
        return None
    lowered = name.lower()
    if view.stage_of(lowered, place.stage) is not None:
        return None
    if 0 <= place.stage < len(view.bases) and view.bases[place.stage].name == lowered:
        return _problem("own-stage", f"--from={name} is the stage itself", "a stage cannot need itself", part=part)
    if view.stage_of(lowered, len(view.bases)) is not None:
        return _problem("later-stage", f"--from={name} is a later stage", "a stage sees those above it only", part=part)
    if not name or is_reference(name):
        return None
    return _problem("bad-reference", f"--from={name!r} is no image reference", part=part)


def _copy(view: View, place: Place, node: Copy) -> Iterator[Problem]:
    if node.from_ is not None and (found := _stage_problem(view, place, node.from_, numbers=True)):
        yield found
    for source in node.sources:
        if isinstance(source, str) and (_URL(source) or _GIT(source)):
            yield _problem(
                "copy-url", f"COPY cannot fetch {source!r}", "", f"ADD {source} {node.destination}", part=source
            )
    yield from _transfer(node)


def _add(node: Add) -> Iterator[Problem]:
    yield from _transfer(node)
    if node.checksum is None:
        return
    first = next(iter(node.sources), "")
    if len(node.sources) > 1:
        yield _problem(
            "checksum-of-many", "--checksum takes one source", "it is the digest of one file", part="--checksum"
        )
    elif not CHECKSUM(node.checksum):
        yield _problem(
            "bad-checksum", f"{node.checksum!r} is no digest", "", "as in sha256: and 64 digits", part=node.checksum
        )
    elif isinstance(first, str) and not ("$" in first or _URL(first) or _GIT(first)):
        yield _problem("local-checksum", f"--checksum is for fetched files, and {first!r} is local", part=first)


def _transfer(node: Copy | Add) -> Iterator[Problem]:
    if node.chmod is not None and not CHMOD(node.chmod):
        yield _problem(
            "bad-chmod", f"{node.chmod!r} is no file mode", "", "as in 0644 or u+x", part=f"--chmod={node.chmod}"
        )
    destination = node.destination
    if (
        len(node.sources) > 1
        and not destination.endswith(("/", '"', "'"))
        and "$" not in destination
        and destination != "."
    ):
        because = "without it the last source silently replaces the others"
        hint = f"write {destination}/"
        what = f"{len(node.sources)} sources go to {destination!r}, which does not end in /"
        yield _problem("many-sources", what, because, hint, severity="warning", part=destination)


def _run(view: View, place: Place, node: Run) -> Iterator[Problem]:
    for mount in node.mounts:
        for wrong, part in faults(mount):
            yield _problem("bad-mount", wrong, part=part)
        if _covers_everything(mount, place):
            hint = "target=/path"
            yield _problem("bad-mount", "a mount cannot cover /", "that is where it goes", hint, part="--mount")
        source = mount.get("from")
        if source and (found := _stage_problem(view, place, source, numbers=False)):
            yield found


def _covers_everything(mount: Mount, place: Place) -> bool:
    """Whether a mount goes to `/`: without a target it goes to the working directory."""
    target = mount.get("target") or ""
    if mount.type in {"secret", "ssh"} or "$" in target:
        return False
    nowhere = posixpath.normpath(target or ".") == "." and place.from_scratch and not place.workdir
    return target == "/" or nowhere


def _port(port: str) -> Iterator[Problem]:
    if "$" in port:
        return
    match = _PORT(port)
    if not match:
        yield _problem("bad-port", f"{port!r} is no port", "", "as in 8080, 53/udp or 7000-7010", part=port)
        return
    first, last = int(match[3][:9]), int((match[4] or match[3])[:9])
    if not first <= last <= 65_535:
        yield _problem("bad-port", f"{port!r} is no port", "ports go from 0 to 65535, ranges upwards", part=port)
    if match[5] is not None and match[5].lower() not in {"tcp", "udp", "sctp"}:
        yield _problem("bad-port", f"{port!r} names no protocol", "", "tcp, udp or sctp", part=port)


def _signal(node: Stopsignal) -> Iterator[Problem]:
    signal = node.signal
    if "$" in signal or (signal.isdigit() and int(signal[:9])):
        return
    if not _is_signal(signal.upper().removeprefix("SIG")):
        yield _problem("bad-signal", f"{signal!r} is no signal", "", "STOPSIGNAL SIGTERM", part=signal)


def _is_signal(name: str) -> bool:
    real_time = re.fullmatch(r"(RTMIN\+|RTMAX-)([1-9][0-9]?)", name)
    if real_time:
        return int(real_time[2]) <= (15 if real_time[1] == "RTMIN+" else 14)
    return name in _SIGNALS


def _drops_flags(node: Instruction) -> bool:
    return isinstance(node, Arg | Stopsignal) or (isinstance(node, Healthcheck) and node.command is None)


def _problem(
    code: str, what: str, because: str = "", *hints: str, severity: Severity = "error", part: str = ""
) -> Problem:
    return Problem(code, severity, "", what, (because,) if because else (), hints, part=part)
