"""uv, told to choose packages for an image outside of it: what to ask, and what it answers."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

import tomli_w
from msgspec import Struct

from mlcontainers.errors import EngineError, ImpossibleError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PLATFORMS = ((2, 17), (2, 28), *((2, minor) for minor in range(31, 41)))
"""The glibc versions that uv has a platform for."""
_KEPT = ("UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_CONCURRENT_DOWNLOADS")
"""uv's variables that change nothing of what is chosen."""
_INDEX_LINE = re.compile(r"^[ \t]*(-i|-f|--(extra-)?index-url|--find-links).*$", re.MULTILINE)
_SHOWN = 12
"""Lines of what uv says that are repeated."""


class Candidate(Struct, frozen=True):
    """A file of a package that an index, or a folder, has."""

    name: str
    sha256: str
    """Empty where the index does not say."""
    path: str = ""
    """Where it lies on this machine, if it does."""


class Release(Struct, frozen=True):
    """A package that was chosen, with its files that could be installed."""

    name: str
    version: str
    wheels: tuple[Candidate, ...]
    sdist: Candidate | None


class Question(Struct, frozen=True):
    """What is asked for, on which ground."""

    python: str
    machine: str
    glibc: tuple[int, int]
    requirements: tuple[str, ...]
    indexes: tuple[tuple[str, str], ...] = ()
    """Projects that come from an index of their own and from nowhere else, and its address."""
    files: tuple[str, ...] = ()
    """Requirements files below the folder `files`."""
    constraints: tuple[str, ...] = ()
    preferred: tuple[tuple[str, str], ...] = ()
    """What is there already: it stays wherever it will do, as installers have it."""
    folders: tuple[Path, ...] = ()
    """Folders with wheels beside the index."""
    offline: bool = False
    """Nothing but the folders is asked."""
    index: str | None = None
    """Instead of the Python index."""


def write_files(texts: Iterable[tuple[str, str]], folder: Path) -> None:
    """Requirements files without their lines about indexes, as build steps see them."""
    for name, text in texts:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_INDEX_LINE.sub("", text), encoding="utf-8")


def stand_in(folder: Path, fields: Iterable[tuple[str, str]]) -> None:
    """A wheel without content for a package that is there already, so that it can be chosen; it is never installed."""
    values = dict(fields)
    stem = f"{re.sub(r'[-_.]+', '_', values['Name'])}-{values['Version']}"
    if not re.fullmatch(r"[A-Za-z0-9_]+-[A-Za-z0-9.+!]+", stem):
        return  # No index calls a package so.
    info = f"{stem}.dist-info"
    metadata = "\n".join((*(f"{key}: {' '.join(value.split())}" for key, value in fields), "", ""))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def resolve(question: Question, folder: Path, environment: Mapping[str, str], where: str) -> tuple[Release, ...]:
    """What uv chooses, sorted by name. `folder` is one of its own for this question.

    Raises ImpossibleError where nothing fits together, and EngineError where uv or an index fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(tomli_w.dumps(_project(question)), encoding="utf-8")
    (folder / "constraints.txt").write_text("\n".join((*question.constraints, "")), encoding="utf-8")
    # What is in the file that it writes to is what uv stays with where it can.
    answer = folder / "pylock.toml"
    held = [{"name": name, "version": version} for name, version in question.preferred]
    answer.write_text(tomli_w.dumps({"lock-version": "1.0", "created-by": "lock", "packages": held}), encoding="utf-8")
    done = subprocess.run(
        (_uv(), "pip", "compile", *_arguments(question, folder)),
        cwd=folder,
        env={**_plain(os.environ), **environment},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise _failed(question, done.returncode, done.stderr, where)
    data = tomllib.loads(answer.read_text(encoding="utf-8"))
    return tuple(sorted(map(_release, data.get("packages", [])), key=lambda release: release.name))


def _project(question: Question) -> dict[str, Any]:
    """A project that depends on everything, since there a package can be told its index."""
    addresses = sorted({url for _, url in question.indexes})
    names = {url: f"index-{number}" for number, url in enumerate(addresses)}
    uv = {
        "package": False,
        "sources": {project: {"index": names[url]} for project, url in question.indexes},
        "index": [{"name": name, "url": url, "explicit": True} for url, name in names.items()],
    }
    project = {"name": "mlcontainers-image", "version": "0", "dependencies": list(question.requirements)}
    return {"project": project, "tool": {"uv": uv}}


def _arguments(question: Question, folder: Path) -> Iterator[str]:
    yield "pyproject.toml"
    yield from question.files
    yield from ("--no-header", "--format=pylock.toml", "--output-file=pylock.toml", "--generate-hashes")
    yield from ("--constraints=constraints.txt", "--no-python-downloads", "--color=never")
    platform = max((known for known in _PLATFORMS if known <= question.glibc), default=_PLATFORMS[0])
    yield f"--python-version={question.python}"
    yield f"--python-platform={question.machine}-manylinux_{platform[0]}_{platform[1]}"
    settings = folder.parent / "uv.toml"
    yield f"--config-file={settings}" if settings.exists() else "--no-config"
    yield from (f"--find-links={links}" for links in question.folders)
    if question.offline:
        yield "--no-index"
    elif question.index:
        yield f"--default-index={question.index}"


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would have uv choose otherwise here than anywhere."""
    others = ("UV_", "PIP_", "VIRTUAL_ENV", "CONDA_", "NETRC")
    return {key: value for key, value in environment.items() if key in _KEPT or not key.startswith(others)}


def _uv() -> str:
    hint = "pip install 'mlcontainers[build]'"
    problem = Problem("no-uv", "error", "", "uv is not installed, which chooses the packages of a lock", (), (hint,))
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        raise EngineError(problem) from None


def _failed(question: Question, code: int, said: str, where: str) -> ImpossibleError | EngineError:
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("warning:")]
    because = tuple(f"uv says: {line}" for line in lines[:_SHOWN]) or (f"uv ended with {code} and says nothing",)
    # Who is not let in hears that there is no such package; of the main index a hint says more.
    if "No solution found" in said and "could not be queried" not in said:
        what = "what this step asks for cannot be installed together"
        hints = ("change what it asks for", *(("does the secret of the index fit?",) if question.indexes else ()))
        return ImpossibleError(Problem("not-resolved", "error", where, what, because, hints))
    what = "what this step installs could not be found out"
    hints = ("can the index be reached? --host-settings, --mirror, --wheelhouse as for a build",)
    return EngineError(Problem("index-unreached", "error", where, what, because, hints))


def _release(table: dict[str, Any]) -> Release:
    wheels = tuple(_candidate(wheel) for wheel in table.get("wheels", []))
    sdist = _candidate(table["sdist"]) if "sdist" in table else None
    return Release(str(table["name"]), str(table.get("version", "")), wheels, sdist)


def _candidate(table: dict[str, Any]) -> Candidate:
    parts = urlsplit(str(table.get("url", "")))
    path = str(table.get("path", "")) or (unquote(parts.path) if parts.scheme == "file" else "")
    name = str(table.get("name", "")) or Path(path or unquote(parts.path)).name
    sha256 = cast("dict[str, str]", table.get("hashes", {})).get("sha256", "")
    return Candidate(name, f"sha256:{sha256}" if sha256 else "", path)
