"""The main job on this machine: a plan, a Dockerfile and, where a Docker engine answers, a service that predicts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from mlcontainers import EngineError, EngineNotFoundError, Image, build, plan
from mlcontainers.cli.arguments import Progress
from mlcontainers.cli.progress import shown
from mlcontainers.engines.running import running
from mlcontainers.values.sizes import human_size

EXAMPLES = Path(__file__).parents[1] / "examples"
REPOSITORY = f"mlcontainers-demo-{os.getpid()}"
TAG = f"{REPOSITORY}:1"
PATIENT = [0.04, 0.05, 0.06, 0.02, -0.04, -0.03, -0.04, 0.0, 0.02, -0.02]


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        show_plan(EXAMPLES / "pytorch-cuda")
        serve_prediction(EXAMPLES / "sklearn-regression")
    except EngineNotFoundError as error:
        say(f"No build here, since {error.problems[0].what}; to get one: make engine, or install Docker.")
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
        image = Image.load(example / "image.toml")
        with shown(Progress.AUTO) as listener:
            built = build(image, context=example, tags=[TAG], host_settings=True, progress=listener)
        say(f"built in {built.seconds:.1f} s: {human_size(built.size)}")
        port = free_port(8080)
        title(f"Running it, as `docker run -p {port}:8080` does")
        with running(TAG, host_port=port) as service:
            service.wait()
            say(f"http://127.0.0.1:{port}/health answers")
            say(f"POST /predict {json.dumps({'features': PATIENT})}")
            say(f"answer: {ask(port, {'features': PATIENT})}")
    finally:
        # Without a docker program there is nothing to remove either.
        with suppress(FileNotFoundError):
            forget_image()
    say("cleaned up: container and image are gone")


def forget_image() -> None:
    """The image with all its names: it has one after its content too."""
    command = ("docker", "image", "ls", "--quiet", REPOSITORY)
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    if found:
        subprocess.run(("docker", "image", "rm", "--force", *set(found)), capture_output=True, check=False)


def ask(port: int, question: dict[str, object]) -> str:
    """The answer to one `POST /predict`."""
    body = json.dumps(question).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", body, timeout=10) as response:
        return str(response.read().decode())


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
