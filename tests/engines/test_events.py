"""The builder's stream becomes events; whatever is no event is kept as its last words."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers.engines.buildx import Ended
from mlcontainers.engines.events import (
    Decoder,
    Event,
    Output,
    Pulling,
    StepCached,
    StepDone,
    StepFailed,
    StepQueued,
    StepStarted,
    Transfer,
    Warned,
    to_json,
)

RECORDED = (Path(__file__).parent / "streams" / "failing-step.txt").read_text(encoding="utf-8")
"""What buildx 0.29 wrote of a build whose last step fails."""
OBJECTS = [json.loads(line) for line in RECORDED.splitlines() if line.startswith("{")]
WORDS = [line.rstrip() for line in RECORDED.splitlines() if not line.startswith("{") and line.strip()]


def decoded(*chunks: str) -> tuple[list[Event], list[str]]:
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    decoder.close()
    return events, decoder.words


class TestRecordedStream:
    """A build as buildx wrote it."""

    def test_tells_steps_output_and_failure(self) -> None:
        events, _ = decoded(RECORDED)

        broken = "[3/3] RUN echo broken; exit 3"
        error = 'process "/bin/sh -c echo broken; exit 3" did not complete successfully: exit code: 3'
        assert [event for event in events if getattr(event, "step", "") == broken] == [
            StepQueued(broken),
            StepStarted(broken),
            Output(broken, "broken\n"),
            StepFailed(broken, error),
        ]

    def test_bytes_that_are_no_text_are_replaced(self) -> None:
        events, _ = decoded(RECORDED)

        assert "caf\ufffd\n" in [event.text for event in events if isinstance(event, Output)]

    def test_last_words_are_kept(self) -> None:
        _, words = decoded(RECORDED)

        assert words == WORDS
        assert words[-1].startswith("ERROR: failed to build")


class TestFraming:
    """Objects end where they end, wherever lines and reads are cut."""

    @given(st.lists(st.integers(0, len(RECORDED)), max_size=12))
    def test_reads_may_be_cut_anywhere(self, cuts: list[int]) -> None:
        ends = sorted({0, len(RECORDED), *cuts})
        chunks = [RECORDED[start:end] for start, end in pairwise(ends)]

        assert decoded(*chunks) == decoded(RECORDED)

    def test_older_builders_spread_objects_over_lines(self) -> None:
        spread = "".join(json.dumps(each, indent=2) + "\n" for each in OBJECTS) + "\n".join(WORDS)

        assert decoded(*spread.splitlines(keepends=True)) == decoded(RECORDED)

    def test_words_with_braces_are_words(self) -> None:
        words = ["ERROR: unknown flag {x}", 'RUN echo {"a":']

        assert decoded("\n".join(words)) == ([], words)


class TestKinds:
    """What is not in the recorded build."""

    def test_warning(self) -> None:
        short, detail = (base64.b64encode(text).decode() for text in (b"Rule: what", b"why"))
        events, _ = decoded(json.dumps({"warnings": [{"short": short, "detail": [detail]}]}))

        assert events == [Warned("Rule: what", "why")]

    def test_transfer(self) -> None:
        vertex = {"digest": "d", "name": "exporting"}
        status = {"id": "layers", "vertex": "d", "current": 5, "total": 10}
        events, _ = decoded(json.dumps({"vertexes": [vertex], "statuses": [status]}))

        assert events == [StepQueued("exporting"), Transfer("exporting", "layers", 5, 10)]

    def test_a_layer_that_comes_down(self) -> None:
        vertex = {"digest": "d", "name": "[1/2] FROM x", "started": "2026-01-01T00:00:00Z"}
        status = {"id": "sha256:1", "vertex": "d", "current": 5, "total": 10}
        events, _ = decoded(json.dumps({"vertexes": [vertex], "statuses": [status]}))

        assert events == [StepStarted("[1/2] FROM x"), Pulling("[1/2] FROM x", "sha256:1", 5, 10)]

    def test_a_cached_step(self) -> None:
        vertex = {"digest": "d", "name": "RUN x", "started": "2026-01-01T00:00:00Z", "cached": True}
        ended = {**vertex, "completed": "2026-01-01T00:00:00Z"}
        events, _ = decoded(json.dumps({"vertexes": [vertex, ended]}))

        assert events == [StepStarted("RUN x"), StepCached("RUN x")]

    def test_as_data_it_says_its_kind(self) -> None:
        assert to_json(StepDone("RUN x", 1.5)) == {"event": "step-done", "step": "RUN x", "seconds": 1.5}

    def test_seconds_are_read_to_the_nanosecond(self) -> None:
        vertex = {
            "digest": "d",
            "name": "RUN x",
            "started": "2026-01-01T00:00:00.999999999Z",
            "completed": "2026-01-01T00:00:02.5Z",
        }
        events, _ = decoded(json.dumps({"vertexes": [vertex, vertex]}))

        assert events == [StepDone("RUN x", 1.500001)]


@pytest.mark.parametrize("turned", [False, True])
def test_a_step_that_was_cancelled_beside_the_one_that_failed_is_not_named(turned: bool) -> None:
    """In which order the builder tells them is left to chance."""
    told = [StepFailed("[a 2/2] RUN sleep 60", "context canceled"), StepFailed("[b 2/2] RUN false", "exit code: 1")]
    ended = Ended(1, [])
    for event in reversed(told) if turned else told:
        ended.note(event)

    assert ended.failed_step == "[b 2/2] RUN false"
