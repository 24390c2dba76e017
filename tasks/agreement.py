"""Random questions, answered by us and by uv: `python tasks/agreement.py [--points N] [--seed S] [--resolve N]`.

A point is a release of a package, a Python, a machine and a glibc: does a wheel fit? uv is asked with `--no-deps`.
Where we say impossible and uv does not, the reason is looked at again: the upper bound of Requires-Python, which uv
ignores and pip obeys, or a package that it needs, by letting uv resolve with dependencies. What is left is a
difference, and the exit code is 1.

With `--resolve N`, the whole answer to N further questions is given to uv with dependencies: it must install together.
Answers of uv are kept in a cache, since the index changes slowly.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers import Answer, catalogue, pin

if TYPE_CHECKING:
    from mlcontainers.facts import Release

SUITES = {"bullseye": (2, 31), "bookworm": (2, 36), "trixie": (2, 39)}
"""Distributions that base images name. uv knows glibc up to 2.40 by names; trixie has 2.41."""
PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))
PLATFORMS = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlcontainers" / "agreement.json"


@dataclass(frozen=True)
class Point:
    """One question."""

    requirements: tuple[str, ...]
    python: str
    platform: str
    suite: str

    def ours(self) -> Answer:
        """Our answer, in an image of the official Python on this suite."""
        return pin(
            *self.requirements,
            python=self.python,
            platform=self.platform,
            base=f"python:{self.python}-slim-{self.suite}",
        )

    def __str__(self) -> str:
        return f"{' '.join(self.requirements)} on Python {self.python}, {self.platform}, {self.suite}"


class Uv:
    """uv's answers: empty where it finds versions, else its last words."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.known: dict[str, str] = json.loads(cache.read_text()) if cache.exists() else {}

    def says(self, point: Point, requirements: tuple[str, ...], *, deps: bool) -> str:
        key = "|".join([*requirements, point.python, point.platform, point.suite, str(deps)])
        if key not in self.known:
            self.known[key] = self._ask(point, requirements, deps)
        return self.known[key]

    def save(self) -> None:
        self.cache.parent.mkdir(parents=True, exist_ok=True)
        self.cache.write_text(json.dumps(self.known, indent=0, sort_keys=True))

    @staticmethod
    def _ask(point: Point, requirements: tuple[str, ...], deps: bool) -> str:
        major, minor = SUITES[point.suite]
        target = f"{PLATFORMS[point.platform]}-manylinux_{major}_{minor}"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--only-binary=:all:"]
        command += [f"--python-platform={target}", f"--python-version={point.python}", "-"]
        done = subprocess.run(
            command if deps else [*command[:-1], "--no-deps", "-"],
            input="\n".join(requirements) + "\n",
            env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
            capture_output=True,
            text=True,
            check=False,
        )
        if "Request failed" in done.stderr:
            sys.exit(f"uv cannot reach its index: {' '.join(done.stderr.split())[:400]}")
        return "" if done.returncode == 0 else " ".join(done.stderr.split())[-400:] or "refused"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--resolve", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=CACHE)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    uv = Uv(given.cache)
    points = [_point(chance) for _ in range(given.points)]
    with ThreadPoolExecutor(4) as pool:
        differences = [told for told in pool.map(partial(_compared, uv), points) if told]
        sets = [_question(chance) for _ in range(given.resolve)]
        differences += [told for told in pool.map(partial(_resolved, uv), sets) if told]
    uv.save()
    for told in differences:
        print(told)
    verdicts = Counter(point.ours().verdict for point in points)
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items())))
    print(f"{len(points)} points and {len(sets)} whole answers, {len(differences)} differ")
    return 1 if differences else 0


def _point(chance: random.Random) -> Point:
    known = catalogue()
    project = chance.choice(known.projects())
    # Releases near the newest and Pythons near its own are where answers differ.
    release: Release = chance.choice(known.releases(project))
    pythons = [*map(str, release.pythons("x86_64")), *PYTHONS]
    python = chance.choice([python for python in pythons if python in PYTHONS])
    place = (python, chance.choice(list(PLATFORMS)), chance.choice(list(SUITES)))
    return Point((f"{project}=={release.version}",), *place)


def _question(chance: random.Random) -> Point:
    """A set of packages that people install together."""
    sets = (
        ("torch", "torchvision"), ("torch", "torchvision", "torchaudio"), ("tensorflow",), ("tensorflow", "keras"),
        ("jax",), ("transformers", "torch"), ("sentence-transformers",), ("lightning",), ("accelerate", "diffusers"),
        ("scikit-learn", "xgboost"), ("lightgbm", "scikit-learn"), ("onnxruntime", "transformers"), ("vllm",),
        ("tensorflow", "scikit-learn"), ("spacy",), ("catboost",), ("numba", "torch"), ("ray", "torch"),
    )  # fmt: skip
    known = catalogue()
    wanted = chance.choice(sets)
    leader = chance.choice(known.releases(wanted[0])[:25])
    python = chance.choice([str(python) for python in leader.pythons("x86_64")] or ["3.12"])
    return Point((f"{wanted[0]}=={leader.version}", *wanted[1:]), python, chance.choice(list(PLATFORMS)), "bookworm")


def _compared(uv: Uv, point: Point) -> str:
    ours, theirs = point.ours(), uv.says(point, point.requirements, deps=False)
    if ours.verdict == "works" and theirs:
        return f"WE SAY WORKS, UV REFUSES: {point}: {theirs}"
    if ours.verdict == "impossible" and not theirs and not _explained(point, uv):
        return f"WE SAY IMPOSSIBLE, UV ACCEPTS: {point}: {'; '.join(map(str, ours.because[:2]))}"
    return ""


def _explained(point: Point, uv: Uv) -> bool:
    project, _, version = point.requirements[0].partition("==")
    release = catalogue().release(project, version)
    assert release is not None
    specifier = release.requires_python
    if specifier is not None and not specifier.contains(f"{point.python}.25"):
        return True  # The upper bound: uv ignores it, pip obeys it.
    # What our table of uninstallable releases says is about dependencies too.
    return bool(uv.says(point, point.requirements, deps=True))


def _resolved(uv: Uv, point: Point) -> str:
    ours = point.ours()
    if ours.verdict != "works":
        return ""
    # Builds with a local label are on another index than uv is asked.
    exact = tuple(str(package) for package in ours.packages if not package.version.local)
    theirs = uv.says(point, exact, deps=True)
    return f"WE SAY WORKS, UV CANNOT INSTALL IT TOGETHER: {point}: {' '.join(exact)}: {theirs}" if theirs else ""


if __name__ == "__main__":
    sys.exit(main())
