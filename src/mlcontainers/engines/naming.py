"""The names of an image: the one after its content, by which it is found again, and those that were asked for.

Names that were asked for move, so they are set last. The name after its content never does. An image that nobody has
verified is named as such, so that a later build that verifies does not take it for verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlcontainers.engines import attesting
from mlcontainers.engines.events import Tagged
from mlcontainers.engines.finishing import to_the_end
from mlcontainers.engines.registry import RegistrySilentError, name_in_registry, resolve
from mlcontainers.engines.store import find, pull, push, tag, untag
from mlcontainers.engines.turns import turn
from mlcontainers.errors import EngineError
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.engines.fingerprints import Fingerprint
    from mlcontainers.engines.options import BuildRequest
    from mlcontainers.engines.store import StoredImage

FINGERPRINT = "io.mlcontainers.fingerprint"
"""The label that says what an image follows from."""
UNVERIFIED = "-unverified"

Digests = dict[ImageReference, str]


@dataclass(frozen=True, slots=True)
class There:
    """An image that need not be built."""

    names: tuple[ImageReference, ...]
    """After its content, one for each repository."""
    stored: StoredImage | None
    """None where only the registry has it, and only there it is wanted."""
    in_registry: Digests

    @property
    def digest(self) -> str:
        """What a registry holds, or would."""
        return self.stored.digest if self.stored else next(iter(self.in_registry.values()))


def content_names(request: BuildRequest, intent: Fingerprint) -> tuple[ImageReference, ...]:
    """The name after its content for each repository, as a build under this request gives it."""
    ending = "" if request.verify else UNVERIFIED
    return tuple(ImageReference(name, f"{intent}{ending}") for name in request.repositories)


def there_already(client: Any, request: BuildRequest, intent: Fingerprint) -> There | None:
    """The image, found by its content, in each place where it is wanted; None where it has to be built."""
    for ending in ("",) if request.verify else ("", UNVERIFIED):
        names = tuple(ImageReference(name, f"{intent}{ending}") for name in request.repositories)
        stored = next(_stored(client, request, names, intent), None)
        in_registry = _in_registry(client, request, names) if request.push else {}
        if stored is not None or (len(in_registry) == len(names) > 0 and not request.load):
            return There(names, stored, in_registry)
        if request.load and in_registry:
            return There(names, pull(client, next(iter(in_registry)), request.progress), in_registry)
    return None


def _stored(
    client: Any, request: BuildRequest, names: tuple[ImageReference, ...], intent: Fingerprint
) -> Iterator[StoredImage]:
    wanted = set(attesting.kinds(request.attestations))
    for name in names:
        found = find(client, str(name))
        if found is None or found.labels.get(FINGERPRINT) != intent.digest:
            continue
        if not wanted or wanted <= attesting.in_engine(client, found.id):
            yield found


def _in_registry(client: Any, request: BuildRequest, names: tuple[ImageReference, ...]) -> Digests:
    """A registry that refuses has nothing: when it is pushed to, it says why. One that is silent would be so again."""
    wanted = set(attesting.kinds(request.attestations))
    digests: Digests = {}
    for name in names:
        try:
            digest = resolve(client, name)
        except RegistrySilentError:
            if request.builder is None:
                raise
            continue  # another builder may reach it all the same
        except EngineError:
            continue
        if digest is not None and (not wanted or wanted <= attesting.in_registry(name.name, digest)):
            digests[name] = digest
    return digests


def give_names(
    client: Any,
    request: BuildRequest,
    names: tuple[ImageReference, ...],
    stored: StoredImage | None,
    in_registry: Mapping[ImageReference, str],
) -> str:
    """Name an image after its content, and then as was asked for; in the engine, in the registry, or in both.

    The digest that the registry knows it by; empty where it was not pushed.
    """
    borrowed = _named_in_engine(client, stored, names)
    digests = dict(in_registry)
    try:
        if request.push and stored is not None:
            missing = (name for name in names if name not in digests)
            digests |= {name: _push(client, request, name) for name in missing}
        with turn():
            moved = _moved_in_engine(client, request, stored)
            moved += _moved_in_registry(client, request, digests) if request.push else []
        for event in moved:
            request.progress(event)
        if request.push and stored is not None:
            digests |= _pushed_alone(client, request, stored, digests)
    finally:
        if not request.load:
            with to_the_end():
                for name in borrowed:
                    untag(client, name)
    return next(iter(digests.values()), "")


def _named_in_engine(
    client: Any, stored: StoredImage | None, names: tuple[ImageReference, ...]
) -> tuple[ImageReference, ...]:
    """The names that the image got, and had not had before."""
    given = [] if stored is None else [name for name in names if str(name) not in stored.names]
    for name in given:
        assert stored is not None
        tag(client, stored.id, name)
    return tuple(given)


def _push(client: Any, request: BuildRequest, name: ImageReference) -> str:
    digest = push(client, name, request.progress)
    request.progress(Tagged(str(name), "registry"))
    return digest


def _moved_in_engine(client: Any, request: BuildRequest, stored: StoredImage | None) -> list[Tagged]:
    """The names that were asked for, all of them or none."""
    if not request.load or stored is None:
        return []
    with to_the_end():
        for reference in request.references:
            tag(client, stored.id, reference)
    return [Tagged(str(reference), "engine") for reference in request.references]


def _moved_in_registry(client: Any, request: BuildRequest, digests: Mapping[ImageReference, str]) -> list[Tagged]:
    """The names that were asked for, within a registry where the image is under its content's."""
    moved: list[Tagged] = []
    for repository, digest in {name.name: digest for name, digest in digests.items()}.items():
        wanted = (reference for reference in request.references if reference.name == repository)
        late = [reference for reference in wanted if _resolved(client, reference) != digest]
        name_in_registry(repository, [digest], late)
        moved += [Tagged(str(reference), "registry") for reference in late]
    return moved


def _pushed_alone(
    client: Any, request: BuildRequest, stored: StoredImage, digests: Mapping[ImageReference, str]
) -> Digests:
    """The names in registries where the image has none after its content: pushed as any other image, one by one."""
    there = {name.name for name in digests}
    pushed: Digests = {}
    for reference in request.references:
        if reference.name in there:
            continue
        borrowed = () if request.load else _named_in_engine(client, stored, (reference,))
        try:
            pushed[reference] = _push(client, request, reference)
        finally:
            for name in borrowed:
                untag(client, name)
    return pushed


def _resolved(client: Any, reference: ImageReference) -> str | None:
    try:
        return resolve(client, reference)
    except EngineError:
        return None
