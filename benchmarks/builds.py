"""What `build` costs beside the builder itself, on the engine that answers. All seconds are medians of several runs.

Each is compared in the same run, in turns, so that a busy machine is busy for both:

- an unchanged image, against `docker build` of the same with everything in its cache;
- a change in the code, against the least that the engine can do: `FROM` the built layers, `COPY` one file;
- a build that builds, against a bare `docker buildx build` of the same Dockerfile.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers import Image, build, plan

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 11
WORD = uuid.uuid4().hex[:12]
REPOSITORY = f"mlcontainers-bench-{WORD}"
IMAGE = (
    Image.from_cpu(python="3.11")
    .add_run("head -c 50000000 /dev/urandom > /srv/weights")
    .add_files("src", "/app")
    .with_entrypoint("python", "main.py")
)


def main() -> int:
    decided = plan(IMAGE)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "src").mkdir()
        for number in range(20):
            (context / "src" / f"part{number}.py").write_text(f"x = {number}\n" * 200)
        dockerfile = context / "Dockerfile"
        dockerfile.write_text(decided.dockerfile.render())
        (context / "Dockerfile.floor").write_text(f"FROM {REPOSITORY}:floor\nCOPY --link src/main.py /app/\n")
        try:
            change(context)
            build(decided, context=context, tags=[f"{REPOSITORY}:1"], verify=False)
            docker("tag", f"{REPOSITORY}:1", f"{REPOSITORY}:floor")
            print("| what | ours | the other | |\n| --- | --- | --- | --- |")
            row("unchanged, against a fully cached docker build", *in_turns(
                lambda: build(decided, context=context, tags=[f"{REPOSITORY}:1"], verify=False),
                lambda: docker("build", "--quiet", "--provenance=false", "--tag", f"{REPOSITORY}:2", folder),
            ))  # fmt: skip
            row("the same from the command line", *in_turns(
                lambda: command(context), lambda: docker("build", "--quiet", "--tag", f"{REPOSITORY}:2", folder)
            ))  # fmt: skip
            row("a change in the code, against FROM and COPY of one file", *in_turns(
                lambda: build(decided, context=context, tags=[f"{REPOSITORY}:1"], verify=False),
                lambda: bare(context, "Dockerfile.floor"),
                before=lambda: change(context),
            ))  # fmt: skip
            row("a build, against a bare docker buildx build", *in_turns(
                lambda: build(decided, context=context, tags=[f"{REPOSITORY}:1"], verify=False, force=True),
                lambda: bare(context, "Dockerfile"),
                before=lambda: change(context),
            ))  # fmt: skip
        finally:
            names = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}", REPOSITORY).split()
            docker("image", "rm", "--force", *names)
    return 0


def change(context: Path) -> None:
    """Other code than ever before."""
    (context / "src" / "main.py").write_text(f"print('{uuid.uuid4()}')\n")


def command(context: Path) -> None:
    """`mlcontainers build`, from its start to its end."""
    file = context / "image.toml"
    if not file.exists():
        file.write_text(IMAGE.dump())
    options = ("--tag", f"{REPOSITORY}:1", "--no-verify", "--progress=none")
    program = (sys.executable, "-m", "mlcontainers", "build", file, *options)
    # From compiled sources, as they are where it was installed; the first turn, which does not count, compiles them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(program, check=True, capture_output=True, env=environment)


def bare(context: Path, dockerfile: str) -> None:
    """The builder with the same outputs, read as we read it."""
    options = ("--progress=rawjson", "--provenance=false", "--load", f"--tag={REPOSITORY}:3")
    docker("buildx", "build", *options, f"--file={context / dockerfile}", str(context))


def in_turns(
    ours: Callable[[], object], other: Callable[[], object], before: Callable[[], object] = lambda: None
) -> tuple[float, float]:
    """Median seconds of both, one after the other again and again."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(RUNS + 1):
        for call, taken in zip((ours, other), seconds, strict=True):
            before()
            started = time.perf_counter()
            call()
            if turn:
                taken.append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def row(what: str, ours: float, other: float) -> None:
    print(f"| {what} | {ours:.3f} s | {other:.3f} s | {ours / other:.2f} times, {(ours - other) * 1000:+.0f} ms |")


def docker(*arguments: str) -> str:
    return subprocess.run(("docker", *arguments), check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
