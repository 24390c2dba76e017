"""`facts refresh`: what the package index has now, as records of the catalogue.

Only releases whose files changed since the last time are derived anew. Nothing is written before all is derived, and
each file is written whole, so an interrupted refresh leaves the old data as it was.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from packaging.version import Version

from mlcontainers.engines.folders import own_folder
from mlcontainers.engines.index import AT_ONCE, Index
from mlcontainers.errors import Problem, RefreshError, UnknownFactError
from mlcontainers.facts.deriving.files import FIRST, LAST, releases
from mlcontainers.facts.deriving.projects import PROJECTS
from mlcontainers.facts.deriving.rules import Wheels, derive, with_companions
from mlcontainers.facts.deriving.shapes import UnknownShapeError
from mlcontainers.facts.store import Store
from mlcontainers.facts.writing import save
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from mlcontainers.facts.deriving.files import IndexFile, ReleaseFiles

    Records: TypeAlias = dict[Version, dict[str, Any]]

RULES = "7"
"""The version of the rules in `facts.deriving`: with another one every release is derived anew."""
HAND_FIELDS = ("documented", "tested", "variants", "variants_named")
"""Fields that the index does not tell: they stay as they are."""
_TORCH = ("torch", "torchvision", "torchaudio")


class PackageIndex(Wheels, Protocol):
    """Where pages and wheels are read; `Index` is the one of this host."""

    requests: int
    bytes: int

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def page(self, project: str) -> tuple[IndexFile, ...]:
        """The files of a project."""
        ...


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did."""

    folder: Path
    changed: tuple[str, ...]
    """Keys of the records that were derived anew, as in `torch==2.9.1`."""
    gone: tuple[str, ...]
    """Keys of records whose releases the index has no more."""
    requests: int
    bytes: int
    date: str


def refresh(
    projects: Sequence[str] = (),
    *,
    into: Path | None = None,
    index: PackageIndex | None = None,
    today: str | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Refreshed:
    """Read the index and write what changed into a folder of data files, a user's own one unless another is named.

    `told` hears a line for each project. Raises RefreshError where the index does not answer or where a release
    has a shape that no rule covers; nothing is written then.
    """
    wanted = tuple(projects) or tuple(PROJECTS)
    if strangers := [name for name in wanted if name not in PROJECTS]:
        raise UnknownFactError(*(_stranger(name) for name in strangers))
    folder = into or own_folder()
    date = today or datetime.now(UTC).date().isoformat()
    with index or Index() as open_index:
        work = _Refresh(open_index, Store.with_overlay(folder), date, told)
        for position, project in enumerate(wanted, start=1):
            work.read(project, f"[{position}/{len(wanted)}]")
        if any(work.changed.get(name) for name in _TORCH):
            work.accompany()
        work.write(folder)
        return Refreshed(
            folder,
            tuple(f"{name}=={version}" for name, versions in work.changed.items() for version in sorted(versions)),
            tuple(work.gone),
            open_index.requests,
            open_index.bytes,
            date,
        )


class _Refresh:
    """One refresh: everything in memory until `write`."""

    def __init__(self, index: PackageIndex, store: Store, date: str, told: Callable[[str], None]) -> None:
        self.index = index
        self.store = store
        self.date = date
        self.told = told
        self.records: dict[str, Records] = {}
        self.digests: dict[str, dict[Version, str]] = {}
        self.changed: dict[str, set[Version]] = {}
        self.gone: list[str] = []

    def read(self, project: str, progress: str) -> None:
        """The project's page, and the metadata of the releases that changed."""
        known = self._known(project)
        seen = self._seen(project)
        found = releases(project, self.index.page(project))
        if not found:
            raise RefreshError(Problem("empty-page", "error", project, f"the page of {project} lists no release"))
        digests = {version: _digest(release) for version, release in found.items()}
        changed = [version for version, digest in digests.items() if seen.get(str(version)) != digest]
        self.told(f"{progress} {project}: {len(found)} releases, {len(changed)} changed")
        fresh = self._derived(project, [found[version] for version in changed])
        for version, record in fresh.items():
            _keep_hand_fields(record, known.get(version, {}))
        self.gone += [f"{project}=={version}" for version in sorted(known) if version not in found]
        self.records[project] = {version: record for version, record in {**known, **fresh}.items() if version in found}
        self.digests[project] = digests
        self.changed[project] = set(changed)

    def accompany(self) -> None:
        """Which companion goes with which torch, seen from torch."""
        for name in _TORCH:
            self.records.setdefault(name, self._known(name))
        torch = self.records["torch"]
        before = {version: repr(record) for version, record in torch.items()}
        for name in _TORCH[1:]:
            with_companions(torch, name, self.records[name])
        touched = {version for version, record in torch.items() if repr(record) != before[version]}
        self.changed["torch"] = self.changed.get("torch", set()) | touched

    def write(self, folder: Path) -> None:
        """Each file whole; only files that have something new."""
        for project, records in self.records.items():
            if not self.changed.get(project) and not any(key.startswith(f"{project}==") for key in self.gone):
                continue
            pythons = [f"3.{FIRST}", f"3.{LAST}"]
            header = {"as_of": self.date, "complete": True, "project": project, "pythons": pythons}
            save(folder, "releases", project, header, records.values())
            if digests := self.digests.get(project):
                files = {str(version): digests[version] for version in sorted(digests)}
                save(folder, "pages", project, {"as_of": self.date, "files": files, "project": project}, ())

    def _derived(self, project: str, changed: list[ReleaseFiles]) -> Records:
        shapes: list[str] = []
        found: Records = {}

        def one(release: ReleaseFiles) -> None:
            try:
                found[release.version] = derive(PROJECTS[project], release, self.index)
            except UnknownShapeError as error:
                shapes.append(str(error))

        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for _ in pool.map(one, changed):
                pass
        finally:
            pool.shutdown(cancel_futures=True)
        if shapes:
            because = "a rule that does not fit must be looked at by a person: nothing is guessed, nothing was written"
            raise RefreshError(
                *(Problem("unknown-shape", "error", project, shape, (because,)) for shape in sorted(shapes))
            )
        return found

    def _known(self, project: str) -> Records:
        known = self.store.records("releases", project) if project in self.store.names("releases") else ()
        return {Version(record["version"]): {**record, "sources": dict(record["sources"])} for record in known}

    def _seen(self, project: str) -> Mapping[str, str]:
        """The digest of each release's files when they were last read."""
        return self.store.header("pages", project)["files"] if project in self.store.names("pages") else {}


def _digest(release: ReleaseFiles) -> str:
    """Of all that a release's record takes from the page, and by which a rebuilt wheel shows."""
    # A change of the rules changes records of files that did not.
    lines = [RULES, *sorted(f"{f.name}\t{f.size}\t{f.requires_python}\t{int(f.yanked)}" for f in release.files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _keep_hand_fields(record: dict[str, Any], known: Mapping[str, Any]) -> None:
    for field in HAND_FIELDS:
        if field in known:
            record[field] = known[field]
            record["sources"][field] = known["sources"].get(field, "index")


def _stranger(name: str) -> Problem:
    hints = did_you_mean(name, PROJECTS) or (f"one of {', '.join(PROJECTS)}",)
    return Problem("no-facts", "error", "", f"no rule derives facts about {name!r}", (), hints)
