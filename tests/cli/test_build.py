"""`build` against the engine that answers, and without one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.engines.containers import a_tag, forget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = (sys.executable, "-m", "mlcontainers", "build")
DESCRIPTION = """\
schema = 1
[base]
kind = "cpu"
python = "3.11"
[[layers]]
kind = "run"
commands = ["{command}"]
"""


@pytest.fixture
def tag() -> Iterator[str]:
    """A tag of this test's own, gone afterwards."""
    name = a_tag()
    yield name
    forget(name)


def described(folder: Path, command: str) -> Path:
    """A description whose build runs one command."""
    file = folder / "image.toml"
    file.write_text(DESCRIPTION.format(command=command))
    return file


def exists(tag: str) -> bool:
    """Whether the engine has an image of this name."""
    return subprocess.run(("docker", "image", "inspect", tag), capture_output=True, check=False).returncode == 0


@pytest.mark.engine
class TestWithAnEngine:
    """Progress on standard error, the result on standard output."""

    def test_it_builds_and_says_what_came_of_it(self, tmp_path: Path, tag: str) -> None:
        file = described(tmp_path, "true")

        done = subprocess.run((*PROGRAM, file, "--tag", tag, "--json"), capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["tags"] == [tag]
        assert result["digest"].startswith("sha256:")
        events = [json.loads(line) for line in done.stderr.splitlines()]
        assert "step-started" in {event["event"] for event in events}
        assert events[-1]["image"] == result
        assert exists(tag)

    def test_again_there_is_nothing_to_build(self, tmp_path: Path, tag: str) -> None:
        file = described(tmp_path, "true")
        command = (*PROGRAM, file, "--tag", tag, "--progress", "none")

        subprocess.run(command, capture_output=True, check=True)
        again = subprocess.run(command, capture_output=True, text=True, check=True)

        assert "nothing to build" in again.stdout
        assert again.stderr == ""

    def test_it_says_what_has_changed(self, tmp_path: Path, tag: str) -> None:
        options = ("--tag", tag, "--progress", "none", "--no-verify")
        subprocess.run((*PROGRAM, described(tmp_path, "true"), *options), capture_output=True, check=True)

        command = (*PROGRAM, described(tmp_path, "true x"), *options, "--explain")
        again = subprocess.run(command, capture_output=True, text=True, check=True)

        assert "\nchanged: layer run: changed\n" in again.stdout

    def test_a_failing_step_is_told_with_its_layer_and_its_last_words(self, tmp_path: Path, tag: str) -> None:
        file = described(tmp_path, "echo last words; exit 7")

        done = subprocess.run(
            (*PROGRAM, file, "--tag", tag, "--progress", "none"), capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stdout) == (3, "")
        assert "  | last words\n" in done.stderr
        assert "\n  where: layers[0] (run)\n" in done.stderr
        assert not exists(tag)

    def test_for_programs_a_failure_is_data_too(self, tmp_path: Path) -> None:
        command = (*PROGRAM, described(tmp_path, "echo last words; exit 7"), "--no-load", "--json")
        done = subprocess.run(command, capture_output=True, text=True, check=False)

        told, last = json.loads(done.stdout), json.loads(done.stderr.splitlines()[-1])
        assert done.returncode == 3
        assert told["problems"][0]["code"] == "step-failed"
        assert (told["layer"], told["log_tail"][-1]) == ("layers[0] (run)", "last words")
        assert last == {"event": "failed", **told}

    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_stopped_it_stops_the_builder_and_tags_nothing(
        self, tmp_path: Path, tag: str, sent: signal.Signals, code: int
    ) -> None:
        # A number that no other build has, so that the step is never found in the cache.
        file = described(tmp_path, f"sleep 30.{time.time_ns()}")
        with subprocess.Popen((*PROGRAM, file, "--tag", tag), stderr=subprocess.PIPE, text=True) as program:
            assert program.stderr is not None
            for line in program.stderr:
                if "RUN sleep" in line:
                    break
            started = time.monotonic()
            program.send_signal(sent)
            complaints = program.stderr.read()

        assert program.returncode == code
        assert time.monotonic() - started < 12
        assert "Traceback" not in complaints
        assert not exists(tag)


class TestWithoutAnEngine:
    """Exit code 3, and what to do about it."""

    def test_without_a_docker_program(self, tmp_path: Path) -> None:
        file = described(tmp_path, "true")

        done = subprocess.run(
            (*PROGRAM, file), capture_output=True, text=True, env={**os.environ, "PATH": str(tmp_path)}, check=False
        )

        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == (
            "error[no-docker]: there is no docker program on the PATH\n"
            "  hint: install Docker Engine with its buildx plugin, or start it; in this project: make engine\n"
        )

    def test_wrong_options_are_told_first(self, tmp_path: Path) -> None:
        file = described(tmp_path, "true")

        done = subprocess.run(
            (*PROGRAM, file, "--mirror", "pytorch"),
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": str(tmp_path)},
            check=False,
        )

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "error[bad-mirror]: --mirror 'pytorch' is no NAME=URL\n"
            "  where: --mirror\n"
            "  hint: as in pytorch=https://...\n"
        )
