"""Where a build looks for what was built before, and where it leaves it: one profile for each place that builds run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.references import ImageReference
from mlcontainers.values.text import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PROFILES = "local, inline, registry:HOST/REPO/CACHE, github, github:SCOPE, folder:PATH"


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache beside the engine's own, which every build uses anyway.

    All but `inline` keep every step of every stage (`mode=max`). A cache that cannot be written fails no build.
    """

    kind: str
    place: str = ""

    @classmethod
    def local(cls) -> Self:
        """A developer's machine: the engine's own cache and its cache mounts, and nothing else."""
        return cls("local")

    @classmethod
    def registry(cls, reference: str) -> Self:
        """CI with a registry: the cache is an image there, best in the registry that the image goes to."""
        return cls("registry", str(ImageReference.parse(reference)))

    @classmethod
    def inline(cls) -> Self:
        """CI with a registry, simplest: the cache is in the image itself, and knows the steps of its last stage."""
        return cls("inline")

    @classmethod
    def github(cls, scope: str = "") -> Self:
        """GitHub Actions' own cache; builds that would overwrite each other's need a scope each."""
        return cls("github", _plain(scope, "scope") if scope else "")

    @classmethod
    def folder(cls, path: str | Path) -> Self:
        """A folder that can be carried to where there is no network."""
        return cls("folder", _plain(str(Path(path).resolve()), "folder"))

    @classmethod
    def of(cls, cache: Self | str) -> Self:
        """The cache itself, or the one that such a text stands for: `registry:HOST/REPO/CACHE`, `folder:PATH`."""
        if isinstance(cache, cls):
            return cache
        kind, _, place = str(cache).partition(":")
        match kind, bool(place):
            case "local", False:
                return cls.local()
            case "inline", False:
                return cls.inline()
            case "registry", True:
                return cls.registry(place)
            case "github", _:
                return cls.github(place)
            case "folder", True:
                return cls.folder(place)
            case _:
                what = f"{cache!r} is no cache"
                raise InvalidValueError(Problem("bad-cache", "error", "cache", what, (), (f"one of {PROFILES}",)))

    def of_its_own(self, name: str) -> Self:
        """The same kind of cache for one of many images, which would else write over each other's."""
        match self.kind:
            case "registry":
                reference = ImageReference.parse(self.place)
                tag = f"{reference.tag}-{name}" if reference.tag else name
                return type(self)("registry", str(ImageReference(reference.name, tag)))
            case "github":
                return type(self)("github", f"{self.place}-{name}" if self.place else name)
            case "folder":
                return type(self)("folder", str(Path(self.place, name)))
            case _:
                return self

    def arguments(self, references: Iterable[ImageReference]) -> Iterator[str]:
        """In the builder's words. `references` are the names of the image, where an inline cache is."""
        match self.kind:
            case "registry":
                yield f"--cache-from=type=registry,ref={self.place}"
                yield f"--cache-to=type=registry,ref={self.place},mode=max,ignore-error=true"
            case "inline":
                yield from (f"--cache-from=type=registry,ref={reference}" for reference in references)
                yield "--cache-to=type=inline"
            case "github":
                scope = f",scope={self.place}" if self.place else ""
                yield f"--cache-from=type=gha{scope}"
                yield f"--cache-to=type=gha{scope},mode=max,ignore-error=true"
            case "folder":
                # Of a folder that is not there yet the builder complains.
                if Path(self.place, "index.json").is_file():
                    yield f"--cache-from=type=local,src={self.place}"
                yield f"--cache-to=type=local,dest={self.place},mode=max,ignore-error=true"
            case _:
                pass


def caches(given: Cache | str | Sequence[Cache | str]) -> tuple[Cache, ...]:
    """One cache or several, as values."""
    return tuple(Cache.of(cache) for cache in ((given,) if isinstance(given, Cache | str) else given))


def _plain(text: str, what: str) -> str:
    """Without what separates the options of a cache from each other."""
    text = word(text, what)
    if "," in text or '"' in text:
        wrong = f"the cache's {what} {text!r} holds a comma or a quote"
        hint = "the builder cuts the options of a cache at commas: choose another name"
        raise InvalidValueError(Problem("bad-cache", "error", "cache", wrong, (), (hint,)))
    return text
