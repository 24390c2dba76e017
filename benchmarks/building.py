"""Ratios against Dockerfiles by hand in the same run: the best that we can write, and the one of many articles.

It empties the build cache of the engine that answers, cache mounts included, so it wants an engine of its own:

    make engine MLC_ENGINE_HOME=... DOCKER_HOST=unix://...   (as `.ci/run` does)
    benchmarks/building.py --empty-the-cache [--rounds 3] [--only sklearn] [--naive] [--no-bytecode]

All are built by the same command, and the styles take turns. Medians are told, and the fastest: what the machine allows
where others disturb it. What the naive style rebuilds, it rebuilds whole, so it does so once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlcontainers import Image, Sources, plan
from mlcontainers.engines.host import find_links
from mlcontainers.engines.wheelhouse import wheel_names

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent / "handwritten"
WHEELS = next((folder for folder in find_links() if list(folder.glob("torch-2.13.0+cpu-cp311-*.whl"))), None)
REPEATS = 5
PACKAGES = ("humanize", "tabulate", "toolz", "inflect", "boltons", "sortedcontainers")
COLUMNS = ("cold", "code", "package", "MB", "MB sent")
"""Seconds from nothing, after a change of code, after one more small package; the size unpacked, and compressed."""


@dataclass(frozen=True)
class Style:
    """One way to write the Dockerfile of an application."""

    application: str
    name: str
    dockerfile: Callable[[], str]


def by_hand(application: str, suffix: str, *, bytecode: bool = True) -> Style:
    text = (HERE / f"{application}{suffix}.Dockerfile").read_text(encoding="utf-8")
    return Style(application, f"by hand{suffix}", lambda: text if bytecode else text.replace(" --compile-bytecode", ""))


def ours(application: str, *, bytecode: bool = True) -> Style:
    start = Image.from_cpu(python="3.11")
    framework = start.add_sklearn("1.9.1") if application == "sklearn" else start.add_torch("2.13.0")
    image = framework.add_pip(requirements="requirements.txt").add_files("app", "/app").with_ports(8080)
    image = image.with_cmd("uvicorn", "serve:app", "--host=0.0.0.0", "--port=8080")
    image = image.with_installer(bytecode=bytecode)
    sources = Sources(wheelhouse=wheel_names(WHEELS)) if application == "torch" and WHEELS else Sources()
    return Style(application, "ours", lambda: plan(image, sources=sources).dockerfile.render())


def docker(*arguments: str) -> str:
    done = subprocess.run(("docker", *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"docker {' '.join(arguments)}\n{done.stderr[-3000:]}")
    return done.stdout


def build(style: Style, context: Path) -> float:
    """Seconds of one build."""
    file = context.parent / "Dockerfile"
    file.write_text(style.dockerfile(), encoding="utf-8")
    wheelhouse = [f"--build-context=wheelhouse={WHEELS}"] if WHEELS else []
    output = f"--output=type=image,name={tag(style)},compression=zstd,oci-mediatypes=true"
    start = time.perf_counter()
    docker("buildx", "build", "--quiet", "--provenance=false", output, *wheelhouse, f"--file={file}", str(context))
    return time.perf_counter() - start


def tag(style: Style) -> str:
    return f"mlcontainers-benchmark:{style.application}-{style.name.replace(' ', '-')}"


class Contender:
    """A style with a build context of its own, and what was measured of it."""

    def __init__(self, style: Style, folder: Path) -> None:
        self.style = style
        self.folder = folder
        self.context = folder / "context"
        self.seconds: dict[str, list[float]] = {}
        self.sizes = (0.0, 0.0)
        shutil.copytree(HERE / "context", self.context)

    def run(self, column: str) -> None:
        """One more build for this column."""
        self.seconds.setdefault(column, []).append(build(self.style, self.context))
        print(
            f"# {self.style.application}, {self.style.name}: {column} {self.seconds[column][-1]:.2f}", file=sys.stderr
        )

    def row(self, of: Callable[[list[float]], float]) -> dict[str, float]:
        """By column one number of all that were measured."""
        seconds = {column: of(self.seconds[column]) for column in COLUMNS[:3]}
        return {**seconds, **dict(zip(COLUMNS[3:], self.sizes, strict=True))}

    def change_code(self, number: int) -> None:
        code = self.context / "app" / "serve.py"
        code.write_text(f"{code.read_text(encoding='utf-8')}\n# change {number}\n", encoding="utf-8")

    def want(self, package: str) -> None:
        """One small package more than at first."""
        wanted = self.context / "requirements.txt"
        before = (HERE / "context" / "requirements.txt").read_text(encoding="utf-8")
        wanted.write_text(f"{before}{package}\n", encoding="utf-8")


def measured(styles: list[Style], rounds: int) -> list[Contender]:
    """All styles, built in turns."""
    with tempfile.TemporaryDirectory() as scratch:
        contenders = [Contender(style, Path(scratch) / str(number)) for number, style in enumerate(styles)]
        for _ in range(rounds):
            for contender in contenders:
                docker("image", "rm", "--force", tag(contender.style))
                docker("buildx", "prune", "--all", "--force")
                contender.want("")
                contender.run("cold")
        for contender in contenders:
            contender.sizes = image_sizes(contender.style, contender.folder)
        for contender in contenders:  # all but the last have to be there again
            build(contender.style, contender.context)
        for number in range(REPEATS):
            for contender in contenders[: None if number == 0 else 2]:
                contender.change_code(number)
                contender.run("code")
        for position, package in enumerate(PACKAGES):
            for contender in contenders[: None if position == 1 else 2]:
                contender.want(package)
                contender.run("package" if position else "to warm up")
    return contenders


def image_sizes(style: Style, scratch: Path) -> tuple[float, float]:
    """Megabytes of all layers, unpacked and as a registry holds them."""
    saved = scratch / "saved.tar"
    docker("image", "save", f"--output={saved}", tag(style))
    with tarfile.open(saved) as archive:
        blobs = {Path(member.name).name: member for member in archive if member.isfile()}

        def read(digest: str) -> Any:
            content = archive.extractfile(blobs[digest.removeprefix("sha256:")])
            assert content is not None
            return json.loads(content.read())

        content = archive.extractfile(blobs["index.json"])
        assert content is not None
        manifest = read(json.loads(content.read())["manifests"][0]["digest"])
        while "manifests" in manifest:
            manifest = read(manifest["manifests"][0]["digest"])
    saved.unlink()
    sent = sum(layer["size"] for layer in manifest["layers"])
    lines = docker("history", "--human=false", "--format={{.Size}}", tag(style)).split()
    return sum(map(int, lines)) / 1e6, sent / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--empty-the-cache", action="store_true", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("sklearn", "torch"))
    parser.add_argument("--naive", action="store_true", help="also the one of many articles")
    parser.add_argument("--no-bytecode", action="store_true", help="without it, in both")
    given = parser.parse_args()
    bytecode = not given.no_bytecode
    for application in [given.only] if given.only else ["sklearn", "torch"]:
        if application == "torch" and WHEELS is None:
            print("torch: no folder of pip's find-links has its wheel")
            continue
        styles = [ours(application, bytecode=bytecode), by_hand(application, "", bytecode=bytecode)]
        if given.naive:
            styles.append(by_hand(application, "-naive"))
        contenders = measured(styles, given.rounds)
        for name, of in (("medians", statistics.median), ("fastest", min)):
            title = f"{application}{'' if bytecode else ', no bytecode'}, {name}"
            _print(title, {one.style.name: one.row(of) for one in contenders})


def _print(title: str, table: dict[str, dict[str, float]]) -> None:
    print(f"{title:32}" + "".join(f"{column:>10}" for column in COLUMNS))
    for name, row in table.items():
        print(f"{name:32}" + "".join(f"{row[column]:10.1f}" for column in COLUMNS), flush=True)
    best = table["by hand"]
    for name, row in table.items():
        if name != "by hand":
            print(f"{name + ' / by hand':32}" + "".join(f"{row[c] / best[c]:8.2f}  " for c in COLUMNS), flush=True)


if __name__ == "__main__":
    main()
