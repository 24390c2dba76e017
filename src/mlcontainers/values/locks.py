"""A lock: which images the names of base images stand for, and which files every install step takes."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.values.addresses import index_address
from mlcontainers.values.platforms import Platform
from mlcontainers.values.projects import ProjectName
from mlcontainers.values.references import ImageReference
from mlcontainers.values.text import invalid, word
from mlcontainers.values.versions import PythonVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mlcontainers.errors import InvalidValueError

SCHEMA = 2
AGAIN = "make it again: mlcontainers lock FILE"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII).fullmatch
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", re.ASCII).fullmatch
_T = TypeVar("_T")
_Table: TypeAlias = "dict[str, Any]"


class LockedPackage(Struct, frozen=True):
    """A package in one version, and the file that it is installed from."""

    name: str
    """In its normal form: `scikit-learn`."""
    version: str
    files: tuple[tuple[str, str], ...]
    """File and `sha256:...`. It is one, unless several fit the image equally well."""
    index: str | None = None
    """The address of the index that it comes from; None is the Python index."""

    @classmethod
    def of(cls, name: str, version: str, files: Mapping[str, str], index: str | None = None) -> Self:
        """Checked: a lock is read from a file that people may edit."""
        if str(ProjectName.parse(name)) != name:
            raise _bad(f"{name!r} is not the normal form of a name")
        if not files:
            raise _bad(f"{name} has no file")
        for file, digest in files.items():
            if not _is_file_of(file, name, version):
                raise _bad(f"{file!r} is no file of {name} {version}")
            _check_digest(digest)
        return cls(name, version, tuple(sorted(files.items())), None if index is None else index_address(index))

    @property
    def hashed(self) -> str:
        """As a line of a requirements file that is checked."""
        return " ".join((f"{self.name}=={self.version}", *(f"--hash={digest}" for _, digest in self.files)))

    @property
    def is_wheel(self) -> bool:
        """Whether nothing of it has to be built."""
        return all(file.endswith(".whl") for file, _ in self.files)


class LockedStep(Struct, frozen=True):
    """What one install step is asked for, and everything that it installs."""

    asked: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    """Sorted by name. What is there before the step is not among them."""

    @classmethod
    def of(cls, asked: Iterable[str], packages: Iterable[LockedPackage]) -> Self:
        """Sorted, so that equal answers are equal steps."""
        return cls(tuple(sorted(set(asked))), tuple(sorted(packages, key=lambda package: package.name)))


class LockedPackages(Struct, frozen=True):
    """Everything that the install steps of an image install, in the order in which they run."""

    platform: str
    python: str
    """As in `3.12`; empty where the base decides."""
    steps: tuple[LockedStep, ...] = ()

    @property
    def installed(self) -> dict[str, LockedPackage]:
        """What is there at the end, by name: a later step may install another version than an earlier one."""
        return {package.name: package for step in self.steps for package in step.packages}


class Lock(Struct, frozen=True):
    """Digests of base images by their references, all packages, and the day that files of the image are dated to."""

    date: str
    """As ISO date; files that steps write carry no later time, so that equal builds give equal layers."""
    bases: tuple[tuple[str, str], ...] = ()
    """Reference and `sha256:...`, sorted."""
    packages: LockedPackages | None = None
    """None in a lock of base images alone: packages are then those of the day of the build."""

    @classmethod
    def of(cls, day: str, bases: Mapping[str, str], packages: LockedPackages | None = None) -> Self:
        """Checked: a lock is read from a file that people may edit."""
        try:
            date.fromisoformat(day)
        except (TypeError, ValueError):
            raise _bad(f"{day!r} is no day") from None
        for reference, digest in bases.items():
            ImageReference.parse(reference)
            _check_digest(digest)
        return cls(day, tuple(sorted(bases.items())), packages)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the TOML text that `dump` writes; raises InvalidValueError for any other."""
        import tomllib

        try:
            data: _Table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise invalid("bad-lock", f"the lock is no TOML: {error}") from None
        if data.get("schema") != SCHEMA:
            raise _bad("the lock has another form than this version reads")
        _check_keys(data, {"schema", "date", "bases"}, {"platform", "python", "steps"})
        bases = _typed(data["bases"], dict, "bases")
        packages = _packages(data) if "platform" in data else None
        if packages is None and len(data) > 3:
            raise _bad("the lock has steps, and not the platform that they are for")
        return cls.of(str(data["date"]), bases, packages)

    def dump(self) -> str:
        """As TOML text, one line for each package; `parse` gives an equal lock back."""
        return "\n".join((*_lines(self), ""))

    def to_json(self) -> dict[str, Any]:
        """The same as data for programs; `steps` is null in a lock of base images alone."""
        steps = None if self.packages is None else [_step_json(step) for step in self.packages.steps]
        return {"date": self.date, "bases": dict(self.bases), "steps": steps}

    def of_base(self, reference: ImageReference) -> ImageReference | None:
        """The reference with its digest; as it is where it has one; None where the lock has none for it."""
        digest = reference.digest or dict(self.bases).get(str(reference))
        return replace(reference, digest=digest) if digest else None

    @property
    def epoch(self) -> int:
        """The day as seconds since 1970, in the sense of SOURCE_DATE_EPOCH."""
        return int(datetime.fromisoformat(self.date).replace(tzinfo=UTC).timestamp())

    def changes(self, before: Lock) -> tuple[str, ...]:
        """What has moved since another lock, in words; nothing where only the day is another."""
        return tuple(_changes(before, self))


def _bad(what: str) -> InvalidValueError:
    return invalid("bad-lock", what, AGAIN)


def _check_digest(digest: object) -> None:
    if not isinstance(digest, str) or not _DIGEST(digest):
        raise _bad(f"{digest!r} is no digest")


def _is_file_of(file: str, name: str, version: str) -> bool:
    """Whether a file is called as a wheel or a source archive of this release is."""
    from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
    from packaging.version import InvalidVersion, Version

    try:
        parts = parse_wheel_filename(file) if file.endswith(".whl") else parse_sdist_filename(file)
        return bool(_FILE(file)) and parts[0] == name and parts[1] == Version(version) and str(parts[1]) == version
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return False


def _check_keys(table: _Table, needed: set[str], optional: set[str]) -> None:
    if not needed <= table.keys() <= needed | optional:
        raise _bad(f"the lock has other fields than this version reads: {', '.join(table)}")


def _typed(value: object, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise _bad(f"{where} of the lock is {value!r}")
    return value


def _packages(data: _Table) -> LockedPackages:
    platform = str(Platform.parse(_typed(data["platform"], str, "platform")))
    python = _typed(data.get("python"), str, "python")
    steps = tuple(_step(_typed(step, dict, "a step")) for step in _typed(data.get("steps", []), list, "steps"))
    return LockedPackages(platform, str(PythonVersion.parse(python)) if python else "", steps)


def _step(table: _Table) -> LockedStep:
    _check_keys(table, {"asked", "packages"}, set())
    asked = (word(_typed(text, str, "asked"), "requirement") for text in _typed(table["asked"], list, "asked"))
    packages = (_package(_typed(one, dict, "a package")) for one in _typed(table["packages"], list, "packages"))
    return LockedStep.of(asked, packages)


def _package(table: _Table) -> LockedPackage:
    _check_keys(table, {"name", "version", "files"}, {"index"})
    name, version = (_typed(table[key], str, key) for key in ("name", "version"))
    index = _typed(table["index"], str, "index") if "index" in table else None
    return LockedPackage.of(name, version, _typed(table["files"], dict, "files"), index)


def _step_json(step: LockedStep) -> dict[str, Any]:
    fields = ("name", "version", "index", "files")
    packages = [{**{name: getattr(one, name) for name in fields}, "files": dict(one.files)} for one in step.packages]
    return {"asked": list(step.asked), "packages": packages}


def _lines(lock: Lock) -> Iterator[str]:
    yield f"schema = {SCHEMA}"
    yield f"date = {_quoted(lock.date)}"
    if lock.packages is not None:
        yield f"platform = {_quoted(lock.packages.platform)}"
        yield f"python = {_quoted(lock.packages.python)}"
    yield from ("", "[bases]", *(f"{_quoted(reference)} = {_quoted(digest)}" for reference, digest in lock.bases))
    for step in lock.packages.steps if lock.packages else ():
        yield from ("", "[[steps]]", "asked = [", *(f"    {_quoted(text)}," for text in step.asked), "]")
        yield from ("packages = [", *(f"    {_inline(package)}," for package in step.packages), "]")


def _inline(package: LockedPackage) -> str:
    files = ", ".join(f"{_quoted(file)} = {_quoted(digest)}" for file, digest in package.files)
    index = f", index = {_quoted(package.index)}" if package.index else ""
    return f"{{ name = {_quoted(package.name)}, version = {_quoted(package.version)}{index}, files = {{ {files} }} }}"


def _quoted(text: str) -> str:
    """As a basic string of TOML, which a JSON text of printable characters is."""
    return json.dumps(text, ensure_ascii=False)


def _changes(old: Lock, new: Lock) -> Iterator[str]:
    yield from _moved(dict(old.bases), dict(new.bases), _moved_base)
    if old.packages is None or new.packages is None:
        if old.packages is not new.packages:
            yield "packages: locked now" if new.packages else "packages: not locked any more"
        return
    for what in ("platform", "Python"):
        before, after = (getattr(one, what.lower()) for one in (old.packages, new.packages))
        if before != after:
            yield f"{what}: {before} -> {after}"
    yield from _moved(old.packages.installed, new.packages.installed, _moved_package)
    if [step.asked for step in old.packages.steps] != [step.asked for step in new.packages.steps]:
        yield "what is asked for has changed"


def _moved(old: Mapping[str, _T], new: Mapping[str, _T], words: Callable[[str, _T, _T], str]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield f"{name}: gone"
        elif name not in old:
            version = getattr(new[name], "version", "")
            yield f"{name}: new{f', {version}' if version else ''}"
        elif old[name] != new[name]:
            yield words(name, old[name], new[name])


def _moved_base(name: str, old: str, new: str) -> str:
    return f"{name}: another image"


def _moved_package(name: str, old: LockedPackage, new: LockedPackage) -> str:
    if old.version != new.version:
        return f"{name}: {old.version} -> {new.version}"
    if old.files != new.files:
        return f"{name}: {new.version} in another file"
    return f"{name}: {new.version} from another index"
