"""Packages from the Python index."""

from __future__ import annotations

from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from msgspec.structs import replace
from pydantic import Field, model_validator

from mlcontainers.dockerfile import Comment, Mount
from mlcontainers.layers.installing import (
    CONSTRAINTS,
    HASHED,
    LOCKED,
    guard,
    install,
    install_locked,
    install_routed,
    netrc_mounts,
    one_after_the_other,
)
from mlcontainers.layers.layer import Layer, Volatility
from mlcontainers.layers.runtime import comparison
from mlcontainers.layers.target import Reading
from mlcontainers.values.paths import MountedPath
from mlcontainers.values.projects import ProjectName
from mlcontainers.values.quoting import shell
from mlcontainers.values.text import invalid
from mlcontainers.values.wishes import PackageRequirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.installing import Command
    from mlcontainers.layers.target import Routed, Target

MOUNTED = "/tmp/requirements"
"""Where files of the build context are while a step runs, in their own folders: they name each other."""
ROUTED = "/tmp/routed"
"""Where they are without their lines about indexes."""
_INDEX_LINES = "/^[[:blank:]]*(-i|-f|--(extra-)?index-url|--find-links)/d"
LockKind = Literal["pylock", "uv", "hashed"]


class Pip(Layer, frozen=True):
    """Python packages beside the frameworks, by name or from files; the frameworks' versions hold."""

    volatility: ClassVar[Volatility] = Volatility.PACKAGES

    kind: Literal["pip"] = "pip"
    packages: Annotated[tuple[PackageRequirement, ...], Field(strict=False)] = ()
    """Requirements such as `accelerate>=1.2`."""
    requirements: MountedPath | None = None
    """A requirements file of the build context; the files that it names come along."""
    pyproject: MountedPath | None = None
    """A `pyproject.toml` of the build context: what the project depends on, without the project itself."""
    extras: Annotated[tuple[ProjectName, ...], Field(strict=False)] = ()
    """Optional dependencies of the pyproject, or of the project that the lock is of."""
    groups: Annotated[tuple[ProjectName, ...], Field(strict=False)] = ()
    """Dependency groups of the pyproject, or of the project that the lock is of."""
    lock: MountedPath | None = None
    """A `pylock.toml`, a `uv.lock`, or a requirements file with hashes; every file is checked against its hash."""

    @model_validator(mode="after")
    def _something_to_install(self) -> Self:
        if not (self.packages or self.requirements or self.pyproject or self.lock):
            raise invalid("nothing-to-install", "neither packages, requirements, pyproject nor lock are given")
        if self.pyproject and basename(str(self.pyproject)) != "pyproject.toml":
            raise invalid("not-a-pyproject", f"{str(self.pyproject)!r} is no pyproject.toml")
        if (self.extras or self.groups) and not (self.pyproject or self.lock_kind == "uv"):
            hint = 'pyproject="pyproject.toml", or lock="uv.lock"'
            raise invalid("extras-of-nothing", "extras and groups are parts of a pyproject, and none is given", hint)
        if self.lock and self.lock_kind is None:
            because = ("of other locks, and of tools that export them, nothing is known here",)
            hint = "export it: as pylock.toml, or as a requirements file with hashes"
            raise invalid("unknown-lock", f"{str(self.lock)!r} is no lock that installers read", hint, because=because)
        return self

    @property
    def lock_kind(self) -> LockKind | None:
        """Which of the three it is, by its name; PEP 751 says how a `pylock.toml` may be called."""
        name = basename(str(self.lock or ""))
        if name == "uv.lock":
            return "uv"
        if name == "pylock.toml" or (name.startswith("pylock.") and name.endswith(".toml")):
            return "pylock"
        return (
            "hashed" if name.endswith(".txt") or (name.startswith("requirements") and name.endswith(".lock")) else None
        )

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the build context that it names itself."""
        beside = [join(dirname(str(self.lock)), "pyproject.toml")] if self.lock_kind == "uv" else []
        given = [str(file) for file in (self.requirements, self.pyproject, self.lock) if file is not None]
        return tuple(dict.fromkeys((*given, *beside)))

    def lower(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """One instruction; files are mounted, so their text is part of the cache key and in no layer."""
        if target.locked is not None:
            return self._from_lock(target)
        commands = [*self._begun(target), *self._asked(target)]
        run = one_after_the_other(target, commands, (*self._mounts(target), *netrc_mounts(target)))
        return (*map(Comment, _remarks(target)), run)

    def _from_lock(self, target: Target) -> tuple[Instruction | Comment, ...]:
        """What the image's lock has, behind what a lock of the user's own has chosen."""
        own = replace(target, locked=None, routed=tuple(routed for routed in target.routed if routed.hashed))
        asked = tuple(routed for routed in target.routed if not routed.hashed)
        commands = list(self._begun(own)) if self.lock else []
        commands += [*install_locked(replace(target, routed=asked)), *_sealed(target, asked)]
        mounts = self._mounts(own) if self.lock else []
        # All that it asks for may be there already.
        run = one_after_the_other(target, commands or [["true"]], (*mounts, *netrc_mounts(target)))
        return (*map(Comment, _remarks(target if self.lock else replace(target, reading=Reading()))), LOCKED, run)

    def _mounts(self, target: Target) -> list[Mount]:
        files = dict.fromkeys((*self.files, *target.reading.files))
        mounts = [Mount.bind(f"{MOUNTED}/{file}", source=file) for file in files]
        return [*mounts, Mount.tmpfs(ROUTED)] if target.reading.index_lines else mounts

    def _begun(self, target: Target) -> Iterator[Command]:
        """What comes before that which is asked for without a lock of its own."""
        yield from guard(target)
        yield from _without_index_lines(target)
        yield from install_routed(target)
        yield from self._locked(target)

    def _asked(self, target: Target) -> Iterator[Command]:
        """What is asked for by name and by files that choose no versions."""
        pieces: Command = []
        if self.requirements:
            pieces.append(f"--requirement={shell(_place(target, self.requirements))}")
        if self.pyproject:
            place = shell(_place(target, self.pyproject))
            pieces.append(f"--no-sources --requirement={place}")
            pieces += [f"--extra={extra}" for extra in sorted(map(str, self.extras))]
            pieces += [f"--group={place}:{group}" for group in sorted(map(str, self.groups))]
        pieces += map(shell, sorted({str(package) for package in self.packages}))
        if pieces:
            yield [*install(target, sealed=target.sealed or bool(target.routed)), *pieces]

    def _locked(self, target: Target) -> Iterator[Command]:
        """What a lock has chosen, with hashes checked. What a framework layer installed is left as it is."""
        if self.lock is None:
            return
        place, uv = shell(_place(target, self.lock)), target.installer.program == "uv"
        sealed = target.sealed or bool(target.routed)
        program, options = install(target, sealed=sealed)
        kept = f"--excludes={CONSTRAINTS} " if sealed and uv else ""
        match self.lock_kind:
            case "pylock" if uv:
                # uv takes no constraints beside a pylock.toml: what it did is compared instead.
                bare = f"{'env -u UV_CONSTRAINT ' if target.sealed else ''}{program}"
                yield [bare, target.installer.options, f"--preview-features=pylock --requirement={place}"]
                if sealed:
                    yield comparison(target.interpreter)
            case "pylock":
                yield [program, options, f"--requirement={place}"]
            case "uv":
                yield self._export(target, dirname(_place(target, self.lock)))
                yield [program, options, f"{kept}--require-hashes --requirement={HASHED}"]
            case _:
                yield [program, options, f"{kept}--require-hashes --requirement={place}"]

    def _export(self, target: Target, project: str) -> Command:
        """A `uv.lock` as a requirements file with hashes: the dependencies of the project, without itself."""
        parts = [f"--extra={extra}" for extra in sorted(map(str, () if self.pyproject else self.extras))]
        parts += [f"--group={group}" for group in sorted(map(str, () if self.pyproject else self.groups))]
        return [
            f"{target.installer.home}/bin/uv export --frozen --quiet --project={shell(project)}",
            f"--cache-dir={target.installer.cache} --python={target.interpreter}",
            "--no-default-groups --no-emit-project --no-header --no-annotate",
            *parts,
            f"--output-file={HASHED}",
        ]


def _sealed(target: Target, asked: tuple[Routed, ...]) -> Iterator[Command]:
    """What has come from indexes of the user's own is kept by all that follows."""
    names = {name for routed in asked for name in routed.names}
    lines = [shell(f"{one.name}=={one.version}") for one in target.locked or () if one.name in names]
    if lines:
        yield ["printf '%s\\n'", *lines, f">> {CONSTRAINTS}"]


def _remarks(target: Target) -> Iterator[str]:
    for routed in target.routed:
        yield f"From the index {routed.index.name}, and from nowhere else: {', '.join(routed.names)}."
    if target.reading.index_lines:
        yield "Lines about indexes are left out of the files: the image says what comes from where."


def _without_index_lines(target: Target) -> Iterator[Command]:
    """Copies in memory of all files, from which lines about indexes are gone: the image says what comes from where."""
    if target.reading.index_lines:
        yield [f"cp -R {MOUNTED}/. {ROUTED}"]
        files = (shell(f"{ROUTED}/{file}") for file in target.reading.index_lines)
        yield [f"sed -i -E '{_INDEX_LINES}'", *files]


def _place(target: Target, file: MountedPath) -> str:
    return f"{ROUTED if target.reading.index_lines else MOUNTED}/{file}"
