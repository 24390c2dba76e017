"""However a container is started: as any user, without a writable root, with less CPU than the machine, and stopped."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from mlcontainers import Image, build
from tests.engines.containers import docker, output, started, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlcontainers import BuiltImage

pytestmark = pytest.mark.engine
STRICT = (
    "--user=12345:0",
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--entrypoint=",
)
WRITES = """\
import getpass, os, pathlib, sklearn.linear_model
for name in ("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "TRITON_CACHE_DIR"):
    folder = pathlib.Path(os.environ[name])
    folder.mkdir(parents=True)
    (folder / "cache").write_text("x")
print(os.getuid(), getpass.getuser(), sklearn.linear_model.LinearRegression().fit([[0], [1]], [0, 1]).coef_[0].round(3))
"""
HOME = """\
import os, pathlib
for folder in (os.path.expanduser("~"), os.environ["XDG_CACHE_HOME"], "/tmp"):
    (pathlib.Path(folder) / "mine").write_text("x")
print("written")
"""
ORPHANS = """\
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.2)
        os._exit(0)
    os._exit(0)
os.wait()
time.sleep(1)
states = [open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] for pid in os.listdir("/proc") if pid.isdigit()]
print(states.count("Z"))
"""
"""A child of a child, left behind: whoever is PID 1 gets it, and has to wait for it when it ends."""


def comes_true(condition: Callable[[], bool]) -> bool:
    """Whether it does within half a minute."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def health(name: str) -> str:
    return docker("inspect", "--format={{.State.Health.Status}}", name).stdout.strip()


def stopped(name: str, grace: int) -> tuple[float, int]:
    """Seconds until it has ended, and its exit code."""
    begun = time.monotonic()
    docker("stop", f"--time={grace}", name)
    seconds = time.monotonic() - begun
    return seconds, int(docker("inspect", "--format={{.State.ExitCode}}", name).stdout)


class TestUser:
    """Numeric and not root; any other does as well, as clusters choose them."""

    def test_it_is_numeric_and_not_root(self, service: BuiltImage) -> None:
        assert output(service.tags[0], "id", "-u", options=["--entrypoint="]) == "1000"

    def test_another_user_without_a_writable_root(self, service: BuiltImage) -> None:
        assert output(service.tags[0], "python", "-c", WRITES, options=STRICT) == "12345 app 1.0"

    @pytest.mark.parametrize("user", ["1000:1000", "12345:0", "54321:54321"])
    def test_anyone_can_write_to_the_home_and_its_caches(self, service: BuiltImage, user: str) -> None:
        options = (f"--user={user}", "--entrypoint=")

        assert output(service.tags[0], "python", "-c", HOME, options=options) == "written"


class TestThreads:
    """As many as the container's CPU limit allows, before any library is loaded."""

    ASKED = "import os, sys; print(os.environ.get('OMP_NUM_THREADS'), 'numpy' in sys.modules)"
    POOLS = "import sklearn, threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"

    @pytest.mark.parametrize(("cpus", "threads"), [("1", "1"), ("0.5", "1"), ("1.5", "2")])
    def test_a_limit(self, service: BuiltImage, cpus: str, threads: str) -> None:
        options = (f"--cpus={cpus}", "--entrypoint=")

        assert output(service.tags[0], "python", "-c", self.ASKED, options=options) == f"{threads} False"

    def test_libraries_obey_it(self, service: BuiltImage) -> None:
        options = ("--cpus=1", "--entrypoint=")

        assert output(service.tags[0], "python", "-c", self.POOLS, options=options) == "{1}"

    def test_no_limit(self, service: BuiltImage) -> None:
        assert output(service.tags[0], "python", "-c", self.ASKED, options=["--entrypoint="]) == "None False"

    def test_what_the_user_says_wins(self, service: BuiltImage) -> None:
        options = ("--cpus=1", "--env=OMP_NUM_THREADS=7", "--entrypoint=")

        assert output(service.tags[0], "python", "-c", self.ASKED, options=options) == "7 False"


class TestService:
    """Signals arrive, what is left behind is reaped, and the health is checked without curl."""

    def test_a_signal_reaches_the_program_and_its_exit_code_comes_back(self, service: BuiltImage) -> None:
        with started(service.tags[0], options=["--user=12345:0", "--read-only", "--tmpfs=/tmp"]) as name:
            assert comes_true(lambda: "ready" in docker("logs", name).stdout)
            seconds, code = stopped(name, grace=20)

            assert "asked to stop" in docker("logs", name).stdout
        assert code == 7
        assert seconds < 15, "it was killed rather than asked"

    def test_it_becomes_healthy_without_curl(self, service: BuiltImage) -> None:
        checks = docker("image", "inspect", "--format={{json .Config.Healthcheck.Test}}", service.tags[0]).stdout

        assert json.loads(checks)[:2] == ["CMD", "/usr/local/bin/python3"]
        with started(service.tags[0], options=["--health-interval=500ms"]) as name:
            assert comes_true(lambda: health(name) == "healthy")

    def test_what_a_child_leaves_behind_is_reaped(self, service: BuiltImage) -> None:
        """Under the init nothing remains; the same program as PID 1 keeps a dead process for ever."""
        alone = ("--entrypoint=",)
        under = ("--entrypoint=dumb-init",)

        assert output(service.tags[0], "python", "-c", ORPHANS, options=alone) == "1"
        assert output(service.tags[0], "--", "python", "-c", ORPHANS, options=under) == "0"

    def test_a_signal_is_lost_on_a_program_that_is_pid_1_and_does_not_handle_it(self, service: BuiltImage) -> None:
        """Why a service gets an init: the kernel drops what PID 1 does not handle, as in its first moments."""
        with started(service.tags[0], "python", "-c", "import time; time.sleep(60)", options=["--entrypoint="]) as name:
            _, alone = stopped(name, grace=1)
        sleeping = ("--", "python", "-c", "import time; time.sleep(60)")
        with started(service.tags[0], *sleeping, options=["--entrypoint=dumb-init"]) as name:
            _, under = stopped(name, grace=20)

        assert (alone, under) == (137, 143)

    def test_an_entrypoint_gets_the_same_init_where_it_is_asked_for(self, tmp_path: Path) -> None:
        image = Image.from_cpu(python="3.11").with_init().with_cmd("python", "-c", "import time; time.sleep(60)")
        with temporary_tag() as tag:
            build(image, context=tmp_path, tags=[tag], host_settings=True)
            with started(tag) as name:
                _, code = stopped(name, grace=20)

            assert code == 143
            assert output(tag, "python", "-c", ORPHANS) == "0"


class TestVariables:
    """Libraries are found by the wheels themselves."""

    def test_no_variable_outranks_the_wheels(self, service: BuiltImage) -> None:
        assert "LD_LIBRARY_PATH" not in output(service.tags[0], "env", options=["--entrypoint="])


class TestChangedFiles:
    """A change of what add_files takes leaves every byte above its line, and every layer below it, as it was."""

    def test_bytes_and_layers(self, tmp_path: Path) -> None:
        image = (
            Image.from_cpu(python="3.11")
            .add_files("app", "/app")
            .add_sklearn()
            .add_files("weights", "/weights")
            .with_cmd("python")
        )
        for name in ("app", "weights"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "file").write_text("1", encoding="utf-8")
        with temporary_tag() as tag:
            before = build(image, context=tmp_path, tags=[tag], host_settings=True)
            (tmp_path / "weights" / "file").write_text("2", encoding="utf-8")
            after = build(image, context=tmp_path, tags=[tag], host_settings=True)
            docker("image", "rm", "--force", *before.references, *after.references)

        assert after.plan.dockerfile.render() == before.plan.dockerfile.render()
        same = [one.digest == other.digest for one, other in zip(before.layers, after.layers, strict=True)]
        changed = [layer.origin for layer, equal in zip(after.layers, same, strict=True) if not equal]
        assert changed == ["layers[2] (files)"]
