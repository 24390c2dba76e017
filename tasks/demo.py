"""The main job on this machine: a plan, a Dockerfile and, where a Docker engine answers, a service that predicts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NoReturn

from mlcontainers import EngineError, EngineNotFoundError, Image, build, plan

EXAMPLES = Path(__file__).parents[1] / "examples"
TAG = f"mlcontainers-demo:{os.getpid()}"
PATIENT = [0.04, 0.05, 0.06, 0.02, -0.04, -0.03, -0.04, 0.0, 0.02, -0.02]
PATIENCE = 60.0
"""Seconds that the service gets to answer for the first time."""


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        show_plan(EXAMPLES / "pytorch-cuda")
        serve_prediction(EXAMPLES / "sklearn-regression")
    except EngineNotFoundError as error:
        say(f"No build here, since {error.problems[0].what}: `make engine` brings an engine up, or install Docker.")
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        say("Interrupted; what the demo made is cleaned up.")
        return 130
    return 0


def show_plan(example: Path) -> None:
    """What was decided, and the Dockerfile that follows; no engine is needed for it."""
    title(f"The plan of {example.name}")
    decided = plan(Image.load(example / "image.toml"))
    say(decided.explain())
    title(f"The Dockerfile of {example.name}")
    say(decided.dockerfile.render())


def serve_prediction(example: Path) -> None:
    """Build, run, ask, clean up."""
    title(f"Building {example.name}")
    try:
        built = build(Image.load(example / "image.toml"), context=example, tags=[TAG], host_settings=True)
        say(f"built in {built.seconds:.0f} s")
        port = free_port(8080)
        title(f"Running it, as `docker run -p {port}:8080` does")
        with Container(TAG, port) as container:
            container.wait_until_healthy()
            say(f"POST /predict {json.dumps({'features': PATIENT})}")
            say(f"answer: {container.ask({'features': PATIENT})}")
    finally:
        docker("image", "rm", "--force", TAG)
    say("cleaned up: the container and the image are gone")


class Container:
    """The running service; gone when the block ends, however it ends."""

    def __init__(self, image: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.name = TAG.replace(":", "-")
        self.command = ("run", "--detach", "--name", self.name, "--publish", f"127.0.0.1:{port}:8080", image)

    def __enter__(self) -> Container:
        try:
            started = docker(*self.command)
            if started.returncode:
                raise SystemExit(f"the container does not start: {started.stderr.strip()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", self.name)

    def wait_until_healthy(self) -> None:
        """Wait for the first answer to `GET /health`, and say how long it took."""
        started = time.monotonic()
        while time.monotonic() - started < PATIENCE:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=2) as response:
                    say(f"healthy after {time.monotonic() - started:.1f} s: {response.read().decode()}")
                    return
            except OSError:
                time.sleep(0.2)
        logs = docker("logs", "--tail", "20", self.name)
        raise SystemExit(f"the service does not answer:\n{logs.stdout}{logs.stderr}")

    def ask(self, question: dict[str, object]) -> str:
        """The answer to one `POST /predict`."""
        body = json.dumps(question).encode()
        with urllib.request.urlopen(f"{self.url}/predict", body, timeout=10) as response:
            return str(response.read().decode())


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the docker program; the caller looks at what came of it."""
    return subprocess.run(("docker", *arguments), capture_output=True, text=True, check=False)


def free_port(wish: int) -> int:
    """This port of the loopback interface, or another one where it is taken."""
    for port in (wish, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no port of the loopback interface is free")


def title(text: str) -> None:
    say(f"\n=== {text} ===")


def say(text: str) -> None:
    print(text.rstrip("\n"), flush=True)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
