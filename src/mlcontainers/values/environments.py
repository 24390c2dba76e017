"""Environment files and locks of conda, as micromamba reads them.

Source: libmamba 2.6.1, `read_yaml_file` and `file_specs_hook` in src/api/install.cpp, src/core/env_lockfile_conda.cpp.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.conda import CondaAsked, conda_channel, environment_kind, file_name, package_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HERE = frozenset(("sel(linux)", "sel(unix)"))
"""What micromamba's own selectors choose on Linux."""
_DIGESTS = {"md5": 32, "sha256": 64}


class EnvironmentFile(Struct, frozen=True):
    """One file, read."""

    packages: tuple[CondaAsked, ...] = ()
    channels: tuple[tuple[str, str], ...] = ()
    """Channels, and where each is named."""
    problems: tuple[Problem, ...] = ()

    @classmethod
    def parse(cls, text: str, path: str, subdir: str) -> EnvironmentFile:
        """Read a file for a platform as conda names it (`linux-64`); what cannot go into an image is a problem."""
        kind = environment_kind(path)
        if kind == "explicit":
            return _explicit(text, path, subdir)
        tree = _Yaml.read(text, path)
        if isinstance(tree, Problem):
            return cls(problems=(tree,))
        return _conda_lock(tree, path, subdir) if kind == "conda-lock" else _environment(tree, path)


class _Yaml(Struct, frozen=True):
    """A part of a YAML text that knows its line. A value is the text that stands there: 3.10 stays 3.10."""

    line: int = 1
    text: str | None = None
    items: tuple[_Yaml, ...] | None = None
    fields: dict[str, _Yaml] | None = None

    @classmethod
    def read(cls, text: str, path: str) -> _Yaml | Problem:
        try:
            import yaml
        except ModuleNotFoundError:
            hint = "pip install 'mlcontainers[conda]'"
            return Problem("no-yaml", "error", path, "the package that reads YAML is not installed", (), (hint,))
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            node: Any = yaml.compose(text, Loader=loader)
        except (yaml.YAMLError, RecursionError) as error:
            mark: Any = getattr(error, "problem_mark", None)
            reason = str(getattr(error, "problem", None) or "it cannot be read")
            where = f"{path}:{mark.line + 1}" if mark else path
            return Problem("bad-yaml", "error", where, f"this is no YAML: {reason}")
        return cls() if node is None else cls._of(node, frozenset())

    @classmethod
    def _of(cls, node: Any, above: frozenset[int]) -> _Yaml:
        """A part that holds itself, as anchors allow, is read as nothing."""
        line, value = node.start_mark.line + 1, node.value
        if isinstance(value, str):
            return cls(line, value)
        inside = above | {id(node)}
        pairs = cast("list[tuple[Any, Any]]", value) if node.id == "mapping" else []
        parts = [part for pair in pairs for part in pair] if pairs else cast("list[Any]", value)
        if any(id(part) in inside for part in parts):
            return cls(line)
        if node.id == "mapping":
            return cls(line, fields={str(key.value): cls._of(item, inside) for key, item in pairs})
        return cls(line, items=tuple(cls._of(item, inside) for item in value))

    def get(self, name: str) -> _Yaml:
        """A field of a mapping; nothing where there is none."""
        return (self.fields or {}).get(name, _Yaml(self.line))

    def all(self) -> tuple[_Yaml, ...]:
        """The items of a list; nothing where it is none."""
        return self.items or ()

    def said(self, name: str) -> str:
        """The text of a field, or an empty one."""
        return self.get(name).text or ""


def _environment(tree: _Yaml, path: str) -> EnvironmentFile:
    items = tree.get("dependencies").all()
    packages = tuple(
        CondaAsked(package_name(spec), spec, f"{path}:{item.line}") for item in items for spec in _specs(item)
    )
    problems = [*_said_too_little(tree, path), *_variables(tree.get("variables"), path)]
    own_python = any(package.name == "python" for package in packages)
    for item in items:
        if item.fields and "pip" in item.fields:
            problems.append(_pip(item.get("pip"), f"{path}:{item.line}", own_python))
    channels = tuple(_channels(tree.get("channels").all(), path, problems))
    return EnvironmentFile(packages, channels, tuple(problems))


def _specs(item: _Yaml) -> Iterator[str]:
    """What one item of the dependencies asks for on Linux."""
    if item.text:
        yield item.text
    yield from (value.text for key, value in (item.fields or {}).items() if key in _HERE and value.text)


def _said_too_little(tree: _Yaml, path: str) -> Iterator[Problem]:
    if not tree.get("dependencies").all():
        yield Problem("empty-environment", "error", path, f"{path} asks for nothing")
    if all(item.text == "nodefaults" for item in tree.get("channels").all()):
        because = ("conda would take Anaconda's channels, and micromamba conda-forge",)
        hint = "channels: [conda-forge]"
        yield Problem("no-channel", "error", path, f"{path} names no channel", because, (hint,))


def _variables(variables: _Yaml, path: str) -> Iterator[Problem]:
    if variables.fields:
        because = ("only a script of activation sets them, and none runs in a container",)
        told = ", ".join(f'{name}="{part.text}"' for name, part in variables.fields.items())
        what = f"the variables of {path} would not be there: {', '.join(variables.fields)}"
        where = f"{path}:{variables.line}"
        yield Problem("conda-variables", "error", where, what, because, (f"with_env({told})",))


def _pip(section: _Yaml, where: str, own_python: bool) -> Problem:
    lines = [item.text for item in section.all() if item.text]
    given = [f'"{line}"' for line in lines if not line.startswith("-")]
    files = (line.removeprefix("--requirement").removeprefix("-r").strip(" =") for line in lines if line[:2] == "-r")
    given += (f'requirements="{file}"' for file in files)
    added = f"add_pip({', '.join(given)})"
    because = (
        "pip would put them beside conda's, without hashes or the constraints of this image",
        "Python packages are installed by layers of their own, into the image's own Python",
    )
    hints = (
        f"take Python and its packages out of the environment, and {added}" if own_python else f"{added} instead",
        "or name conda's packages of the same projects",
    )
    return Problem("pip-in-conda", "error", where, "a conda environment holds a pip section", because, hints)


def _channels(items: Iterable[_Yaml], path: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    for item in items:
        where = f"{path}:{item.line}"
        try:
            if (channel := conda_channel(item.text or "")) != "nodefaults":
                yield channel, where
        except InvalidValueError as error:
            problems += (replace(problem, where=where) for problem in error.problems)


def _explicit(text: str, path: str, subdir: str) -> EnvironmentFile:
    """A list of addresses behind `@EXPLICIT`, as `conda list --explicit` and `micromamba env export -e` write it."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    start = next((number for number, line in lines if line.startswith("@EXPLICIT")), None)
    if start is None:
        hints = (
            "make one: micromamba env export --explicit --md5",
            "or write what is asked for into an environment.yml",
        )
        what = f"{path} is no lock of conda: it has no line @EXPLICIT"
        return EnvironmentFile(problems=(Problem("unknown-environment", "error", path, what, (), hints),))
    packages: list[CondaAsked] = []
    problems: list[Problem] = []
    for number, line in lines[start:]:
        if line and not line.startswith("#"):
            url, _, digest = line.partition("#")
            where = f"{path}:{number}"
            kind = "sha256" if digest.startswith("sha256:") or len(digest) == _DIGESTS["sha256"] else "md5"
            problems += _file(url, {kind: digest.removeprefix("sha256:")}, where, subdir)
            name, version = file_name(url)
            packages.append(CondaAsked(name, line, where, version))
    return EnvironmentFile(tuple(packages), problems=tuple(problems))


def _conda_lock(tree: _Yaml, path: str, subdir: str) -> EnvironmentFile:
    """A `conda-lock.yml` of version 1; of its categories micromamba installs `main`."""
    if tree.said("version") != "1":
        what = f"{path} is no conda-lock.yml of version 1"
        return EnvironmentFile(problems=(Problem("unknown-environment", "error", path, what),))
    packages: list[CondaAsked] = []
    problems: list[Problem] = []
    platforms = {item.said("platform") for item in tree.get("package").all()}
    for item in tree.get("package").all():
        if item.said("platform") != subdir or item.said("category") not in {"", "main"}:
            continue
        where = f"{path}:{item.line}"
        if item.said("manager") != "conda":
            what = f"{item.said('name')} comes from {item.said('manager') or 'somewhere else'} and not from conda"
            hint = f'take it out of the lock, and add_pip("{item.said("name")}=={item.said("version")}")'
            problems.append(Problem("pip-in-conda", "error", where, what, (), (hint,)))
            continue
        digests = {kind: item.get("hash").said(kind) for kind in _DIGESTS}
        problems += _file(item.said("url"), digests, where, subdir)
        packages.append(CondaAsked(item.said("name"), item.said("url"), where, item.said("version")))
    if not packages and not problems:
        what = f"{path} has nothing for {subdir}"
        hints = (f"it has: {', '.join(sorted(filter(None, platforms)))}",) if platforms else ()
        problems.append(Problem("another-platform", "error", path, what, (), hints))
    return EnvironmentFile(tuple(packages), problems=tuple(problems))


def _file(url: str, digests: dict[str, str], where: str, subdir: str) -> Iterator[Problem]:
    """What is wrong with one file of a lock."""
    name = file_name(url)[0] or url
    if "@" in url:
        what = "the address of a package has a user name or password in it"
        yield Problem("credentials-in-channel", "error", where, what, (), ('credentials="ID" names a secret',))
        return
    if not any(_is_digest(kind, text) for kind, text in digests.items()):
        because = ("a lock says for every file what it has to be", "micromamba takes a file without one as it comes")
        hint = "make it with hashes: micromamba env export --explicit --md5, or conda-lock"
        yield Problem("unhashed", "error", where, f"{name} has no hash", because, (hint,))
    folder = url.rpartition("/")[0].rpartition("/")[2]
    if folder not in {subdir, "noarch"}:
        yield Problem("another-platform", "error", where, f"{name} is a package for {folder}, not for {subdir}")


def _is_digest(kind: str, text: str) -> bool:
    return len(text) == _DIGESTS[kind] and all(sign in "0123456789abcdef" for sign in text.lower())
