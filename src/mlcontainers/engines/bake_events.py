"""What happens while several images are built at once, each event with the image that it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.buildx import Ended, run
from mlcontainers.engines.events import Decoder, Objects, StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mlcontainers.engines.events import Event


@dataclass(slots=True)
class Bake:
    """Hears one run of `docker buildx bake`, and tells the targets' events from each other.

    The builder takes a step that several targets share once, under one digest and with each target's own name of it.
    """

    targets: tuple[str, ...]
    on_event: Callable[[str, Event, bool], None]
    """Target, event, and whether another target's has told of it already."""
    objects: Objects = field(default_factory=Objects)
    ended: dict[str, Ended] = field(init=False)
    _decoders: dict[str, Decoder] = field(init=False)
    _owners: dict[str, list[str]] = field(default_factory=dict[str, "list[str]"])

    def __post_init__(self) -> None:
        self.ended = {target: Ended(0, self.objects.words) for target in self.targets}
        self._decoders = {target: Decoder() for target in self.targets}

    def hear(self, text: str) -> None:
        """Tell each event to its target."""
        for message in self.objects.feed(text):
            for target, event, shared in self._events(message):
                self.ended[target].note(event)
                self.on_event(target, event, shared)

    def close(self) -> None:
        """Nothing more is said."""
        self.objects.close()

    def at_work(self) -> set[str]:
        """The steps of all targets."""
        return {step for ended in self.ended.values() for step in ended.at_work}

    @property
    def failed(self) -> str:
        """The target that failed first, which has ended all others; empty where the builder names none."""
        for word in reversed(self.objects.words):
            if found := re.match(r"ERROR: target (\S+?): ", word):
                return found[1]
        told = [target for target, ended in self.ended.items() if ended.failed_step]
        return told[0] if len(told) == 1 else ""

    def _events(self, message: dict[str, Any]) -> Iterator[tuple[str, Event, bool]]:
        for vertex in message.get("vertexes") or ():
            target, name = self._named(str(vertex.get("name", "")))
            if target:
                owners = self._owners.setdefault(str(vertex.get("digest", "")), [])
                if target not in owners:
                    owners.append(target)
                yield from self._read(target, {"vertexes": [{**vertex, "name": name}]}, target != owners[0])
        for kind in ("statuses", "logs", "warnings"):
            for part in message.get(kind) or ():
                owners = self._owners.get(str(part.get("vertex", "")), [])
                for target in owners:
                    yield from self._read(target, {kind: [part]}, target != owners[0])

    def _read(self, target: str, message: dict[str, Any], shared: bool) -> Iterator[tuple[str, Event, bool]]:
        for event in self._decoders[target].read(message):
            # What another target's failure has ended has not failed.
            if not (isinstance(event, StepFailed) and event.cancelled):
                yield target, event, shared and not isinstance(event, StepFailed)

    def _named(self, name: str) -> tuple[str, str]:
        """The target of a step and the step's own name, as a build of this image alone has it."""
        found = re.match(r"\[(\S+?)(?:(\])| ) ?(.*)", name, re.DOTALL)
        if found and found[1] in self._decoders:
            return found[1], found[3] if found[2] else f"[{found[3]}"
        # Of a single target the builder does not say the name.
        return (self.targets[0], name) if len(self.targets) == 1 else ("", name)


def run_bake(
    command: Sequence[str],
    targets: Sequence[str],
    *,
    folder: Path,
    on_event: Callable[[str, Event, bool], None],
    environment: dict[str, str],
    silent_registry: Callable[[], str] | None = None,
) -> tuple[int, Bake]:
    """Run the builder for several images; raises as `run` does."""
    bake = Bake(tuple(targets), on_event)
    code, silent = run(command, bake, folder=folder, environment=environment, silent_registry=silent_registry)
    if silent:
        bake.objects.words.append(silent)
        waiting = next(ended for ended in bake.ended.values() if ended.at_work)
        waiting.failed_step = next(iter(waiting.at_work))
    return code, bake
