"""A container that is really started has what its plan asks for; and what an image says of itself is read back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from msgspec.structs import replace

from mlcontainers import EngineError, Image, build, inspect, plan, run
from mlcontainers.engines.starting import run_settings, start
from mlcontainers.planners.labelling import labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

TORCH = Image.from_cuda("12.8", python="3.11").add_torch("2.9").with_serve("python", "-m", "serve", stop_grace="2s")
TELL = (
    "import os, resource as r, shutil; print(shutil.disk_usage('/dev/shm').total, r.getrlimit(r.RLIMIT_STACK)[0],"
    " r.getrlimit(r.RLIMIT_MEMLOCK)[0], os.environ.get('MLC_WORD'), flush=True)"
)


def docker(*arguments: str) -> str:
    return subprocess.run(("docker", *arguments), capture_output=True, text=True, check=True).stdout.strip()


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "mlcontainers", *arguments), capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def tag() -> Iterator[str]:
    """An image that says it has torch on CUDA, without its gigabytes: it tells its limits and waits."""
    name = f"mlcontainers-test:{uuid4().hex[:12]}"
    dockerfile = (
        "FROM python:3.11-slim-bookworm\nUSER 1000\n"
        f'CMD ["python", "-c", {json.dumps(f"{TELL}; import signal; signal.signal(15, lambda *_: exit(7)); signal.pause()")}]\n'
    )
    options = [f"--label={key}={value}" for key, value in labels(plan(TORCH)).items()]
    command = ("docker", "buildx", "build", "--quiet", "--load", "--provenance=false", f"--tag={name}", *options, "-")
    subprocess.run(command, input=dockerfile, text=True, check=True, stdout=subprocess.DEVNULL)
    yield name
    subprocess.run(("docker", "image", "rm", "--force", name), capture_output=True, check=False)


class TestRun:
    def test_in_the_background_with_what_its_labels_ask_for(self, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLC_WORD", "lent")

        asked = run_settings(tag, gpus="none", ports=[], cpus=1.5, env={"MLC_WORD": None})
        assert asked.ulimits == (("memlock", -1), ("stack", 67_108_864))

        # An engine in a container may not raise the limit of locked memory beyond its own, so ask for less.
        ran = start(replace(asked, ulimits=(("memlock", 65_536), ("stack", 67_108_864))), detach=True)

        follow = subprocess.Popen(("docker", "logs", "--follow", ran.container), stdout=subprocess.PIPE, text=True)
        assert follow.stdout is not None
        told = follow.stdout.readline().split()
        processors = docker("container", "inspect", "--format={{.HostConfig.NanoCpus}}", ran.container)
        code = ran.stop()
        follow.wait()
        follow.stdout.close()
        assert told == [str(1 << 30), "67108864", "65536", "lent"]
        assert processors == "1500000000"
        assert (ran.exit_code, code) == (None, 7)
        assert ran.container not in docker("ps", "--all", "--no-trunc", "--quiet")

    def test_in_the_foreground_the_exit_code_is_the_programs(self) -> None:
        ran = run("python:3.11-slim-bookworm")

        assert ran.exit_code == 0

    def test_an_engine_without_a_gpu_says_so(self, tag: str) -> None:
        with pytest.raises(EngineError, match="could not select device driver"):
            run(tag, ports=[], ulimits=False, detach=True)

        assert not docker("ps", "--all", "--quiet", "--filter", f"ancestor={tag}")

    def test_the_command_line_prints_what_it_would_do(self, tag: str) -> None:
        printed = cli("run", tag, "--print", "--gpus", "none")

        assert printed.stdout == run_settings(tag, gpus="none").docker_run()
        assert "--stop-timeout=2" in printed.stdout

    def test_in_the_foreground_there_is_no_json(self, tag: str) -> None:
        refused = cli("run", tag, "--json")

        assert refused.returncode == 2
        assert "add --print or --detach" in refused.stderr

    def test_the_compose_file_is_taken(self, tag: str, tmp_path: Path) -> None:
        options = ("--gpus", "2", "--env", "A=a $B 'c'", "--env", "NO", "--volume", "models:/models", "--read-only")
        printed = cli("run", tag, "--compose", *options)
        file = tmp_path / "compose.yml"
        file.write_text(printed.stdout, encoding="utf-8")

        read = json.loads(docker("compose", "--file", str(file), "config", "--format", "json"))

        app = read["services"]["app"]
        assert app["environment"] == {"A": "a $$B 'c'", "NO": None}
        assert (app["shm_size"], app["ulimits"], app["stop_grace_period"]) == (
            str(1 << 30), {"memlock": -1, "stack": 67_108_864}, "2s",
        )  # fmt: skip
        assert app["ports"][0]["host_ip"] == "127.0.0.1"
        (device,) = app["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"capabilities": ["gpu"], "driver": "nvidia", "count": 2}


class TestInspect:
    def test_on_the_engine(self, tag: str) -> None:
        found = inspect(tag)

        assert (found.where, found.digest) == ("engine", docker("image", "inspect", "--format={{.Id}}", tag))
        assert dict(found.told.packages)["torch"].startswith("2.9.")
        assert found.told.driver_floor == plan(TORCH).driver_floor

    def test_what_was_built_says_what_it_is(self, registry: str) -> None:
        """In a registry, without pulling it."""
        reference = f"{registry}/inspected:{uuid4().hex[:12]}"
        image = Image.from_cpu(python="3.11").add_run("true")

        built = build(image, tags=[reference], load=False, push=True)

        subprocess.run(("docker", "image", "rm", reference), capture_output=True, check=False)
        found = inspect(reference)
        assert (found.where, found.digest) == ("registry", built.digest)
        assert Image.parse(found.told.image, "json") == image
        assert found.told.facts_date == built.plan.facts_date
        raw = json.loads(docker("buildx", "imagetools", "inspect", "--raw", reference))
        assert raw["annotations"]["io.mlcontainers.facts"] == built.plan.facts_date
        assert cli("inspect", reference, "--json").returncode == 0

    def test_one_of_somebody_else(self) -> None:
        printed = cli("inspect", "debian:bookworm-slim")

        assert printed.returncode == 0
        assert "it says nothing of itself" in printed.stdout

    def test_one_that_is_nowhere(self) -> None:
        with pytest.raises(
            EngineError, match=r"neither the engine nor a registry has the image '127.0.0.1:9/nothing:1'"
        ):
            inspect("127.0.0.1:9/nothing:1")
