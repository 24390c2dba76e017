"""What people see of a build: live on a terminal, lines in a log, objects for programs."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from rich.console import Console

from mlcontainers.cli.progress import Fetched, LiveSteps, json_lines, plain
from mlcontainers.engines.events import (
    Changed,
    Event,
    Output,
    Pulling,
    Reused,
    StepCached,
    StepDone,
    StepFailed,
    StepQueued,
    StepStarted,
    Tagged,
    Transfer,
    Warned,
)

if TYPE_CHECKING:
    import pytest

FROM, RUN = "[1/3] FROM python", "[2/3] RUN --mount=type=cache,target=/x uv pip install torch"
EVENTS: tuple[Event, ...] = (
    Changed("app:1", ("layer torch: changed",)),
    StepQueued(FROM),
    StepQueued(RUN),
    StepStarted(FROM),
    Pulling(FROM, "sha256:1", 5_000_000, 20_000_000),
    Pulling(FROM, "sha256:2", 10_000_000, 10_000_000),
    StepStarted(RUN),
    Output(RUN, "Downloading torch (175.5MiB)\n"),
    Transfer("exporting", "layers", 0, 0),
)


def drawn(*events: Event, download: int = 0) -> tuple[str, str]:
    """What stays on the terminal, and what is drawn below it at that moment."""
    stays, moves = io.StringIO(), io.StringIO()
    console = Console(file=stays, width=100, force_terminal=False)
    live = LiveSteps(console, download)
    for event in events:
        live(event)
    Console(file=moves, width=100).print(live.running())
    return stays.getvalue(), moves.getvalue()


class TestLive:
    def test_steps_at_work_with_bytes_and_what_they_said(self) -> None:
        above, below = drawn(*EVENTS, download=200_000_000)

        assert above == "changed since app:1: layer torch: changed\n"
        assert below.splitlines() == [
            "… [1/3] FROM python 0 s",
            "  pulling 15 MB of 30 MB",
            "… [2/3] RUN uv pip install torch 0 s",
            "  Downloading torch (175.5MiB)",
            "0 s · to fetch: about 200 MB of packages",
        ]

    def test_what_is_done_stays_and_is_counted(self) -> None:
        above, below = drawn(*EVENTS, StepCached(FROM), StepDone(RUN, 12.34), Tagged("app:1", "engine"))

        assert above.splitlines()[1:] == [
            "✓ [1/3] FROM python (cached)",
            "✓ [2/3] RUN uv pip install torch (12.3 s)",
            "tagged app:1",
        ]
        assert "steps: 1 done, 1 cached" in below

    def test_what_fails_is_told(self) -> None:
        above, _ = drawn(StepStarted(RUN), StepFailed(RUN, "exit code: 1"), Warned("careful"))

        assert above == "✗ [2/3] RUN uv pip install torch (failed)\nwarning: careful\n"

    def test_control_characters_do_not_reach_the_terminal(self) -> None:
        above, below = drawn(
            StepStarted("RUN \x1b[2J"), Output("RUN \x1b[2J", "\x1b[31mred\n"), Warned("\x1b]0;title\x07")
        )

        assert "\x1b" not in above + below


class TestFetched:
    """uv names a wheel when it begins and when it is there, pip only when it begins."""

    def test_uv(self) -> None:
        fetched = Fetched(400_000_000)

        fetched.hear("Downloading torch (190.7MiB)\nDownloading numpy (10.0MiB)\n")
        assert fetched.bytes == 0
        fetched.hear(" Downloaded torch\n")

        assert fetched.bytes == int(190.7 * 2**20)
        assert fetched.line().startswith("fetched: 200 MB of packages of about 400 MB, some ")

    def test_pip(self) -> None:
        fetched = Fetched(0)

        fetched.hear("Downloading uv-0.9-py3-none-any.whl (20.5 MB)\n")

        assert fetched.line() == "fetched: 20.5 MB of packages"

    def test_nothing_is_expected_and_nothing_came(self) -> None:
        assert Fetched(0).line() == ""


class TestLines:
    def test_a_log(self, capsys: pytest.CaptureFixture[str]) -> None:
        for event in (*EVENTS, StepDone(RUN, 1.0), Reused("app:2")):
            plain(event)

        assert capsys.readouterr().err.splitlines() == [
            "changed since app:1: layer torch: changed",
            "> [1/3] FROM python",
            "> [2/3] RUN uv pip install torch",
            "  Downloading torch (175.5MiB)",
            "< [2/3] RUN uv pip install torch: 1.0 s",
            "nothing to build: app:2 is there",
        ]

    def test_objects(self, capsys: pytest.CaptureFixture[str]) -> None:
        for event in EVENTS:
            json_lines(event)

        objects = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [each["event"] for each in objects[:5]] == [
            "changed",
            "step-queued",
            "step-queued",
            "step-started",
            "pulling",
        ]
        assert objects[4] == {
            "event": "pulling",
            "step": FROM,
            "layer": "sha256:1",
            "current": 5_000_000,
            "total": 20_000_000,
        }
