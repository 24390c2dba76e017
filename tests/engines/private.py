"""An engine of the tests' own, for what would hurt the one that answers: it may be killed, filled and cut off.

Its data are on a small disk of its own, a file that is mounted; its programs are those that `make engine` has brought.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.leftovers import MARK

if TYPE_CHECKING:
    import signal

SCRIPTS = Path(__file__).parents[1] / "engine"
BASE = "python:3.11-slim-bookworm"
DISK = "1200M"


def missing() -> str:
    """Why no engine can be started on this machine; empty where one can."""
    if sys.platform != "linux" or os.getuid() != 0:
        return "a private engine needs Linux and root"
    if not shutil.which("dockerd"):
        return "a private engine needs dockerd"
    if not (_brought() / "suite").exists():
        return "a private engine uses what `make engine` brings"
    return ""


def _brought() -> Path:
    return Path(os.environ.get("MLC_ENGINE_HOME", "/var/lib/mlc-engine"))


@dataclass
class PrivateEngine:
    """One dockerd with its own data, socket and bridge."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mlc-")))
    bridge: str = field(default_factory=lambda: f"mlcp{os.getpid()}"[:15])

    @property
    def host(self) -> str:
        return f"unix://{self.folder / 'docker.sock'}"

    @property
    def gateway(self) -> str:
        """The address by which its containers reach this machine."""
        return f"10.214.{os.getpid() % 250 + 1}.1"

    @property
    def data(self) -> Path:
        return self.folder / "engine" / "data"

    @property
    def environment(self) -> dict[str, str]:
        """What `up.sh` and `down.sh` have to know; no mark of a test's, for the engine outlives it."""
        homes = {"MLC_ENGINE_HOME": str(self.folder / "engine"), "MLC_ENGINE_RUN": str(self.folder / "run")}
        return {**{name: value for name, value in os.environ.items() if name != MARK}, **homes}

    def create(self) -> None:
        """A small disk, an engine on it, and one base image of the engine that answers."""
        home = self.folder / "engine"
        self.data.mkdir(parents=True)
        disk = self.folder / "disk"
        _run("truncate", "-s", DISK, str(disk))
        _run("mkfs.ext4", "-q", "-m", "0", str(disk))
        _run("mount", "-o", "loop", str(disk), str(self.data))
        for name in ("suite", "bookworm.tar"):
            if (_brought() / name).exists():
                shutil.copy(_brought() / name, home)
        archive = self.folder / "base.tar"
        _run("docker", "save", "--output", str(archive), BASE)
        self.start()
        self.docker("load", "--input", str(archive))
        archive.unlink()

    def start(self) -> None:
        """Bring it up; it is left as it is where it answers."""
        if self.answers():
            return
        environment = {
            **self.environment,
            "MLC_BRIDGE": self.bridge,
            "MLC_SUBNET": f"{self.gateway}/24",
            "MLC_REGISTRY_PORT": "0",
            "MLC_PYTHONS": "",
            "DOCKER_HOST": self.host,
            # A step's output comes whole: the builder would leave most of it out.
            "BUILDKIT_STEP_LOG_MAX_SIZE": "-1",
            "BUILDKIT_STEP_LOG_MAX_SPEED": "-1",
        }
        _run(str(SCRIPTS / "up.sh"), environment=environment)

    def answers(self) -> bool:
        """Whether anybody listens at its socket."""
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.folder / "docker.sock")) == 0

    def stop(self, how: signal.Signals) -> None:
        """End it by a signal, and wait until it has gone."""
        pid = int((self.folder / "run" / "docker.pid").read_text())
        os.kill(pid, how)
        end = time.monotonic() + 30
        while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < end:
            time.sleep(0.05)

    def docker(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ask it with the docker program."""
        command = ("docker", "--host", self.host, *arguments)
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)

    def reject(self) -> None:
        """Cut the network of its containers: every packet is answered with a refusal."""
        for rule in self._refusals():
            if subprocess.run(("iptables", "-w", "-C", *rule), capture_output=True, check=False).returncode != 0:
                _run("iptables", "-w", "-I", *rule)

    def drop(self) -> None:
        """Cut the network of its containers: no packet is answered."""
        for rule in self._silence():
            _run("iptables", "-w", "-I", *rule)

    def mend(self) -> None:
        """Give them their network again."""
        for rule in (*self._refusals(), *self._silence()):
            subprocess.run(("iptables", "-w", "-D", *rule), capture_output=True, check=False)

    def _silence(self) -> list[tuple[str, ...]]:
        return [(way, "-i", self.bridge, "-j", "DROP") for way in ("INPUT", "FORWARD")]

    def _refusals(self) -> list[tuple[str, ...]]:
        ways = ("INPUT", "FORWARD")
        tcp = [(way, "-i", self.bridge, "-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset") for way in ways]
        rest = [(way, "-i", self.bridge, "!", "-p", "tcp", "-j", "REJECT") for way in ways]
        return [*tcp, *rest]

    def purge(self) -> None:
        """Stop it and remove all of it."""
        _run(str(SCRIPTS / "down.sh"), "--purge", environment=self.environment)
        shutil.rmtree(self.folder)


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
