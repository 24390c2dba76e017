"""Faults that an engine is made to have: each is told as what it is, leaves nothing, and the same call again succeeds.

They are done to an engine of the tests' own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, BuiltImage, Cache, EngineError, EngineNotFoundError, Image
from mlcontainers import build as build_and_verify
from mlcontainers.engines import buildx
from mlcontainers.engines.events import Event, Pulling, StepStarted
from tests.engines.leftovers import MARK, marked
from tests.engines.private import BASE, PrivateEngine
from tests.engines.servers import Index, refusing, serving, silent, slowly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def clean(private_engine: PrivateEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No container, temporary file or process of a build is there afterwards."""
    folder, mark = tmp_path / "temporary", uuid4().hex
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv(MARK, mark)
    yield
    private_engine.start()
    assert list(folder.iterdir()) == []
    assert private_engine.docker("ps", "--all", "--quiet").stdout == ""
    assert marked(mark) == []


@pytest.fixture
def tag(private_engine: PrivateEngine) -> Iterator[str]:
    name = f"hurt:{uuid4().hex[:12]}"
    yield name
    private_engine.docker("image", "rm", "--force", name)


def small(*commands: str) -> Image:
    return Image.from_cpu(python="3.11").add_run(*commands)


def build(image: Image, **options: Any) -> BuiltImage:
    """Without a look at what was built: that is not what may fail here."""
    return build_and_verify(image, verify=False, **options)


def failed(image: Image, **options: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        build(image, **options)
    assert caught.value.exit_code == 3
    return caught.value


def code(error: EngineError) -> str:
    return error.problems[0].code


def when(text: str, act: Callable[[], object]) -> Callable[[Event], None]:
    """Do something as soon as a step begins."""

    def watch(event: Event) -> None:
        if isinstance(event, StepStarted) and text in event.step:
            act()

    return watch


def has(engine: PrivateEngine, tag: str) -> bool:
    return engine.docker("image", "inspect", tag).returncode == 0


class TestDisk:
    """The disk of the engine is full: how much is free is told, and where."""

    @pytest.fixture
    def crowd(self, private_engine: PrivateEngine) -> Iterator[Callable[[int], None]]:
        """Leave so many megabytes free, until the test ends."""
        ballast = private_engine.data / "ballast"

        def leave(megabytes: int) -> None:
            free = shutil.disk_usage(private_engine.data).free - megabytes * 1_000_000
            subprocess.run(("fallocate", "-l", str(free), ballast), check=True)

        yield leave
        ballast.unlink(missing_ok=True)

    @pytest.mark.parametrize("megabytes", [60, 120], ids=["by a step", "by the export"])
    def test_it_is_filled(
        self, private_engine: PrivateEngine, tag: str, crowd: Callable[[int], None], megabytes: int
    ) -> None:
        image = small(f"head -c 80000000 /dev/urandom > /opt/{uuid4()}")
        crowd(megabytes)

        error = failed(image, tags=[tag])

        assert code(error) == "disk-full"
        assert any(line.startswith("free now: ") for line in error.problems[0].because)
        assert str(private_engine.data) in str(error)
        assert "docker buildx prune frees" in str(error)
        assert not has(private_engine, tag)

        (private_engine.data / "ballast").unlink()
        build(image, tags=[tag])
        assert has(private_engine, tag)


class TestGone:
    """The engine goes away in the middle."""

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "told to stop"])
    def test_in_a_step(self, private_engine: PrivateEngine, tag: str, how: signal.Signals) -> None:
        image = small(f"echo {uuid4()}; sleep 2; echo end")

        error = failed(image, tags=[tag], progress=when("sleep 2", lambda: private_engine.stop(how)))
        assert code(error) == "engine-lost"
        assert code(failed(image, tags=[tag])) == "no-engine"

        private_engine.start()
        assert not has(private_engine, tag)
        build(image, tags=[tag])
        assert has(private_engine, tag)


class TestClient:
    """The docker program itself, refused or without its plugin."""

    def test_the_socket_belongs_to_others(self) -> None:
        """As a user whom the engine does not serve; everything is loaded before, since nobody may read root's files."""
        build(small("true"), load=False)
        groups = os.getgroups()
        os.setgroups([])
        os.setegid(65534)
        os.seteuid(65534)
        try:
            error = failed(small("true"))
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)

        assert isinstance(error, EngineNotFoundError)
        assert code(error) == "no-permission"

    def test_its_buildx_is_broken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A plugin of the user's own stands before the system's."""
        plugin = tmp_path / "config" / "cli-plugins" / "docker-buildx"
        plugin.parent.mkdir(parents=True)
        plugin.write_text("#!/bin/sh\nexit 1\n")
        plugin.chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
            error = failed(small("true"))

        assert isinstance(error, EngineNotFoundError)
        assert code(error) == "no-buildx"
        build(small("true"), load=False)


class TestRegistry:
    """A registry that refuses, is down, is slow, or says nothing at all."""

    @pytest.mark.parametrize(("status", "hint"), [(401, "docker login"), (403, "docker login"), (404, "name right")])
    def test_it_refuses_the_base_image(self, status: int, hint: str) -> None:
        with refusing(status) as registry:
            error = failed(Image.from_base(f"{registry}/x:1", python="3.11").add_run("true"), load=False)

        assert code(error) == "no-base-image"
        assert hint in error.problems[0].hints[0]

    @pytest.mark.parametrize(("status", "hint"), [(403, "docker login"), (503, "can the engine reach it?")])
    def test_it_refuses_the_image(self, status: int, hint: str) -> None:
        with refusing(status) as registry:
            error = failed(small("true"), tags=[f"{registry}/x:1"], load=False, push=True)

        assert code(error) == "push-failed"
        assert hint in error.problems[0].hints[0]

    def test_it_says_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The builder would wait for ever."""
        monkeypatch.setattr(buildx, "PATIENCE", 2)
        with silent() as registry:
            reference = f"{registry}/x:1@sha256:{'0' * 64}"
            error = failed(Image.from_base(reference, python="3.11").add_run("true"), load=False)

        assert code(error) == "no-base-image"
        assert "no answer within 2 seconds" in str(error)

    def test_stopped_while_a_base_image_comes_down(
        self, private_engine: PrivateEngine, registry: str, tag: str
    ) -> None:
        """The engine has nothing of it any more; what has come down by then may stay."""
        base = f"{registry}/pulled:{uuid4().hex[:12]}"
        build(small("head -c 3000000 /dev/urandom > /srv/x"), tags=[base], load=False, push=True)
        private_engine.docker("builder", "prune", "--all", "--force")

        def interrupt(event: Event) -> None:
            if isinstance(event, Pulling):
                raise KeyboardInterrupt

        image = Image.from_base(base, python="3.11").add_run("true")
        with pytest.raises(KeyboardInterrupt):
            build(image, tags=[tag], progress=interrupt)

        assert not has(private_engine, tag)
        build(image, tags=[tag])
        assert has(private_engine, tag)

    def test_a_slow_one_is_waited_for(
        self, private_engine: PrivateEngine, registry: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(buildx, "PATIENCE", 5)
        with slowly(registry, 0.3) as address:
            reference = f"{address}/slow:{uuid4().hex[:12]}"
            pushed = build(small("true"), tags=[reference], load=False, push=True)
            private_engine.docker("image", "rm", "--force", reference)

            build(Image.from_base(reference, python="3.11").add_run("true"), load=False)

        assert pushed.digest.startswith("sha256:")


@pytest.fixture(scope="module")
def uv(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """From the engine that answers, which has it from other tests, or from the index of this machine."""
    image = Image.from_cpu(python="3.11").add_pip("iniconfig")
    cache = Cache.folder(tmp_path_factory.mktemp("uv"))
    build(image, host_settings=True, load=False, cache=cache)
    return cache


class TestIndex:
    """The package index goes away, or does not know us; uv itself is there from a build before."""

    @pytest.fixture
    def index(self, private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
        answers = Index()
        with serving(answers, private_engine.gateway) as address:
            monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{address}/simple")
            yield answers

    @pytest.fixture
    def hasty(self, private_engine: PrivateEngine) -> Image:
        """An image whose base has uv wait for three seconds, and not for half a minute, four times over.

        Nothing is left of a test before: neither its layers nor what it has fetched.
        """
        private_engine.docker("builder", "prune", "--all", "--force")
        text = f"FROM {BASE}\nENV UV_HTTP_TIMEOUT=3\n"
        command = ("docker", "buildx", "build", "--tag=hasty:1", "-")
        subprocess.run(command, input=text, text=True, check=True, capture_output=True)
        # Where uv itself is put in place, for a base that is somebody's own.
        private_engine.docker("tag", BASE, "python:3.13-slim-bookworm")
        return Image.from_base("hasty:1", python="3.11")

    @pytest.mark.parametrize("cut", [PrivateEngine.reject, PrivateEngine.drop], ids=["refused", "dropped"])
    def test_the_network_is_cut_during_an_install(
        self,
        private_engine: PrivateEngine,
        index: Index,
        hasty: Image,
        tag: str,
        uv: Cache,
        cut: Callable[[PrivateEngine], None],
    ) -> None:
        """Where packets are dropped nobody hears of it, and uv's own patience ends it."""
        image = hasty.add_run(f"true {tag}").add_pip("big")
        index.half_way = partial(cut, private_engine)

        try:
            error = failed(image, tags=[tag], host_settings=True, cache=uv)
        finally:
            private_engine.mend()

        assert code(error) == "no-network"
        assert "requirement: big" in str(error)
        assert isinstance(error, BuildFailedError)
        assert error.layer == "layers[1] (pip)"
        assert not has(private_engine, tag)

        index.half_way = None
        build(image, tags=[tag], host_settings=True, cache=uv)
        assert has(private_engine, tag)

    def test_the_password_is_wrong(self, index: Index, tag: str, uv: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
        image = Image.from_cpu(python="3.11").add_pip("good")
        address = os.environ["UV_DEFAULT_INDEX"].removeprefix("http://")
        index.closed = True

        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://a:wrong-one@{address}")
        error = failed(image, tags=[tag], host_settings=True, cache=uv)

        assert code(error) == "index-refused"
        assert "requirement: good" in str(error)
        assert "wrong-one" not in f"{error} {error.__dict__}"

        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://a:b@{address}")
        build(image, tags=[tag], host_settings=True, cache=uv)


class TestOutput:
    def test_a_hundred_megabytes_are_not_kept(self) -> None:
        import resource

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        error = failed(small("yes 0123456789abcdef | head -c 100000000; echo; echo the end; exit 1"), load=False)

        print(time.monotonic() - started)
        assert isinstance(error, BuildFailedError)
        assert error.log_tail[-1] == "the end"
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(grown)
        assert grown < 30_000, f"{grown} kB"
