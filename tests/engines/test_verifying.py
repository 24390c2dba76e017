"""Verifications of real images on a real engine: a good one passes, and each planted fault is found."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from mlcontainers import EngineError, Image, InvalidValueError, Plan, Report, Trial, build, plan, verify
from mlcontainers.engines.events import Event, Verified
from mlcontainers.engines.host import host_secrets
from mlcontainers.layers.installing import HOST_SECRETS
from tests.engines.containers import a_tag, docker, forget, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]

IMAGE = Image.from_cpu(python="3.11").add_sklearn().with_serve("python", "-m", "http.server", "8080")
SITE = "/usr/local/lib/python3.11/site-packages"
LENT = " ".join(f"--mount=type=secret,id={name},target={path}" for name, path in HOST_SECRETS)
"""The host's index settings, without which an install finds no index here."""
MANY_FAULTS = rf"""
USER root
# Another scikit-learn, by someone who has turned the seal off; and what it imports is gone.
RUN {LENT} \
    PIP_CONSTRAINT= pip install --quiet --no-deps --root-user-action=ignore 'scikit-learn<1.7' && pip uninstall --quiet --yes joblib
# One library in two places, and one that is none.
RUN mkdir -p {SITE}/nvidia/cuda_runtime/lib {SITE}/nvidia/old/lib \
    && cp "$(find / -name 'libz.so*' -type f | head -1)" {SITE}/nvidia/cuda_runtime/lib/libcudart.so.12 \
    && cp {SITE}/nvidia/cuda_runtime/lib/libcudart.so.12 {SITE}/nvidia/old/lib/ \
    && echo text > {SITE}/nvidia/old/lib/libcublas.so.12
EXPOSE 9999
LABEL mlcontainers.stop-grace="1s"
# As the first process of the container it has no default for SIGTERM.
ENTRYPOINT ["python", "-m", "http.server", "8080"]
"""
LONELY = rf"""
FROM python:3.11-slim-bookworm
RUN {LENT} \
    pip install --quiet --root-user-action=ignore pyyaml && chmod 700 {SITE}/yaml && chown -R nobody {SITE}/yaml
EXPOSE 8080 53/udp
USER nobody
HEALTHCHECK CMD echo never mind; exit 1
CMD ["python", "-c", "import http.server as s; s.HTTPServer(('127.0.0.1', 8080), s.SimpleHTTPRequestHandler).serve_forever()"]
"""
ENDS_AT_ONCE = rf"""
FROM python:3.11-slim-bookworm
RUN {LENT} \
    pip install --quiet --root-user-action=ignore pyyaml && echo 'import os; os.abort()' > {SITE}/yaml/__init__.py
USER 1000
EXPOSE 8080
CMD ["python", "-c", "raise SystemExit('there is no model')"]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Builds a Dockerfile without a context; the images are gone afterwards."""
    tags: list[str] = []
    folder = tmp_path_factory.mktemp("secrets")
    for name, content in host_secrets().files:
        (folder / name).write_bytes(content)
    secrets = [f"--secret=id={file.name},src={file}" for file in folder.iterdir()]

    def make(dockerfile: str) -> str:
        tags.append(f"mlcontainers-test:{uuid4().hex[:12]}")
        options = ("--quiet", "--load", "--provenance=false", f"--tag={tags[-1]}", *secrets)
        command = ("docker", "buildx", "build", *options, "-")
        subprocess.run(command, input=dockerfile, text=True, check=True, stdout=subprocess.DEVNULL)
        return tags[-1]

    yield make
    subprocess.run(("docker", "image", "rm", "--force", *tags), capture_output=True, check=False)


@pytest.fixture(scope="module")
def decided() -> Plan:
    return plan(IMAGE)


@pytest.fixture(scope="module")
def good(decided: Plan) -> Iterator[str]:
    tag = a_tag()
    build(decided, tags=[tag], host_settings=True, verify=False)
    yield tag
    forget(tag)


def verdicts(report: Report) -> dict[str, str]:
    return {check.name: check.verdict for check in report.checks}


def codes(report: Report) -> dict[str, str]:
    """For each problem its severity."""
    return {problem.code: problem.severity for problem in report.problems}


def left_over(reference: str) -> str:
    asked = ("docker", "ps", "--all", "--quiet", "--filter", f"ancestor={reference}")
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


class TestGood:
    def test_a_good_image_passes(self, good: str, decided: Plan) -> None:
        report = verify(good, plan=decided)

        assert report.problems == ()
        assert report.ok
        assert verdicts(report) == {
            "user": "yes",
            "python": "yes",
            "versions": "yes",
            "import numpy": "yes",
            "import scikit-learn": "yes",
            "libraries": "yes",
            "any user": "yes",
            "health": "yes",
            "port 8080": "yes",
            "stop": "yes",
        }
        assert dict(report.installed)["scikit-learn"] == str(decided.pins[0].version)
        assert not left_over(good)


class TestFaults:
    """All of them at once, in one image; each has its own line and its own reason."""

    @pytest.fixture(scope="module")
    @staticmethod
    def report(good: str, decided: Plan, built: Callable[[str], str]) -> Report:
        return verify(built(f"FROM {good}\n{MANY_FAULTS}"), plan=decided, patience=3)

    def because(self, report: Report, code: str) -> str:
        return "\n".join(line for problem in report.problems if problem.code == code for line in problem.because)

    def test_every_fault_and_no_other(self, report: Report) -> None:
        assert codes(report) == {
            "root-user": "error",
            "wrong-version": "error",
            "import-failed": "error",
            "cuda-in-cpu-image": "error",
            "broken-library": "error",
            "duplicate-library": "warning",
            "port-silent": "error",
            "ignores-sigterm": "error",
        }
        assert not report.ok
        assert not left_over(report.reference)

    def test_a_later_step_has_swapped_a_package(self, report: Report, decided: Plan) -> None:
        assert f"scikit-learn 1.6.1, planned was {decided.pins[0].version}" in self.because(report, "wrong-version")

    def test_what_an_import_lacks(self, report: Report) -> None:
        assert "ModuleNotFoundError: No module named 'joblib'" in self.because(report, "import-failed")

    def test_a_library_in_two_places(self, report: Report) -> None:
        assert self.because(report, "duplicate-library") == (
            f"libcudart.so.12: {SITE}/nvidia/cuda_runtime/lib/libcudart.so.12, {SITE}/nvidia/old/lib/libcudart.so.12"
        )

    def test_a_library_that_is_none(self, report: Report) -> None:
        assert f"{SITE}/nvidia/old/lib/libcublas.so.12: file too short" in self.because(report, "broken-library")

    def test_a_port_where_nothing_answers(self, report: Report) -> None:
        assert verdicts(report)["port 8080"] == "yes"
        assert self.because(report, "port-silent") == "ports that something listens on: 8080"

    def test_a_program_that_ignores_sigterm(self, report: Report) -> None:
        (stop,) = (check for check in report.checks if check.name == "stop")

        assert stop.seen.startswith("exit code 137 after 1.")

    def test_the_report_is_text_and_data(self, report: Report) -> None:
        lines = report.explain().splitlines()

        assert "no      port 9999: nothing listens on port 9999, which the image exposes" in lines
        assert "error[root-user]: the container runs as root" in lines
        assert report.to_json()["ok"] is False
        assert {problem["code"] for problem in report.to_json()["problems"]} == set(codes(report))


def on_command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "mlcontainers", "verify", *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestCommand:
    def test_a_good_image_with_its_description(self, good: str, tmp_path: Path) -> None:
        file = tmp_path / "image.toml"
        file.write_text(IMAGE.dump(), encoding="utf-8")

        done = on_command_line(good, "--plan", str(file))

        assert (done.returncode, done.stderr) == (0, "")
        assert "yes     versions: 1 packages as planned: scikit-learn==" in done.stdout
        assert f"{good}: verified, " in done.stdout

    def test_the_bill_of_what_is_installed(self, good: str, decided: Plan, tmp_path: Path) -> None:
        file = tmp_path / "image.toml"
        file.write_text(IMAGE.dump(), encoding="utf-8")
        command = (sys.executable, "-m", "mlcontainers", "sbom", str(file), "--image", good)

        bill = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

        found = {component["name"]: component for component in bill["components"]}
        planned = {name: one["properties"][0]["value"] for name, one in found.items() if "properties" in one}
        assert found["scikit-learn"]["version"] == str(decided.pins[0].version)
        assert (planned["scikit-learn"], planned["scipy"]) == ("yes", "no")

    def test_a_bad_one(self) -> None:
        done = on_command_line("debian:bookworm-slim", "--json")

        assert done.returncode == 1
        assert [problem["code"] for problem in json.loads(done.stdout)["problems"]] == ["root-user"]


class TestAnyImage:
    """Without a plan."""

    def test_faults_that_one_user_does_not_see(self, built: Callable[[str], str]) -> None:
        report = verify(built(LONELY), patience=2)

        assert codes(report) == {
            "named-user": "warning",
            "one-user-only": "warning",
            "not-healthy": "error",
            "port-on-loopback": "error",
            "ignores-sigterm": "error",
        }
        assert verdicts(report)["port 53/udp"] == "unknown"
        (health,) = (problem for problem in report.problems if problem.code == "not-healthy")
        assert "the check says: never mind" in health.because

    def test_an_import_that_crashes_and_a_program_that_ends_at_once(self, built: Callable[[str], str]) -> None:
        report = verify(built(ENDS_AT_ONCE), patience=2)

        crash, ended = report.problems
        assert (crash.what, crash.because) == ("pyyaml cannot be imported", ("the process died by signal 6",))
        assert ended.what == "the program ended with exit code 1 instead of serving"
        assert ended.because == ("log: there is no model",)

    def test_one_without_python(self) -> None:
        report = verify("debian:bookworm-slim")

        assert verdicts(report) == {"user": "no", "python": "unknown"}

    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(EngineError, match=r"the engine has no image 'nobody/nothing:1'(?s:.*)docker pull"):
            verify("nobody/nothing:1")

    def test_gpus_where_there_are_none(self, built: Callable[[str], str]) -> None:
        tag = built(ENDS_AT_ONCE)
        with pytest.raises(EngineError, match="this engine cannot give a container a GPU"):
            verify(tag, gpus=True)

        assert not left_over(tag)


NEEDY = (
    "import http.server as s, os, sys; print('the token is', os.environ.get('TOKEN'), flush=True); "
    "good = 'TOKEN' in os.environ and os.environ.get('MODE') != 'broken' and 'eth0' in os.listdir('/sys/class/net'); "
    "good or sys.exit('no token, or no network'); "
    "s.HTTPServer(('', 8080), s.SimpleHTTPRequestHandler).serve_forever()"
)


class TestLent:
    """A service that starts with a variable and a network alone gets them where its user says so."""

    IMAGE = Image.from_cpu(python="3.11").with_serve("python", "-c", NEEDY)
    TOKEN = f"token-{uuid4().hex}"

    @pytest.fixture
    def network(self) -> Iterator[str]:
        name = f"mlcontainers-test-{uuid4().hex[:12]}"
        docker("network", "create", name)
        yield name
        docker("network", "rm", name)

    def test_it_is_verified_with_what_it_is_lent(
        self, network: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("TOKEN", self.TOKEN)
        events: list[Event] = []
        with temporary_tag() as tag:
            trial = Trial(env={"TOKEN": None}, network=network)
            build(self.IMAGE, tags=[tag], verify=trial, progress=events.append, host_settings=True)
            alone = verify(tag)
            broken = verify(tag, env={"TOKEN": self.TOKEN, "MODE": "broken"}, network=network)

        (report,) = (event.report for event in events if isinstance(event, Verified))
        assert [check.seen for check in report.checks if check.name == "lent"] == [f"variable TOKEN, network {network}"]
        assert [problem.code for problem in alone.problems] == ["not-healthy"]
        assert "log: the token is ***" in broken.problems[0].because
        told = f"{report}{report.to_json()}{broken}{broken.to_json()}{broken.explain()}{events}{capfd.readouterr()}"
        assert self.TOKEN not in told

    def test_the_command_line_lends_it_too(self, network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOKEN", self.TOKEN)
        (tmp_path / "image.toml").write_text(self.IMAGE.dump())
        lent = ("--host-settings", "--verify-env=TOKEN", "--verify-env=MODE=broken", f"--verify-network={network}")
        with temporary_tag() as tag:
            command = (sys.executable, "-m", "mlcontainers", "build", tmp_path / "image.toml", f"--tag={tag}", "--json")
            done = subprocess.run((*command, *lent), capture_output=True, text=True, check=False)

        assert done.returncode == 3
        assert "log: the token is ***" in done.stdout
        assert self.TOKEN not in done.stdout + done.stderr

    def test_a_network_that_is_not_there(self, good: str) -> None:
        with pytest.raises(EngineError, match="no-such-network"):
            verify(good, network="mlcontainers-has-no-such-network")

        assert docker("ps", "--all", "--quiet", "--filter=network=mlcontainers-has-no-such-network").stdout == ""


@pytest.mark.parametrize(
    ("lent", "code"),
    [
        ({"network": "host"}, "bad-network"),
        ({"network": "container:x"}, "bad-network"),
        ({"env": {"MLC_TEST_IS_NOT_SET": None}}, "unset-variable"),
        ({"env": {"A B": "x"}}, "bad-env-key"),
    ],
    ids=str,
)
def test_what_cannot_be_lent(lent: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Trial(**lent)

    assert caught.value.problems[0].code == code


def test_what_is_lent_is_shown_by_name() -> None:
    trial = Trial(env={"TOKEN": "abcdefgh\nijklmnop", "ON": "1"}, network="backend")

    assert repr(trial) == "Trial(env=('ON', 'TOKEN'), network='backend')"
    assert trial.hidden("1 abcdefgh\nthen ijklmnop") == "1 ***\nthen ***"
