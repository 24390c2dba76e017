"""What do the files say that an image installs from? Read as installers read them, before anything is built."""

from __future__ import annotations

import dataclasses
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.layers import Conda, Pip
from mlcontainers.layers.target import Reading
from mlcontainers.values.requirements import Asked, IndexLine, RequirementsFile
from mlcontainers.values.wishes import PackageRequirement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlcontainers.image import Image
    from mlcontainers.values.context import ContextFiles
    from mlcontainers.values.environments import EnvironmentFile


class LayerFiles(Struct, frozen=True):
    """What the files of one layer ask for."""

    asked: tuple[Asked, ...] = ()
    constraints: tuple[Asked, ...] = ()
    """What they do not ask for, but limit."""
    locked: tuple[Asked, ...] = ()
    """What a lock has chosen."""
    indexes: tuple[IndexLine, ...] = ()
    included: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    environment: EnvironmentFile | None = None
    """What the file of a conda environment says."""

    def reading(self) -> Reading:
        """As the layer needs to hear it."""
        lines = dict.fromkeys(line.where.rpartition(":")[0] for line in self.indexes)
        return Reading(self.included, tuple(lines))


def read_files(image: Image, context: ContextFiles | None) -> tuple[LayerFiles, ...]:
    """For each layer what its files say; raises InvalidValueError with all that cannot go into an image."""
    machine = image.platform.machine
    read = tuple(_read(layer, place, context, machine) for place, layer in enumerate(image.layers))
    problems = tuple(problem for layer in read for problem in layer.problems if problem.severity == "error")
    if problems:
        raise InvalidValueError(*problems)
    return read


def wanted_files(image: Image, text: Callable[[str], str | None]) -> dict[str, str]:
    """The files of the build context that a plan of this image reads, as far as they are there."""
    found: dict[str, str] = {}
    for layer in image.layers:
        for path in layer.files if isinstance(layer, Pip | Conda) else ():
            _collect(path, text, found, nested=isinstance(layer, Pip))
    return found


def _collect(path: str, text: Callable[[str], str | None], found: dict[str, str], *, nested: bool = True) -> None:
    """A file and, where it is a requirements file, those that it names."""
    content = None if path in found else text(path)
    if content is None:
        return
    found[path] = content
    if nested and not path.endswith((".toml", "uv.lock")):
        for name, _, _ in RequirementsFile.parse(content, path).included:
            _collect(str(name), text, found)


def _read(layer: object, place: int, context: ContextFiles | None, machine: str) -> LayerFiles:
    if not isinstance(layer, Pip | Conda) or not layer.files:
        return LayerFiles()
    where = f"layers[{place}] ({layer.kind})"
    if context is None:
        what = f"what {' and '.join(layer.files)} ask{'' if len(layer.files) > 1 else 's'} for was not compared"
        hint = "give the folder: mlcontainers plan --context DIR; a build reads it by itself"
        return LayerFiles(problems=(Problem("unread-file", "info", where, what, (), (hint,)),))
    if isinstance(layer, Conda):
        return _environment(context, layer.files[0], where, machine)
    read = _requirements(context, str(layer.requirements), where) if layer.requirements else LayerFiles()
    if layer.pyproject:
        read = _both(read, _pyproject(context, layer, str(layer.pyproject), where))
    if layer.lock:
        read = _both(read, _lock(context, layer, str(layer.lock), where))
    return read


def _environment(context: ContextFiles, path: str, where: str, machine: str) -> LayerFiles:
    text = context.get(path)
    if text is None:
        return _missing(path, where)
    from mlcontainers.values.environments import EnvironmentFile

    # As conda names platforms: linux-64, linux-aarch64.
    file = EnvironmentFile.parse(text, path, f"linux-{machine.removeprefix('x86_')}")
    return LayerFiles(problems=file.problems, environment=file)


def _both(one: LayerFiles, other: LayerFiles) -> LayerFiles:
    return LayerFiles(
        asked=(*one.asked, *other.asked),
        constraints=(*one.constraints, *other.constraints),
        locked=(*one.locked, *other.locked),
        indexes=(*one.indexes, *other.indexes),
        included=(*one.included, *other.included),
        problems=(*one.problems, *other.problems),
    )


def _missing(path: str, where: str) -> LayerFiles:
    what = f"there is no file {path} in the build context"
    hint = "name the folder that holds it: context=, --context"
    return LayerFiles(problems=(Problem("no-such-file", "error", where, what, (), (hint,)),))


def _requirements(context: ContextFiles, first: str, where: str) -> LayerFiles:
    """A requirements file with all that it names, each once."""
    read, waiting, seen = LayerFiles(), [(first, False, where)], {first}
    while waiting:
        path, limits, place = waiting.pop(0)
        text = context.get(path)
        if text is None:
            read = _both(read, _missing(path, place))
            continue
        file = RequirementsFile.parse(text, path)
        asked = replace(read, asked=(*read.asked, *file.packages))
        read = replace(read, constraints=(*read.constraints, *file.packages)) if limits else asked
        read = replace(
            read,
            indexes=(*read.indexes, *file.indexes),
            problems=(*read.problems, *file.problems),
            included=(*read.included, *([path] if path != first else ())),
        )
        for name, only_limits, line in file.included:
            if str(name) not in seen:
                seen.add(str(name))
                waiting.append((str(name), limits or only_limits, line))
    return read


def _pyproject(context: ContextFiles, layer: Pip, path: str, where: str) -> LayerFiles:
    data = _toml(context, path, where)
    if isinstance(data, LayerFiles):
        return data
    project = cast("dict[str, Any]", data.get("project", {}))
    if "dependencies" in cast("list[str]", project.get("dynamic", [])):
        what = f"the dependencies of {path} are dynamic: only its build backend knows them"
        hint = "write them into [project] dependencies, or into a requirements file"
        return LayerFiles(problems=(Problem("dynamic-dependencies", "error", where, what, (), (hint,)),))
    texts = [*_texts(project.get("dependencies", []))]
    problems: list[Problem] = []
    tables = (
        ("extra", layer.extras, "optional-dependencies", project),
        ("group", layer.groups, "dependency-groups", data),
    )
    for kind, names, table, parent in tables:
        known = {_normal(name): value for name, value in cast("dict[str, Any]", parent.get(table, {})).items()}
        for name in map(str, names):
            if name in known:
                texts += _group(known, name, ()) if kind == "group" else _texts(known[name])
            else:
                hints = (f"it has: {', '.join(sorted(known))}",) if known else ()
                code = "no-group" if kind == "group" else "no-extra"
                problems.append(Problem(code, "error", where, f"{path} has no {kind} {name!r}", (), hints))
    return LayerFiles(asked=tuple(_asked(texts, path, problems)), problems=tuple(problems))


def _group(groups: dict[str, Any], name: str, above: tuple[str, ...]) -> list[str]:
    """The requirements of a dependency group and of those that it includes (PEP 735)."""
    found: list[str] = []
    for item in cast("list[object]", groups.get(name, [])) if name not in above else []:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            inner = _normal(str(cast("dict[str, object]", item).get("include-group", "")))
            found += _group(groups, inner, (*above, name))
    return found


def _normal(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _texts(items: object) -> list[str]:
    return [item for item in cast("list[object]", items) if isinstance(item, str)] if isinstance(items, list) else []


def _asked(texts: Iterable[str], where: str, problems: list[Problem]) -> Iterator[Asked]:
    for text in texts:
        try:
            yield Asked(PackageRequirement.parse(text), where)
        except InvalidValueError as error:
            problems += (dataclasses.replace(problem, where=where) for problem in error.problems)


def _toml(context: ContextFiles, path: str, where: str) -> dict[str, Any] | LayerFiles:
    import tomllib

    text = context.get(path)
    if text is None:
        return _missing(path, where)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return LayerFiles(problems=(Problem("bad-toml", "error", path, f"this is no TOML: {error}"),))


def _lock(context: ContextFiles, layer: Pip, path: str, where: str) -> LayerFiles:
    if layer.lock_kind == "hashed":
        return _hashed(_requirements(context, path, where))
    data = _toml(context, path, where)
    if isinstance(data, LayerFiles):
        return data
    beside = join(dirname(path), "pyproject.toml")
    if layer.lock_kind == "uv" and context.get(beside) is None:
        return _missing(beside, where)
    packages = cast("list[dict[str, Any]]", data.get("packages" if layer.lock_kind == "pylock" else "package", []))
    problems: list[Problem] = []
    found: list[Asked] = []
    for package in packages:
        name, version = package.get("name"), package.get("version")
        source = cast("dict[str, str]", package.get("source", {}))
        if source.get("virtual", source.get("editable")) == ".":
            continue
        if not version or source.keys() & {"git", "url", "path", "directory", "editable", "virtual"}:
            what = f"{name} comes from {next(iter(source), 'somewhere')} and not from an index"
            hint = "leave it out of the lock, and add it with add_files and add_run"
            problems.append(Problem("local-package", "error", path, what, (), (hint,)))
            continue
        hashes = tuple(_hashes(package))
        found += (replace(asked, hashes=hashes) for asked in _asked([f"{name}=={version}"], path, problems))
    return LayerFiles(locked=tuple(found), problems=tuple(problems))


def _hashes(package: dict[str, Any]) -> Iterator[str]:
    """Of all files of a package, as either kind of lock has them."""
    for file in (*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())):
        if "hash" in file:
            yield str(file["hash"])
        for kind, digest in cast("dict[str, str]", file.get("hashes", {})).items():
            yield f"{kind}:{digest}"


def _hashed(read: LayerFiles) -> LayerFiles:
    """The files of a lock: everything has one version and a hash."""
    bare = [asked for asked in read.asked if not asked.hashes]
    problems = tuple(
        Problem(
            "unhashed",
            "error",
            asked.where,
            f"{asked.package} has no hash",
            ("a lock says for every file what it has to be",),
            ("make it with hashes: uv pip compile --generate-hashes, or give the file as requirements=",),
        )
        for asked in bare
    )
    return replace(read, asked=(), locked=read.asked, problems=(*read.problems, *problems))
