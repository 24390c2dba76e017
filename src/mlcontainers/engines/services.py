"""A service under trial: does it become healthy, can it be reached, does it stop when it is asked to?"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.reports import Check
from mlcontainers.errors import Problem
from mlcontainers.values.durations import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.engines.trials import Trial


_STEP = 0.1
_TAIL = 10
_NANOSECONDS = 1_000_000_000
_MILLISECOND = _NANOSECONDS // 1000
_PROBE = _NANOSECONDS // 2
"""How often the image's own check of its health is run here."""
_GRACE = 10.0
"""Seconds that Docker gives a container to stop, where nothing is said."""
GRACE_LABEL = "mlcontainers.stop-grace"
_LISTENING = "0A"
_LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
_WANTS_GPU = re.compile(r"NVIDIA driver|libcuda|CUDA|cuda|GPU").search


@dataclass(frozen=True, slots=True)
class Expected:
    """What an image says of the service in it."""

    ports: tuple[str, ...]
    """As in `8080/tcp`."""
    health: tuple[str, ...]
    """Docker's notation of the image's check of its health; nothing where there is none."""
    start_period: float
    grace: float
    """Seconds that it may take to stop."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Expected:
        """From the configuration of an image."""
        check: dict[str, Any] = config.get("Healthcheck") or {}
        labels: dict[str, str] = config.get("Labels") or {}
        test: tuple[str, ...] = tuple(check.get("Test") or ())
        grace = labels.get(GRACE_LABEL)
        seconds = Duration.parse(grace).milliseconds / 1000 if grace else float(config.get("StopTimeout") or _GRACE)
        return cls(
            ports=tuple(sorted(cast("dict[str, Any]", config.get("ExposedPorts") or {}))),
            health=() if test[:1] == ("NONE",) else test,
            start_period=check.get("StartPeriod", 0) / _NANOSECONDS,
            grace=seconds,
        )

    @property
    def is_service(self) -> bool:
        """Whether it is meant to go on until it is stopped."""
        return bool(self.ports or self.health)

    @property
    def healthcheck(self) -> dict[str, Any] | None:
        """The image's own check, asked more often: the first success counts at once, and no failure does."""
        if not self.health:
            return None
        # The shortest start period there is: 0 is the image's own, in which Docker asks only every five seconds.
        return {"test": list(self.health), "interval": _PROBE, "retries": 1_000_000, "start_period": _MILLISECOND}


@dataclass(frozen=True, slots=True)
class State:
    """How the service stands after some time."""

    running: bool
    exit_code: int
    health: str
    """`starting`, `healthy` or `unhealthy`; empty without a check."""
    listening: Mapping[int, bool] | None
    """For each TCP port whether it is open to others than the container itself; None where nobody could look."""


def tried(
    container: Any, expected: Expected, trial: Trial, started: float, patience: float, on_cuda: bool
) -> Iterator[Check]:
    """Wait for the service, which was started at that time of the clock, then ask it to stop.

    What it says is told without the values that it was lent.
    """
    state = _awaited(container, expected, patience)
    seconds = time.monotonic() - started
    if not state.running:
        yield _ended(container, state, trial, on_cuda)
        return
    if expected.health:
        yield _health(container, state, trial, seconds)
    for port in expected.ports:
        yield _port(port, state, seconds)
    yield _stopped(container, expected.grace)


def _awaited(container: Any, expected: Expected, patience: float) -> State:
    """Its own start period is for becoming healthy; once it is, its ports get no longer than anybody's."""
    begun = time.monotonic()
    ports = {int(port.split("/")[0]) for port in expected.ports if port.endswith("/tcp")}
    while True:
        state = _state(container)
        waited = time.monotonic() - begun
        settled = state.health in {"", "healthy"}
        done = settled and (state.listening is None or ports <= set(state.listening))
        if not state.running or done or waited > (patience if settled else max(patience, expected.start_period)):
            return state
        time.sleep(_STEP)


def _state(container: Any) -> State:
    """What the engine says after the look inside: a program that ends in between would pass for one that runs."""
    listening = _listening(container)
    container.reload()
    seen: dict[str, Any] = container.attrs["State"]
    running, health = bool(seen["Running"]), cast("dict[str, Any]", seen.get("Health") or {})
    return State(running, int(seen["ExitCode"]), str(health.get("Status", "")), listening if running else None)


def _listening(container: Any) -> dict[int, bool] | None:
    """From the kernel's own table of the container: no network is needed to look, and nothing is sent."""
    from docker.errors import APIError

    try:
        code, output = container.exec_run(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
    except APIError:
        return None  # it has just ended, or there is no such program in it
    text = output.decode("ascii", "replace")
    if code not in {0, 1} or "local_address" not in text:
        return None
    found: dict[int, bool] = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[3] == _LISTENING:
            address, _, port = fields[1].partition(":")
            found[int(port, 16)] = found.get(int(port, 16), False) or address not in _LOOPBACK
    return found


_NEEDS_MORE = (
    "lend it the variables and the network that it needs to start: verify=Trial(env=..., network=...), "
    "--verify-env NAME=VALUE, --verify-network NAME"
)


def _ended(container: Any, state: State, trial: Trial, on_cuda: bool) -> Check:
    log = _log(container, trial)
    what = f"the program ended with exit code {state.exit_code} instead of serving"
    if on_cuda and _WANTS_GPU("\n".join(log)):
        return Check("service", "unknown", f"{what}, and there is no GPU here: {log[-1]}", needs_gpu=True)
    because = tuple(f"log: {line}" for line in log)
    lent = f" but was lent: {trial.told()}" if trial.told() else ""
    hint = f"it ran without a network, with a read-only root and an empty /tmp{lent}: what did it miss?"
    return Check("service", "no", what, Problem("not-healthy", "error", "", what, because, (hint, _NEEDS_MORE)))


def _health(container: Any, state: State, trial: Trial, seconds: float) -> Check:
    if state.health == "healthy":
        return Check("health", "yes", f"healthy after {seconds:.1f} s")
    what = f"the image's check of its health has not succeeded within {seconds:.0f} s"
    log: list[dict[str, Any]] = container.attrs["State"]["Health"].get("Log") or []
    said = " ".join(trial.hidden(str(log[-1]["Output"]) if log else "nothing yet").split())[-300:]
    because = (f"the check says: {said}", *(f"log: {line}" for line in _log(container, trial)))
    hint = "is it the right path and port, and is the start period long enough for the model to load?"
    return Check("health", "no", what, Problem("not-healthy", "error", "", what, because, (hint, _NEEDS_MORE)))


def _port(port: str, state: State, seconds: float) -> Check:
    name, number = f"port {port.removesuffix('/tcp')}", int(port.split("/")[0])
    if not port.endswith("/tcp"):
        return Check(name, "unknown", "only TCP ports are looked at")
    if state.listening is None:
        return Check(name, "unknown", "nobody could look: the image has no program `cat`")
    if number not in state.listening:
        others = ", ".join(map(str, sorted(state.listening))) or "none"
        what = f"nothing listens on port {number}, which the image exposes"
        because = (f"ports that something listens on: {others}",)
        hint = "let the program listen on it, or name the right one: with_ports(...)"
        return Check(name, "no", what, Problem("port-silent", "error", "", what, because, (hint,)))
    if not state.listening[number]:
        what = f"port {number} can only be reached from inside the container"
        because = ("the program listens on the loopback address alone",)
        return Check(
            name, "no", what, Problem("port-on-loopback", "error", "", what, because, ("let it listen on 0.0.0.0",))
        )
    return Check(name, "yes", f"open to all addresses after {seconds:.1f} s")


def _stopped(container: Any, grace: float) -> Check:
    started = time.monotonic()
    container.stop(timeout=max(1, round(grace)))
    code = int(container.wait()["StatusCode"])
    seconds = time.monotonic() - started
    text = f"exit code {code} after {seconds:.1f} s"
    if code != 128 + 9:
        return Check("stop", "yes", text)
    what = f"the program goes on after SIGTERM, and was killed after {grace:g} s"
    because = (
        "the first process of a container has no default for SIGTERM: it has to handle it, or run under an init",
    )
    hint = "with_serve(...) starts it under an init; a shell in between has to end with exec"
    return Check("stop", "no", text, Problem("ignores-sigterm", "error", "", what, because, (hint,)))


def _log(container: Any, trial: Trial) -> list[str]:
    return trial.hidden(cast("bytes", container.logs(tail=_TAIL)).decode("utf-8", "replace")).splitlines()
