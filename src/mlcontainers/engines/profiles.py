"""An organisation's profile: where things come from on its machines. It never changes what an image is.

index = "https://mirror.example.com/python/simple"     # instead of the Python index
apt = "https://mirror.example.com"                     # instead of the hosts of Debian's and Ubuntu's archives
ca = "/etc/ssl/certs/company.pem"                      # whom build steps trust
host_settings = true                                   # lend builds the machine's own pip and uv settings

[mirrors]                                              # of the frameworks' own indexes, and of those of images
pytorch = "https://mirror.example.com/pytorch/cpu"

[registries]                                           # base images are pulled from there, and keep their names
"docker.io" = "registry.example.com/hub"
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import structs

from mlcontainers.dockerfile import From
from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.references import ImageReference
from mlcontainers.values.sources import Sources
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.dockerfile import Dockerfile

VARIABLE = "MLCONTAINERS_PROFILE"
"""Names the file where a build names none."""
_KINDS: dict[str, type] = {
    "index": str, "apt": str, "ca": str, "host_settings": bool, "mirrors": dict, "registries": dict,
}  # fmt: skip
HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the file says."""

    sources: Sources = field(default_factory=Sources)
    ca: Path | None = None
    """Certificates that build steps trust instead of the base image's own."""
    registries: tuple[tuple[str, str], ...] = ()
    """Registries, and the places that hold the same images."""

    @classmethod
    def load(cls, path: str | Path | None, environment: Mapping[str, str] | None = None) -> Profile:
        """Read a file: the one that is named, else the one that `MLCONTAINERS_PROFILE` names, else none.

        Raises InvalidValueError with everything that is wrong in it.
        """
        env = os.environ if environment is None else environment
        named = path if path is not None else env.get(VARIABLE) or None
        if named is None:
            return cls()
        try:
            data: dict[str, Any] = tomllib.loads(Path(named).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            reason = (error.strerror or "").lower() if isinstance(error, OSError) else str(error)
            raise _refused(str(named), f"it cannot be read: {reason}") from None
        problems = tuple(_problems(str(named), data))
        if problems:
            raise InvalidValueError(*problems)
        return _profile(str(named), data)

    def over(self, sources: Sources) -> Sources:
        """These sources, and the profile's where they say nothing."""
        own = self.sources
        return structs.replace(
            sources,
            host_settings=sources.host_settings or own.host_settings or self.ca is not None,
            mirrors=tuple(sorted({**dict(own.mirrors), **dict(sources.mirrors)}.items())),
            index=sources.index or own.index,
            apt=sources.apt or own.apt,
        )

    def stand_ins(self, dockerfile: Dockerfile) -> Iterator[tuple[str, str]]:
        """For each base image of another place its name, and the reference that it is pulled by."""
        stages = {stage.name for stage in dockerfile.stages}
        images = {node.image for node in dockerfile.instructions if isinstance(node, From)} - stages
        for image in sorted(map(str, images)):
            if place := self.place_of(ImageReference.parse(image)):
                yield image, str(place)

    def place_of(self, reference: ImageReference) -> ImageReference | None:
        """What an image is pulled by; None where that is its own name."""
        registry, path = _split(reference.name)
        place = dict(self.registries).get(registry)
        return structs.replace(reference, name=f"{place.rstrip('/')}/{path}") if place else None


def _split(name: str) -> tuple[str, str]:
    """Registry and path in full: `python` is `docker.io` and `library/python`."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return HUB, name if slash else f"library/{name}"


def _problems(file: str, data: dict[str, Any]) -> Iterator[Problem]:
    for key, value in data.items():
        kind = _KINDS.get(key)
        if kind is None:
            hints = did_you_mean(key, _KINDS) or (f"it may have: {', '.join(_KINDS)}",)
            yield Problem("bad-profile", "error", file, f"there is no field {key!r}", (), hints)
        elif not isinstance(value, kind):
            yield Problem("bad-profile", "error", f"{file}: {key}", f"got {value!r}, expected {_WORDS[kind]}")
        elif kind is dict:
            for name, text in cast("dict[str, object]", value).items():
                if not isinstance(text, str):
                    yield Problem("bad-profile", "error", f"{file}: {key}.{name}", f"got {text!r}, expected a text")


_WORDS = {str: "a text", bool: "true or false", dict: "names and values"}


def _profile(file: str, data: dict[str, Any]) -> Profile:
    ca = Path(data["ca"]).expanduser() if "ca" in data else None
    if ca is not None and not ca.is_file():
        raise _refused(f"{file}: ca", f"there is no file {str(ca)!r}")
    registries = cast("dict[str, str]", data.get("registries", {}))
    try:
        for place in registries.values():
            ImageReference.parse(place.rstrip("/") + "/x")
        sources = Sources(
            host_settings=data.get("host_settings", False),
            mirrors=tuple(sorted(cast("dict[str, str]", data.get("mirrors", {})).items())),
            index=data.get("index"),
            apt=data.get("apt"),
        )
    except InvalidValueError as error:
        raise InvalidValueError(*(replace(problem, where=file) for problem in error.problems)) from None
    return Profile(sources, ca, tuple(sorted(registries.items())))


def _refused(where: str, what: str) -> InvalidValueError:
    return InvalidValueError(Problem("bad-profile", "error", where, what))
