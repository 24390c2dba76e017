"""Ctrl-C and SIGTERM at every stage of a build: it ends at once, leaves nothing, and the same call again succeeds.

A signal is really sent, at the very moment that a function of the stage is called; or from outside, while the build
waits for something that does not come.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from mlcontainers import Image, build
from mlcontainers.cli import terminate, unraisable
from mlcontainers.cli.arguments import Progress
from mlcontainers.cli.progress import shown
from mlcontainers.engines.events import StepQueued
from mlcontainers.engines.registry import digest_in_registry
from tests.engines.containers import docker, forget, temporary_tag
from tests.engines.leftovers import Leftovers
from tests.engines.servers import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import FrameType

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]
SIGNALS = [signal.SIGINT, signal.SIGTERM]
PATIENCE = 60


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leftovers:
    return Leftovers(tmp_path, monkeypatch)


def leave(*_: object) -> NoReturn:
    """What the command line does at a SIGTERM."""
    raise SystemExit(143)


@contextmanager
def at(place: str, sent: signal.Signals) -> Generator[None]:
    """Send this process a signal when a function is called for the n-th time: `module:function`, `module:function#2`.

    Behind a bar stands what its arguments have to say.
    """
    place, _, said = place.partition("|")
    place, _, number = place.partition("#")
    left = int(number or 1)

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        name = f"{frame.f_globals.get('__name__')}:{frame.f_code.co_qualname}"
        if event == "call" and name == f"mlcontainers.{place}" and said in repr(frame.f_locals):
            left -= 1
            if left == 0:
                sys.setprofile(None)
                os.kill(os.getpid(), sent)

    before = signal.signal(signal.SIGTERM, leave)
    sys.setprofile(watch)
    try:
        yield
        pytest.fail(f"{place} {said} was not called, or the signal not heard")
    except KeyboardInterrupt:
        assert sent == signal.SIGINT
    except SystemExit as ended:
        assert (sent, ended.code) == (signal.SIGTERM, 143)
    finally:
        sys.setprofile(None)
        signal.signal(signal.SIGTERM, before)


STAGES = (
    "planners.planning:plan",
    "engines.contents:_state",
    "engines.registry:resolve",
    "engines.finishing:scratch_folder",
    "engines.stopping:Stop.interrupting",
    "engines.buildx:_One.hear",
    "engines.buildx:Ended.note| echo ",
    "engines.buildx:Ended.note|exporting to",
    "engines.attempts:read_attempt",
    "engines.naming:give_names",
    "engines.store:tag",
    "engines.store:push",
    "engines.store:tag#2",
    "engines.registry:name_in_registry",
)
"""In the order in which a build gets there. The last two are when the names that were asked for move in the engine: they
move together."""


@pytest.mark.parametrize("sent", SIGNALS)
def test_at_every_stage(registry: str, left: Leftovers, tmp_path: Path, sent: signal.Signals) -> None:
    """Each call gets further than the one before, which is the proof that nothing stands in its way."""
    (tmp_path / "app.py").write_text("print('hello')\n")
    image = Image.from_cpu(python="3.11").add_run(f"echo {left.word}").add_files("app.py", "/app")
    repository = f"{registry}/{left.word[:12]}"
    tags = [f"{repository}:1", f"{repository}:2"]
    options: dict[str, Any] = {
        "context": tmp_path, "tags": tags, "push": True, "verify": False, "host_settings": True
    }  # fmt: skip

    for place in STAGES:
        with at(place, sent):
            build(image.with_labels(left.label), **options)
        assert left.found() == [], place
        moved = left.images() & {"1", "2"}
        assert moved == ({"1", "2"} if place in STAGES[-2:] else set()), place
    built = build(image.with_labels(left.label), **options)

    assert {"1", "2"} < left.images()
    assert {digest_in_registry(tag) for tag in tags} == {built.digest}
    forget(tags[0])


SERVICE = Image.from_cpu(python="3.11").with_serve("python", "-m", "http.server", "8080")


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ("engines.verifying:_Inside.answer", signal.SIGINT),
        ("engines.services:_awaited", signal.SIGTERM),
        ("engines.containers:_remove", signal.SIGINT),
    ],
)
def test_while_it_is_verified(left: Leftovers, place: str, sent: signal.Signals) -> None:
    """Three containers run."""
    with temporary_tag() as tag:
        with at(place, sent):
            build(SERVICE.with_labels(left.label), tags=[tag], host_settings=True)

        assert (left.found(), left.images()) == ([], set())


@pytest.mark.parametrize(
    ("place", "sent"), [("engines.store:load_archive", signal.SIGTERM), ("engines.building:_named", signal.SIGINT)]
)
def test_while_it_is_loaded_from_an_archive(left: Leftovers, place: str, sent: signal.Signals) -> None:
    image = Image.from_cpu(python="3.11").add_run("true").with_labels(left.label)

    with at(place, sent):
        build(image, lock=True, verify=False)

    assert left.found() == []


class Tidied:
    """Sends a signal when it is tidied up."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


def test_one_that_python_loses_is_heeded_at_the_next_event(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mlcontainers.cli._heard", [])
    monkeypatch.setattr(sys, "unraisablehook", unraisable)
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        Tidied()
        with shown(Progress.NONE) as listener, pytest.raises(SystemExit, match="143"):
            listener(StepQueued("a step"))
        assert capfd.readouterr().err == ""
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("sent", SIGNALS)
def test_a_container_in_the_foreground_ends_with_its_command(left: Leftovers, sent: signal.Signals) -> None:
    image = Image.from_cpu(python="3.11").with_cmd("sleep", "1000").with_labels(left.label)
    with temporary_tag() as tag:
        build(image, tags=[tag], verify=False)
        command = (sys.executable, "-m", "mlcontainers", "run", tag)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
            wait(program, lambda: bool(docker("ps", "--quiet", f"--filter=label=of-test={left.word}").stdout))
            code, _ = stopped(program, sent)

        assert code == 128 + sent
        assert left.found() == []


def started(folder: Path, image: Image, *options: str) -> subprocess.Popen[str]:
    """The command line, which says nothing but what is wrong."""
    file = folder / "image.toml"
    file.write_text(image.dump())
    command = (sys.executable, "-m", "mlcontainers", "build", str(file), "--progress=none", *options)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait(program: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """Until something is so, which the program brings about."""
    while not condition():
        assert program.poll() is None, program.communicate()
        time.sleep(0.05)


def stopped(program: subprocess.Popen[str], sent: signal.Signals) -> tuple[int, str]:
    """Its exit code, and all that it has said."""
    program.send_signal(sent)
    said = "".join(program.communicate(timeout=PATIENCE))
    return program.returncode, said


@pytest.mark.parametrize("sent", SIGNALS)
def test_while_a_registry_says_nothing(left: Leftovers, tmp_path: Path, sent: signal.Signals) -> None:
    """It was asked whether it has the image."""
    image = Image.from_cpu(python="3.11").add_run("true").with_labels(left.label)
    with socket.create_server(("127.0.0.1", 0)) as server:
        tag = f"127.0.0.1:{server.getsockname()[1]}/app:1"
        with started(tmp_path, image, "--push", f"--tag={tag}") as program:
            connection, _ = server.accept()
            with connection:
                assert stopped(program, sent) == (128 + sent, "")

    assert left.found() == []


def test_while_it_is_pushed(left: Leftovers, tmp_path: Path) -> None:
    """To a registry that has nothing, and takes the image without an end."""
    image = Image.from_cpu(python="3.11").add_run("true").with_labels(left.label)
    asked, done = Event(), Event()

    def answer(request: Any) -> None:
        if request.command == "POST":
            asked.set()
            done.wait(PATIENCE)
        request.answer(404)

    with serving(answer) as registry:
        options = ("--push", "--no-verify", "--no-load", f"--tag={registry}/app:1")
        with started(tmp_path, image, *options) as program:
            assert asked.wait(PATIENCE)
            assert stopped(program, signal.SIGTERM) == (143, "")
        done.set()

    assert left.found() == []


def test_while_a_service_is_waited_for(left: Leftovers, tmp_path: Path) -> None:
    """One that never listens."""
    image = Image.from_cpu(python="3.11").with_ports(8080).with_entrypoint("sleep", "1000").with_labels(left.label)
    with temporary_tag() as tag, started(tmp_path, image, f"--tag={tag}") as program:
        wait(program, lambda: len(left.containers()) == 3)
        assert stopped(program, signal.SIGINT) == (130, "")

        assert (left.found(), left.images()) == ([], set())
