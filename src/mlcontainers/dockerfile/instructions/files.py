"""`COPY`, `ADD`, `VOLUME`, `WORKDIR`: instructions about paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from mlcontainers.dockerfile.forms import json_array
from mlcontainers.dockerfile.heredocs import Heredoc
from mlcontainers.dockerfile.instructions.instruction import Flag, Instruction
from mlcontainers.dockerfile.refusals import expandable, filled, flag_value, one_line, refuse

CHMOD = re.compile(r"[0-7]{1,4}|[ugoa]*[-+=][rwxXst]*(?:,[ugoa]*[-+=][rwxXst]*)*|.*\$.*", re.ASCII).fullmatch
CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|sha384:[0-9a-f]{96}|.*\$.*", re.ASCII).fullmatch
_EXPANDED = frozenset(("chown", "chmod", "checksum"))
# A path that one of these is in is read differently as a word: it needs the JSON form.
_NEEDS_JSON = re.compile(r"""[\s"'\\`]|^\[|^--|<<""").search
_MISREAD = re.compile(r"""['"\\]""").search


@dataclass(frozen=True)
class Copy(Instruction):
    """Copies files of the build context, of a stage or of an image. Variables in paths are expanded."""

    keyword: ClassVar[str] = "COPY"
    sources: tuple[str | Heredoc, ...]
    destination: str
    from_: str | None = None
    chown: str | None = None
    chmod: str | None = None
    link: bool = False
    exclude: tuple[str, ...] = ()
    parents: bool = False

    def __post_init__(self) -> None:
        _check_paths(self.sources, self.destination)
        _check_flags(self)

    @property
    def flags(self) -> tuple[Flag, ...]:
        given: tuple[Flag, ...] = (("from", self.from_), ("chown", self.chown), ("chmod", self.chmod))
        bare = _bare(("link", self.link), ("parents", self.parents))
        return (*[flag for flag in given if flag[1] is not None], *bare, *[("exclude", path) for path in self.exclude])

    @property
    def arguments(self) -> str:
        return _paths(self.sources, self.destination)

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        return tuple([source for source in self.sources if isinstance(source, Heredoc)])


@dataclass(frozen=True)
class Add(Instruction):
    """Copies files, unpacks archives and fetches addresses. Variables in paths are expanded."""

    keyword: ClassVar[str] = "ADD"
    sources: tuple[str | Heredoc, ...]
    destination: str
    chown: str | None = None
    chmod: str | None = None
    checksum: str | None = None
    link: bool = False
    exclude: tuple[str, ...] = ()
    keep_git_dir: bool = False
    unpack: bool | None = None
    """`None` unpacks local archives and leaves fetched ones."""

    def __post_init__(self) -> None:
        _check_paths(self.sources, self.destination)
        _check_flags(self)
        if self.checksum is None:
            return
        if len(self.sources) > 1:
            raise refuse("checksum-of-many", "--checksum takes one source", because="it is the digest of one file")
        if not CHECKSUM(self.checksum):
            raise refuse("bad-checksum", f"{self.checksum!r} is no digest", "as in sha256: and 64 digits")

    @property
    def flags(self) -> tuple[Flag, ...]:
        given: tuple[Flag, ...] = (("chown", self.chown), ("chmod", self.chmod), ("checksum", self.checksum))
        unpack: tuple[Flag, ...] = () if self.unpack is None else (("unpack", str(self.unpack).lower()),)
        bare = _bare(("link", self.link), ("keep-git-dir", self.keep_git_dir))
        exclude = [("exclude", path) for path in self.exclude]
        return (*[flag for flag in given if flag[1] is not None], *bare, *unpack, *exclude)

    @property
    def arguments(self) -> str:
        return _paths(self.sources, self.destination)

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        return tuple([source for source in self.sources if isinstance(source, Heredoc)])


@dataclass(frozen=True)
class Workdir(Instruction):
    """The directory that the steps that follow and the container work in."""

    keyword: ClassVar[str] = "WORKDIR"
    path: str

    def __post_init__(self) -> None:
        if filled(self.path, "path").startswith("--"):
            raise refuse("flag-like", f"path {self.path!r} begins with --, as flags do")
        _check_quotes(self.path)

    @property
    def arguments(self) -> str:
        return self.path


@dataclass(frozen=True)
class Volume(Instruction):
    """Paths that live outside the container's own layer."""

    keyword: ClassVar[str] = "VOLUME"
    paths: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.paths:
            raise refuse("no-paths", "VOLUME needs a path")
        for path in self.paths:
            _check_quotes(filled(path, "path"))

    @property
    def arguments(self) -> str:
        return json_array(self.paths)


def _bare(*flags: tuple[str, bool]) -> tuple[Flag, ...]:
    return tuple([(name, None) for name, given in flags if given])


def _check_flags(node: Copy | Add) -> None:
    for name, value in node.flags:
        if value is not None:
            flag_value(value, name)
            if name in _EXPANDED:
                expandable(value, name)
    if node.chmod is not None and not CHMOD(node.chmod):
        raise refuse("bad-chmod", f"{node.chmod!r} is no file mode", "as in 0644 or u+x")
    if "$" in (getattr(node, "from_", None) or ""):
        raise refuse("bad-from", "--from takes no variable", because="builders do not expand it")


def _check_paths(sources: tuple[str | Heredoc, ...], destination: str) -> None:
    if not sources:
        raise refuse("no-sources", "nothing is named to be copied")
    paths = [source for source in sources if not isinstance(source, Heredoc)]
    for path in (*paths, destination):
        if not one_line(path, "path"):
            raise refuse("blank", "a path is empty")
        _check_quotes(path)
        if len(paths) < len(sources) and _NEEDS_JSON(path):
            because = "such a path needs the JSON form, and that one takes no heredoc"
            raise refuse("bad-path", f"path {path!r} cannot stand beside a heredoc", because=because)
    if len(sources) > 1 and not destination.endswith("/"):
        raise refuse(
            "many-sources",
            f"{len(sources)} sources go to {destination!r}, which does not end in /",
            f'write "{destination}/"',
            because="without it the last source silently replaces the others",
        )


def _check_quotes(path: str) -> None:
    expandable(path, "path")
    if found := _MISREAD(path):
        because = "builders remove quotes and backslashes from paths"
        raise refuse("quoted-path", f"path {path!r} holds {found[0]}", because=because)


def _paths(sources: tuple[str | Heredoc, ...], destination: str) -> str:
    """Plain words, or the JSON form where a blank, a bracket or a heredoc mark would be misread."""
    words = [*map(str, sources), destination]
    if any(isinstance(source, Heredoc) for source in sources) or not any(map(_NEEDS_JSON, words)):
        return " ".join(words)
    return json_array(tuple(words))
