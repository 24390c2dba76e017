"""Everything that the install steps of a plan would install today, step by step as a build would do it."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from mlcontainers.engines.host import host_secrets
from mlcontainers.engines.resolving import Candidate, Question, resolve, stand_in, write_files
from mlcontainers.engines.wheelhouse import decided_wheels
from mlcontainers.errors import EngineError, Problem
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.locks import LockedPackage, LockedPackages, LockedStep
from mlcontainers.values.requirements import RequirementsFile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from mlcontainers.engines.interiors import Interior
    from mlcontainers.engines.resolving import Release
    from mlcontainers.planners import Plan
    from mlcontainers.planners.installs import Install

_SEALED = re.compile(r"nvidia|triton").match
"""Libraries of CUDA, which a build seals beside the frameworks that need them."""
_LEGACY = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}


class Lent(Struct, frozen=True):
    """What this machine gives to a lock, as it gives it to a build."""

    wheelhouse: Path | None = None
    ca: Path | None = None
    """Whom to trust; what the host trusts where it is left out."""
    netrc: tuple[tuple[str, str], ...] = ()
    """The contents of secrets that are a netrc, by their ids."""


class _State(Struct):
    """What is there between two steps."""

    held: dict[str, str]
    """Versions of all packages."""
    sealed: dict[str, str]
    """Those that later steps keep."""
    own: dict[str, str]
    """What came from an index of its own, and the address: found nowhere else when it is needed again."""


def closure(plan: Plan, base: Interior | None, lent: Lent) -> LockedPackages:
    """Resolve each step on what the base and the steps before it hold. `base` may be None where nothing is installed.

    Raises ImpossibleError where a step's packages exclude each other, and EngineError where an index cannot be asked,
    or does not say what a file's hash is.
    """
    python = str(plan.target.python or "")
    if base is None:
        return LockedPackages(str(plan.target.platform), python)
    tags = _tags(base, plan.target.platform.machine)
    with _workplace(plan, base, lent) as (folder, environment):
        state = _State({_name(fields): dict(fields)["Version"] for fields in base.packages}, {}, {})
        steps: list[LockedStep] = []
        for number, install in enumerate(plan.installs):
            question = _question(plan, install, base, state, folder, lent)
            releases = resolve(question, folder / str(number), environment, install.where)
            steps.append(_locked(install, releases, state, tags))
            _advance(plan, install, releases, state)
    return LockedPackages(str(plan.target.platform), python, tuple(steps))


@contextmanager
def _workplace(plan: Plan, base: Interior, lent: Lent) -> Generator[tuple[Path, dict[str, str]]]:
    """A folder with the image's files and what stands for the base's packages; and the variables that uv gets."""
    with TemporaryDirectory(prefix="mlcontainers-lock-") as name:
        folder = Path(name)
        for fields in base.packages:
            stand_in(folder / "base", fields)
        write_files(plan.context.texts if plan.context else (), folder / "files")
        for wheel in decided_wheels(plan, lent.wheelhouse) if lent.wheelhouse else ():
            (folder / "local").mkdir(exist_ok=True)
            (folder / "local" / wheel.name).symlink_to(wheel.resolve())
        yield folder, {**_trust(plan, folder, lent), **_credentials(folder, lent)}


def _trust(plan: Plan, folder: Path, lent: Lent) -> dict[str, str]:
    """The host's own settings where a build would be lent them, in the same words."""
    if not plan.sources.host_settings:
        return {}
    files = dict(host_secrets(ca=lent.ca).files)
    if "uv.toml" in files:
        (folder / "uv.toml").write_bytes(files["uv.toml"])
    if "ca-certificates" not in files:
        return {}
    (folder / "ca.pem").write_bytes(files["ca-certificates"])
    return {"SSL_CERT_FILE": str(folder / "ca.pem")}


def _credentials(folder: Path, lent: Lent) -> dict[str, str]:
    """One file for all of them, since a later step asks an index again for what came from there."""
    if not lent.netrc:
        return {}
    file = folder / "netrc"
    file.touch(mode=0o600)
    file.write_text("\n".join((*(text for _, text in lent.netrc), "")), encoding="utf-8")
    return {"NETRC": str(file)}


def _question(plan: Plan, install: Install, base: Interior, state: _State, folder: Path, lent: Lent) -> Question:
    sources = plan.sources
    again = (f"{name}=={state.held[name]}" for name in state.own)
    wanted = (text.partition(" --hash")[0] for text in install.wanted)
    sealed = (f"{name}=={version}" for name, version in state.sealed.items())
    elsewhere = (f"{name}==0+comes.from.{index.replace('-', '.')}" for name, index in install.elsewhere)
    folders = [lent.wheelhouse.resolve()] if sources.offline and lent.wheelhouse else []
    folders += [found for found in (folder / "base", folder / "local") if found.is_dir()]
    # A wheel of the wheelhouse is found in its folder.
    indexes = {name: url for name, url in {**state.own, **_own(plan, install)}.items() if url and not sources.offline}
    return Question(
        base.python,
        plan.target.platform.machine,
        base.glibc,
        (*again, *(pin.requirement for pin in install.pins), *wanted),
        tuple(sorted(indexes.items())),
        tuple(str(folder / "files" / file) for file in install.files),
        (*sealed, *elsewhere),
        tuple(sorted({**state.held, **dict(install.chosen)}.items())),
        tuple(folders),
        sources.offline,
        sources.index,
    )


def _own(plan: Plan, install: Install) -> dict[str, str]:
    """Projects of this step that come from an index of their own, or from the wheelhouse, which has no address."""
    mirror = plan.sources.mirror
    found: dict[str, str] = {}
    for pin in install.pins:
        if pin.local or pin.index:
            found[pin.project] = "" if pin.local or pin.index is None else mirror(pin.index.name) or pin.index.url
    for group in install.routed:
        found |= dict.fromkeys(group.names, mirror(group.index.name) or group.index.url)
    return found


def _advance(plan: Plan, install: Install, releases: Iterable[Release], state: _State) -> None:
    """What is there after a step."""
    chosen = {release.name: release.version for release in releases}
    state.held |= chosen
    state.sealed |= {pin.project: str(pin.version) for pin in install.pins}
    if install.pins and isinstance(plan.target.accelerator, Cuda):
        state.sealed |= {name: version for name, version in chosen.items() if _SEALED(name)}
    names = {name for group in install.routed for name in group.names}
    state.sealed |= {name: version for name, version in chosen.items() if name in names}
    state.own |= {name: url for name, url in _own(plan, install).items() if name in chosen}


def _locked(install: Install, releases: Iterable[Release], state: _State, tags: Mapping[Tag, int]) -> LockedStep:
    """What the step adds to what is there."""
    addresses = {pin.project: pin.index.url for pin in install.pins if pin.index}
    addresses |= {name: group.index.url for group in install.routed for name in group.names}
    allowed = _allowed(install)
    packages = [
        LockedPackage.of(
            release.name,
            release.version,
            dict(_files(release, tags, allowed.get(release.name, frozenset()), install.where)),
            addresses.get(release.name),
        )
        for release in releases
        if state.held.get(release.name) != release.version
    ]
    return LockedStep.of(install.asked, packages)


def _allowed(install: Install) -> dict[str, frozenset[str]]:
    """Hashes that the user's own files name for a package: no other file of it will do."""
    asked = RequirementsFile.parse("\n".join(install.wanted), "").packages
    return {one.package.name: frozenset(one.hashes) for one in asked if one.hashes}


def _files(release: Release, tags: Mapping[Tag, int], allowed: frozenset[str], where: str) -> Iterator[tuple[str, str]]:
    """The file that an installer takes: the wheel whose tags it likes best, all of one rank, or else the source."""
    hashed = [(wheel, _hash(wheel)) for wheel in release.wheels]
    fitting = [pair for pair in hashed if not allowed or pair[1] in allowed]
    ranks = {wheel.name: rank for wheel, _ in fitting if (rank := _rank(wheel.name, tags)) is not None}
    best = min(ranks.values(), default=None)
    found = [(wheel.name, digest) for wheel, digest in fitting if ranks.get(wheel.name) == best and best is not None]
    if not found and release.sdist:
        found = [(release.sdist.name, _hash(release.sdist))]
    if not found or not all(digest for _, digest in found):
        raise EngineError(_unhashed(release, [name for name, digest in found if not digest], where))
    yield from found


def _hash(file: Candidate) -> str:
    """As the index says it; computed where the file lies here."""
    if file.sha256 or not file.path:
        return file.sha256
    with Path(file.path).open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def _unhashed(release: Release, files: list[str], where: str) -> Problem:
    what = f"{release.name} {release.version} cannot be locked"
    because = f"its index says no sha256 of {files[0]}" if files else "there is no file of it that fits the image"
    hints = ("put its wheel into a wheelhouse: --wheelhouse", "lock base images alone: --bases-only")
    return Problem("unhashed", "error", where, what, (because,), hints)


def _rank(wheel: str, tags: Mapping[Tag, int]) -> int | None:
    found = [tags[tag] for tag in parse_wheel_filename(wheel)[3] if tag in tags]
    return min(found, default=None)


def _tags(base: Interior, machine: str) -> dict[Tag, int]:
    """The tags of wheels that the image's Python loads, and how much each is liked; the best is 0."""
    major, minor = (int(part) for part in base.python.split(".")[:2])
    platforms = list(_platforms(base.glibc, machine))
    short = f"cp{major}{minor}"
    found = [*cpython_tags((major, minor), [short], platforms), *compatible_tags((major, minor), short, platforms)]
    return {tag: rank for rank, tag in reversed(list(enumerate(found)))}


def _platforms(glibc: tuple[int, int], machine: str) -> Iterator[str]:
    """PEP 600: every glibc up to the image's own, the newest first; before 2.17 only for x86_64."""
    for minor in range(glibc[1], (5 if machine == "x86_64" else 17) - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if legacy := _LEGACY.get((2, minor)):
            yield f"{legacy}_{machine}"
    yield f"linux_{machine}"


def _name(fields: Iterable[tuple[str, str]]) -> str:
    return canonicalize_name(dict(fields)["Name"])
