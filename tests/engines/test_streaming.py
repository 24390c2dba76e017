"""Builds beside other work: the same image, and a clean end when nobody waits any more."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, Image, build, build_async, build_events
from mlcontainers.engines.events import Built, Event, Output, StepStarted
from mlcontainers.engines.options import BuildOptions
from tests.engines.containers import a_tag, docker, forget

if TYPE_CHECKING:
    from collections.abc import Iterator


def small(*commands: str) -> Image:
    return Image.from_cpu(python="3.11").add_run(*commands)


def test_all_forms_take_the_same_options() -> None:
    written = set(inspect.signature(build).parameters) - {"image"}

    assert written == set(BuildOptions.__annotations__)


@pytest.fixture
def tag() -> Iterator[str]:
    name = a_tag()
    yield name
    forget(name)


def sleeping() -> Image:
    """A step that is never found in a cache and goes on for minutes."""
    return small(f"echo {uuid4()}; sleep 300")


def tagged(tag: str) -> bool:
    return docker("image", "inspect", tag).returncode == 0


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
class TestAwaited:
    def test_it_gives_the_image_and_leaves_the_loop_free(self, tag: str) -> None:
        events, turns = list[Event](), 0

        async def both() -> str:
            nonlocal turns
            building = asyncio.create_task(
                build_async(small(f"echo {uuid4()}"), tags=[tag], verify=False, progress=events.append)
            )
            while not building.done():
                await asyncio.sleep(0.01)
                turns += 1
            return (await building).id

        assert asyncio.run(both())
        assert turns > 5
        assert isinstance(events[-1], Built)

    def test_a_failure_is_raised(self) -> None:
        with pytest.raises(BuildFailedError):
            asyncio.run(build_async(small("false"), load=False))

    def test_cancelled_it_stops_the_step_and_tags_nothing(self, tag: str) -> None:
        async def cancelled() -> None:
            started = asyncio.Event()

            def hear(event: Event) -> None:
                if isinstance(event, StepStarted) and "sleep 300" in event.step:
                    started.set()

            building = asyncio.create_task(build_async(sleeping(), tags=[tag], progress=hear))
            await started.wait()
            building.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await building
            assert building.cancelled()

        asyncio.run(cancelled())

        assert not tagged(tag)

    def test_a_listener_that_fails_ends_it(self) -> None:
        def fail(event: Event) -> None:
            if isinstance(event, StepStarted):
                raise RuntimeError("enough")

        with pytest.raises(RuntimeError, match="enough"):
            asyncio.run(build_async(sleeping(), load=False, progress=fail))


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
class TestStream:
    def test_events_come_and_the_image_is_the_last(self) -> None:
        word = uuid4().hex

        events = list(build_events(small(f"echo said {word}"), load=False))

        assert Output in [type(event) for event in events]
        assert [type(event) for event in events].count(Built) == 1
        assert isinstance(events[-1], Built)

    def test_a_failure_is_raised_after_its_events(self) -> None:
        events: list[Event] = []

        with pytest.raises(BuildFailedError):
            events.extend(build_events(small("false"), load=False))

    def test_who_stops_listening_stops_the_build(self, tag: str) -> None:
        events = build_events(sleeping(), tags=[tag])
        next(event for event in events if isinstance(event, StepStarted) and "sleep 300" in event.step)

        events.close()

        assert not tagged(tag)
