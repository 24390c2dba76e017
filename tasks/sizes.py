"""Measure what wheels weigh: `python tasks/sizes.py [WHEEL...]` writes the tables `closures` and `wheel-sizes` anew.

A closure is everything that an installation of one release brings, as uv resolves it today. Of each wheel in it the
size of the file is read on the index page and the unpacked size in its zip directory, by a ranged read of its tail.
Releases of one series are alike: the newest stands for all. A light package is written down once, at its newest.
Wheels that the index does not have, such as `torch-2.13.0+cpu`, can be named as files.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from mlcontainers import catalogue
from mlcontainers.engines.index import Index
from mlcontainers.facts.deriving.files import releases
from mlcontainers.facts.deriving.projects import PROJECTS
from mlcontainers.facts.writing import save

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from mlcontainers.facts.deriving.files import IndexFile

    Pages: TypeAlias = Mapping[str, tuple[IndexFile, ...]]
    Series: TypeAlias = tuple[str, str, str, str, str]
    """Name, series, newest release, machine and Python of what is measured."""
    Job: TypeAlias = tuple[str, str, str]
    """Name, version and machine of a wheel."""

DATA = Path(__file__).parent.parent / "src" / "mlcontainers" / "facts" / "data"
MACHINES = ("x86_64", "aarch64")
SERIES = {
    "torch": 11, "tensorflow": 7, "tensorflow[and-cuda]": 7, "tensorflow-cpu": 7, "jax": 6, "jax[cuda12]": 6,
    "jax[cuda13]": 4, "keras": 2, "scikit-learn": 4, "transformers": 2, "diffusers": 2, "lightning": 2,
    "sentence-transformers": 2, "accelerate": 2, "xgboost": 4, "xgboost-cpu": 3, "lightgbm": 2, "onnxruntime": 3,
    "onnxruntime-gpu": 3, "cupy-cuda12x": 2, "cupy-cuda13x": 2, "vllm": 1, "paddlepaddle": 2, "torchvision": 2,
    "torchaudio": 2, "bitsandbytes": 2, "xformers": 2, "numba": 2, "spacy": 2, "catboost": 2, "ray": 1, "torchao": 2,
    "fastapi": 1, "uvicorn": 1, "pandas": 1, "pillow": 1, "matplotlib": 1, "gunicorn": 1, "flask": 1,
    "opencv-python-headless": 1,
}  # fmt: skip
"""Projects, with an extra where one is meant, and how many of their newest series are measured."""
_HEAVY = re.compile(r"nvidia-|triton$|torch$|jax-cuda|jaxlib|tensorflow|cuda-").match
SOURCE = {"*": "index"}
_PINNED = re.compile(r"([A-Za-z0-9._-]+)==(\S+)").match


def main() -> int:
    wanted = [one for name, count in SERIES.items() for one in _series(name, count)]
    with ThreadPoolExecutor(6) as pool:
        closures = {key: found for key, found in zip(wanted, pool.map(_closure, wanted), strict=True) if found}
    heavy = sorted({pin for pins in closures.values() for pin in pins if _is_heavy(pin[0])})
    newest: dict[str, str] = {}
    for name, version in (pin for pins in closures.values() for pin in pins if not _is_heavy(pin[0])):
        newest[name] = str(max(Version(version), Version(newest.get(name, "0"))))
    pins = [*heavy, *sorted(newest.items())]
    today = datetime.now(UTC).date().isoformat()
    with Index() as index, ThreadPoolExecutor(10) as pool:
        names = sorted({name for name, _ in pins})
        pages: Pages = dict(zip(names, pool.map(index.page, names), strict=True))
        # Light wheels are alike on both machines.
        jobs: list[Job] = [
            (*pin, machine) for pin in pins for machine in (MACHINES if _is_heavy(pin[0]) else MACHINES[:1])
        ]
        sizes = [row for row in pool.map(partial(_size, index, pages), jobs) if row]
    rows: dict[str, dict[str, list[int]]] = {}
    for name, where, size in (*sizes, *map(_local, map(Path, sys.argv[1:]))):
        rows.setdefault(name, {})[where] = size
    records = [{"key": f"sizes {name}", "wheels": wheels, "sources": SOURCE} for name, wheels in rows.items()]
    save(DATA, "tables", "wheel-sizes", {"as_of": today, "table": "wheel-sizes"}, records)
    save(DATA, "tables", "closures", {"as_of": today, "table": "closures"}, _records(closures))
    measured = sum(map(len, rows.values()))
    print(f"{len(closures)} closures, {measured} wheels, {index.requests} requests, {index.bytes / 1e6:.0f} MB")
    return 0


def _records(closures: Mapping[Series, tuple[tuple[str, str], ...]]) -> Iterable[dict[str, Any]]:
    """A record for each project, and one for each set of packages: most releases bring what their neighbours do."""
    sets: dict[tuple[str, ...], str] = {}
    series: dict[str, dict[str, list[str]]] = {}
    for (name, release, version, machine, _), pins in closures.items():
        others = [pin for pin in pins if pin[0] != name.partition("[")[0]]
        heavy = tuple(sorted(f"{project}=={number}" for project, number in others if _is_heavy(project)))
        light = tuple(sorted(project for project, _ in others if not _is_heavy(project)))
        named = [sets.setdefault(one, f"{len(sets) + 1}") for one in (heavy, light) if one]
        series.setdefault(name, {})[f"{release} {machine}"] = [version, *named]
    yield from ({"key": f"closures {name}", "series": found, "sources": SOURCE} for name, found in series.items())
    yield from ({"key": f"set {name}", "brings": list(one), "sources": SOURCE} for one, name in sets.items())


def _is_heavy(name: str) -> bool:
    return (name in PROJECTS and PROJECTS[name].rule != "pages") or bool(_HEAVY(name))


def _series(name: str, count: int) -> Iterable[Series]:
    """The newest series of a project, for each machine on the newest Python up to 3.12 that it has a wheel for."""
    project = name.partition("[")[0]
    known = [one for one in catalogue().releases(project) if not one.yanked]
    if not known:
        yield from ((name, "any", "", machine, "3.12") for machine in MACHINES)
    seen: dict[str, int] = {}
    for release in known:
        series = ".".join(str(release.version).split(".")[:2])
        if series in seen or len(seen) >= count:
            continue
        seen[series] = 1
        for machine in MACHINES:
            pythons = [str(python) for python in release.pythons(machine) if python.minor <= 12]
            if pythons:
                yield name, series, str(release.version), machine, pythons[-1]


def _closure(wanted: Series) -> tuple[tuple[str, str], ...]:
    name, _, version, machine, python = wanted
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--only-binary=:all:", f"--python-platform={machine}-manylinux_2_36", f"--python-version={python}", "-"]
    done = subprocess.run(
        command,
        input=f"{name}=={version}\n" if version else f"{name}\n",
        env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{name} {version} {machine} Python {python}: {' '.join(done.stderr.split())[-200:]}", file=sys.stderr)
    found = (_PINNED(line) for line in done.stdout.splitlines())
    return tuple((canonicalize_name(match[1].partition("[")[0]), match[2]) for match in found if match)


def _size(index: Index, pages: Pages, job: Job) -> tuple[str, str, list[int]] | None:
    """What one wheel weighs: its file, unpacked, and the Python files in it, which bytecode grows with."""
    name, version, machine = job
    file = _wheel(pages[name], version, machine)
    if file is None:
        return None
    unpacked, python = index.weight(file)
    where = "any" if file.name.endswith("-any.whl") else machine
    return name, f"{version} {where}" if _is_heavy(name) else where, [file.size, unpacked, python]


def _local(path: Path) -> tuple[str, str, list[int]]:
    """The same of a wheel that lies here."""
    name, version, _, tags = parse_wheel_filename(path.name)
    machine = next(machine for machine in MACHINES if any(tag.platform.endswith(machine) for tag in tags))
    with ZipFile(path) as wheel:
        parts = wheel.infolist()
    python = sum(part.file_size for part in parts if part.filename.endswith(".py"))
    return name, f"{version} {machine}", [path.stat().st_size, sum(part.file_size for part in parts), python]


def _wheel(files: tuple[IndexFile, ...], version: str, machine: str) -> IndexFile | None:
    """The wheel that an installer would take for Python 3.12, or for the newest Python there is a wheel for."""
    one = tuple(file for file in files if f"-{version}-" in file.name)
    found = releases("", one).get(Version(version))
    for minor in (12, 11, 10, 9, 8, 13, 14):
        for tag in _tags(minor, machine):
            for wheel in found.wheels if found else ():
                if tag in wheel.tags:
                    return wheel.file
    return None


def _tags(minor: int, machine: str) -> Iterable[Any]:
    names = [f"manylinux_2_{glibc}_{machine}" for glibc in range(36, 4, -1)]
    names += [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    yield from cpython_tags((3, minor), platforms=names)
    yield from compatible_tags((3, minor), interpreter=f"cp3{minor}", platforms=names)


if __name__ == "__main__":
    sys.exit(main())
