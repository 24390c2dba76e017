"""What happens during a build, as values: decoded from what `docker buildx build --progress=rawjson` writes."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcontainers.engines.built import BuiltImage
    from mlcontainers.engines.reports import Report


@dataclass(frozen=True, slots=True)
class StepQueued:
    """A step will be taken, once those it stands on are done."""

    step: str
    """The builder's name of it, such as `[2/5] RUN ...`."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began."""

    step: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step ended well."""

    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StepCached:
    """A step had nothing to do: its result was there."""

    step: str


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed."""

    step: str
    error: str

    @property
    def cancelled(self) -> bool:
        """Whether it was ended because another failed, or the whole build was ended."""
        return "context canceled" in self.error


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a step printed."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Pulling:
    """How far a layer of a base image or of a cache has come, in bytes; `total` is 0 where it is not known."""

    step: str
    layer: str
    """Its digest."""
    current: int
    total: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """How far another transfer is, such as that of the build context, an export or a push, in bytes."""

    step: str
    name: str
    current: int
    total: int
    """0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning of the builder's about the Dockerfile, or of ours about the build."""

    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is different from the image that a tag names by now, in words; nothing where it is the same."""

    since: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reused:
    """Nothing is built: this image is the one that was asked for."""

    reference: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The image was run and looked at, before it got a name."""

    report: Report


@dataclass(frozen=True, slots=True)
class Tagged:
    """The image has this name now, `where`: in the engine or in the registry."""

    reference: str
    where: Literal["engine", "registry"]


@dataclass(frozen=True, slots=True)
class Built:
    """All is done: the last event."""

    image: BuiltImage


Event: TypeAlias = (
    StepQueued
    | StepStarted
    | StepDone
    | StepCached
    | StepFailed
    | Output
    | Pulling
    | Transfer
    | Warned
    | Changed
    | Reused
    | Verified
    | Tagged
    | Built
)
Progress: TypeAlias = "Callable[[Event], None]"
"""Who is told what happens; an error that it raises ends the build."""


def to_json(event: Event) -> dict[str, object]:
    """An event as data for programs: its fields, and its kind as in `step-started`."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(event).__name__).lower()
    if isinstance(event, Verified):
        return {"event": kind, "report": event.report.to_json()}
    if isinstance(event, Built):
        return {"event": kind, "image": event.image.to_json()}
    return {"event": kind, **asdict(event)}


@dataclass(slots=True)
class Objects:
    """Cuts the builder's JSON into objects, and keeps what is no JSON: the builder's last words.

    Newer builders write one object a line and older ones spread it over many, so objects are cut by their
    own ends and never by line ends.
    """

    rest: str = ""
    words: list[str] = field(default_factory=list[str])
    """Plain lines between and after the objects."""

    def feed(self, text: str) -> Iterator[dict[str, Any]]:
        """The objects that are complete by now."""
        self.rest += text
        while True:
            start = self.rest.find("{")
            line_end = self.rest.find("\n")
            if 0 <= line_end < start or (start < 0 <= line_end):
                self._say(self.rest[:line_end])
                self.rest = self.rest[line_end + 1 :]
                continue
            if start < 0:
                return
            try:
                message, end = json.JSONDecoder().raw_decode(self.rest, start)
            except ValueError:
                if not _may_go_on(self.rest[start:]):
                    self._say(self.rest[: line_end if line_end >= 0 else None])
                    self.rest = self.rest[line_end + 1 :] if line_end >= 0 else ""
                    continue
                return
            self._say(self.rest[:start])
            self.rest = self.rest[end:]
            if isinstance(message, dict):
                yield cast("dict[str, Any]", message)

    def close(self) -> None:
        """No more will come: what is left was no object."""
        for line in self.rest.splitlines():
            self._say(line)
        self.rest = ""

    def _say(self, line: str) -> None:
        if line.strip():
            self.words.append(line.rstrip())


@dataclass(slots=True)
class Decoder:
    """Turns the builder's JSON into events."""

    objects: Objects = field(default_factory=Objects)
    _names: dict[str, str] = field(default_factory=dict[str, str])
    _state: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def words(self) -> list[str]:
        """What the builder said outside its events."""
        return self.objects.words

    def feed(self, text: str) -> Iterator[Event]:
        """Events of the objects that are complete by now."""
        for message in self.objects.feed(text):
            yield from self.read(message)

    def close(self) -> None:
        """No more will come."""
        self.objects.close()

    def read(self, message: dict[str, Any]) -> Iterator[Event]:
        """Events of one object."""
        for vertex in message.get("vertexes") or ():
            yield from self._vertex(vertex)
        for status in message.get("statuses") or ():
            yield self._transfer(status)
        for log in message.get("logs") or ():
            text = base64.b64decode(log.get("data") or "").decode("utf-8", "replace")
            yield Output(self._names.get(log.get("vertex", ""), ""), text)
        for warning in message.get("warnings") or ():
            details = (_decoded(part) for part in warning.get("detail") or ())
            yield Warned(_decoded(warning.get("short")), " ".join(details))

    def _transfer(self, status: dict[str, Any]) -> Pulling | Transfer:
        step, name = self._names.get(status.get("vertex", ""), ""), str(status.get("id", ""))
        current, total = int(status.get("current", 0)), int(status.get("total", 0))
        # A bare digest is a layer that comes down; what goes up or is unpacked has a verb before it.
        return (Pulling if name.startswith("sha256:") else Transfer)(step, name, current, total)

    def _vertex(self, vertex: dict[str, Any]) -> Iterator[Event]:
        """The builder repeats itself: each change of a step is told once."""
        digest = str(vertex.get("digest", ""))
        name = self._names.setdefault(digest, str(vertex.get("name", "")))
        event: Event
        if vertex.get("error"):
            state, event = "failed", StepFailed(name, str(vertex["error"]))
        elif vertex.get("completed"):
            state, event = "done", StepCached(name) if vertex.get("cached") else StepDone(name, _seconds(vertex))
        elif vertex.get("started"):
            state, event = "started", StepStarted(name)
        else:
            state, event = "queued", StepQueued(name)
        before = self._state.get(digest)
        if before not in {state, "failed"} and (state != "queued" or before is None):
            self._state[digest] = state
            yield event


def _may_go_on(text: str) -> bool:
    """Whether what begins here is the beginning of an object of the builder's rather than plain words with a brace."""
    head = text[1:].lstrip()
    return not head or head[0] == '"'


def _decoded(data: object) -> str:
    return base64.b64decode(str(data or "")).decode("utf-8", "replace")


def _seconds(vertex: dict[str, Any]) -> float:
    started, completed = vertex.get("started"), vertex.get("completed")
    if not started or not completed:
        return 0.0
    return max(0.0, (_time(str(completed)) - _time(str(started))).total_seconds())


def _time(text: str) -> datetime:
    """RFC 3339 with up to nine digits of a second, of which Python reads six."""
    whole, dot, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}" if dot else whole)
