"""What happens during a build, as values: decoded from what `docker buildx build --progress=rawjson` writes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began."""

    step: str
    """The builder's name of it, such as `[2/5] RUN ...`."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step ended well; `cached` where nothing had to be done."""

    step: str
    seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed."""

    step: str
    error: str


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a step printed."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """How far a download, an upload or an export is, in bytes; `total` is 0 where it is not known."""

    step: str
    name: str
    current: int
    total: int


@dataclass(frozen=True, slots=True)
class Warned:
    """The builder's own warning about the Dockerfile."""

    text: str
    detail: str = ""


Event: TypeAlias = StepStarted | StepDone | StepFailed | Output | Transfer | Warned
Progress: TypeAlias = "Callable[[Event], None]"
"""Who is told what happens; an error that it raises ends the build."""


@dataclass(slots=True)
class Decoder:
    """Turns the builder's JSON into events, and keeps what is no JSON: the builder's last words.

    Newer builders write one object a line and older ones spread it over many, so objects are cut by their
    own ends and never by line ends.
    """

    rest: str = ""
    words: list[str] = field(default_factory=list[str])
    """Plain lines between and after the objects."""
    _names: dict[str, str] = field(default_factory=dict[str, str])
    _state: dict[str, str] = field(default_factory=dict[str, str])

    def feed(self, text: str) -> Iterator[Event]:
        """Events of the objects that are complete by now."""
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
                yield from self._events(cast("dict[str, Any]", message))

    def close(self) -> None:
        """No more will come: what is left was no object."""
        for line in self.rest.splitlines():
            self._say(line)
        self.rest = ""

    def _say(self, line: str) -> None:
        if line.strip():
            self.words.append(line.rstrip())

    def _events(self, message: dict[str, Any]) -> Iterator[Event]:
        for vertex in message.get("vertexes") or ():
            yield from self._vertex(vertex)
        for status in message.get("statuses") or ():
            name = self._names.get(status.get("vertex", ""), "")
            yield Transfer(name, str(status.get("id", "")), int(status.get("current", 0)), int(status.get("total", 0)))
        for log in message.get("logs") or ():
            text = base64.b64decode(log.get("data") or "").decode("utf-8", "replace")
            yield Output(self._names.get(log.get("vertex", ""), ""), text)
        for warning in message.get("warnings") or ():
            details = (_decoded(part) for part in warning.get("detail") or ())
            yield Warned(_decoded(warning.get("short")), " ".join(details))

    def _vertex(self, vertex: dict[str, Any]) -> Iterator[Event]:
        """The builder repeats itself: each change of a step is told once."""
        digest = str(vertex.get("digest", ""))
        name = self._names.setdefault(digest, str(vertex.get("name", "")))
        event: Event
        if vertex.get("error"):
            state, event = "failed", StepFailed(name, str(vertex["error"]))
        elif vertex.get("completed"):
            cached = bool(vertex.get("cached"))
            state, event = "done", StepDone(name, _seconds(vertex), cached)
        elif vertex.get("started"):
            state, event = "started", StepStarted(name)
        else:
            return
        if self._state.get(digest) not in {state, "failed"}:
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
