"""Builds beside other work: awaited, or as a stream of events. Both end cleanly when nobody waits any more."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Unpack

from mlcontainers.engines.building import build_request
from mlcontainers.engines.events import Built
from mlcontainers.engines.options import BuildOptions, BuildRequest
from mlcontainers.engines.stopping import Stop, StoppedError

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlcontainers.engines.built import BuiltImage
    from mlcontainers.engines.events import Event
    from mlcontainers.image import Image
    from mlcontainers.planners import Plan


async def build_async(image: Image | Plan, **options: Unpack[BuildOptions]) -> BuiltImage:
    """`build` for programs that do other things meanwhile; it takes the same options and raises the same errors.

    `progress` is called in the event loop. Cancelling it stops the running step and leaves nothing half done; a
    verification that has begun comes to its end first.
    """
    loop = asyncio.get_running_loop()
    request, stop = BuildRequest.of(image, options), Stop()
    faults: list[BaseException] = []

    def tell(event: Event) -> None:
        try:
            request.progress(event)
        except BaseException as error:
            faults.append(error)
            stop.ask()

    def hear(event: Event) -> None:
        stop.check()
        loop.call_soon_threadsafe(tell, event)

    building = asyncio.create_task(asyncio.to_thread(build_request, request.heard_by(hear, stop)))
    try:
        return await asyncio.shield(building)
    except StoppedError:
        raise faults[0] from None
    except asyncio.CancelledError:
        stop.ask()
        with suppress(Exception):
            await building
        raise


def build_events(image: Image | Plan, **options: Unpack[BuildOptions]) -> Generator[Event]:
    """`build` as the events of it; the last one is `Built`, and a build that fails raises what `build` raises.

    Whoever stops listening, by leaving the loop and closing the generator, stops the build.
    """
    request, stop = BuildRequest.of(image, options), Stop()
    told: queue.SimpleQueue[Event | BaseException] = queue.SimpleQueue()

    def hear(event: Event) -> None:
        stop.check()
        told.put(event)

    def run() -> None:
        try:
            build_request(request.heard_by(hear, stop))
        except BaseException as error:
            told.put(error)

    thread = threading.Thread(target=run, name="mlcontainers-build", daemon=True)
    thread.start()
    try:
        while True:
            event = told.get()
            if isinstance(event, BaseException):
                raise event
            request.progress(event)
            yield event
            if isinstance(event, Built):
                return
    finally:
        stop.ask()
        thread.join()
