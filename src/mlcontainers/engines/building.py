"""`build`: from a plan to an image that has its names.

What is there already is not built. What is built gets its names last: first it is verified, then it is named after
its content, and only then the names that were asked for move to it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlcontainers.engines.attesting import kinds
from mlcontainers.engines.built import BuiltImage, attributed
from mlcontainers.engines.events import Built, Changed, Reused, Tagged, Verified, Warned
from mlcontainers.engines.fingerprints import Fingerprint
from mlcontainers.engines.finishing import scratch_folder, to_the_end
from mlcontainers.engines.ignoring import refuse_leaks
from mlcontainers.engines.intent import base_images, changed, fingerprint
from mlcontainers.engines.naming import FINGERPRINT, content_names, give_names, there_already
from mlcontainers.engines.options import BuildOptions, BuildRequest
from mlcontainers.engines.registry import digest_in_registry, is_silent, name_in_registry, resolve
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.engines.store import find, history, load_archive, remove_unnamed
from mlcontainers.errors import EngineError, Problem, VerifyFailedError
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from mlcontainers.engines.attempts import Attempt
    from mlcontainers.engines.caches import Cache
    from mlcontainers.engines.events import Progress
    from mlcontainers.engines.options import Compression, Network
    from mlcontainers.engines.store import StoredImage
    from mlcontainers.engines.trials import Trial
    from mlcontainers.image import Image
    from mlcontainers.planners import Plan
    from mlcontainers.values.locks import Lock

PARTS = "io.mlcontainers.fingerprint.parts"
"""The label that has what an image follows from part by part, so that a change can be told in words."""
UNKNOWN = "unknown"


def build(
    image: Image | Plan,
    *,
    context: str | Path = ".",
    tags: Sequence[str] = (),
    platforms: Sequence[str] | None = None,
    host_settings: bool = False,
    wheelhouse: str | Path | None = None,
    mirrors: Mapping[str, str] | None = None,
    profile: str | Path | None = None,
    network: Network | None = None,
    secrets: Mapping[str, str | Path] | None = None,
    builder: str | None = None,
    cache: Cache | str | Sequence[Cache | str] = "local",
    compression: Compression | None = None,
    attest: str | Sequence[str] = (),
    load: bool = True,
    push: bool = False,
    verify: bool | Trial = True,
    force: bool = False,
    lock: Lock | bool = False,
    progress: Progress | None = None,
) -> BuiltImage:
    """Build an image with `docker buildx build`, unless it is there already; verify it, and only then name it.

    `context` is the folder with your files. `tags` are the names that the image gets; for each repository among them
    it also gets the tag that is its fingerprint, by which it is found again. `load` keeps the image in the engine,
    `push` pushes it to its registries. `force` builds also what is there. `verify=False` names it unseen, and a `Trial`
    lends its service what it needs to start.

    `lock` names every base image by its digest and installs the packages that are locked and no others: those of a
    `Lock`, or with True those of this moment. Layers are equal each time: no file in them is dated later than the lock.

    `platforms` are those to build for instead of the image's own; several make one image of the registry, which
    everybody gets for their own platform, and need `push`.

    `builder` is one that buildx knows. `cache` says where else steps are found and left: `Cache.registry(...)`,
    `Cache.folder(...)`, or the same as text. `progress` is called with every event, while it happens.

    `host_settings` lends this host's pip and uv settings and CA bundle to the install steps, as build secrets that are
    in no layer. `secrets` says for each secret of the image where it comes from: a `Path` is a file, a text `$NAME` a
    variable of this process. `wheelhouse` is a local folder of wheels that are preferred where they are exactly what
    was planned. `mirrors` are addresses for the frameworks' own indexes, as in `{"pytorch": "https://..."}`. `profile`
    is a file that says such things for an organisation; the variable `MLCONTAINERS_PROFILE` names one for all builds.
    `network="none"` builds without a network, from the wheelhouse alone. None of these changes what the
    image is. `compression` does: it is that of its layers, the engine's own choice where it is left out.

    `attest` has the builder write down beside the image how it was made, `"provenance"`, and what is in it, `"sbom"`;
    `"sbom:REF"` names the image that makes the SBOM. An image that is there without them is built again.

    Raises ImpossibleError where facts rule the image out, EngineNotFoundError where there is no engine,
    BuildFailedError with step, layer and log where the build fails, and VerifyFailedError where what was built is not
    what was planned.
    """
    options = BuildOptions(
        context=context,
        tags=tags,
        platforms=platforms,
        host_settings=host_settings,
        wheelhouse=wheelhouse,
        mirrors=mirrors,
        profile=profile,
        network=network,
        secrets=secrets,
        builder=builder,
        cache=cache,
        compression=compression,
        attest=attest,
        load=load,
        push=push,
        verify=verify,
        force=force,
        lock=lock,
        progress=progress,
    )
    return build_request(BuildRequest.of(image, options))


def build_request(request: BuildRequest) -> BuiltImage:
    """Build what was asked for, unless it is there."""
    built = _joined(request) if request.each else _one(request)
    request.progress(Built(built))
    return built


def _joined(request: BuildRequest) -> BuiltImage:
    """An image for each platform, and the names that were asked for on the index of them."""
    started = time.monotonic()
    images = tuple(_one(each) for each in request.each)
    for repository in request.repositories:
        names = [reference for reference in request.references if reference.name == repository]
        name_in_registry(repository, [image.digest for image in images], names)
        for name in names:
            request.progress(Tagged(str(name), "registry"))
    return replace(
        images[0],
        tags=tuple(map(str, request.references)),
        content_tags=tuple(tag for image in images for tag in image.content_tags),
        fingerprint=Fingerprint.of({str(image.plan.target.platform): str(image.fingerprint) for image in images}),
        digest=digest_in_registry(request.references[0]) or "",
        id="",
        size=0,
        layers=(),
        steps=tuple(step for image in images for step in image.steps),
        seconds=time.monotonic() - started,
        reused=all(image.reused for image in images),
        platforms=images,
    )


def _one(request: BuildRequest) -> BuiltImage:
    with docker_sdk() as client:
        begun = begin(client, request)
        if there := reused(client, begun):
            return there
        from mlcontainers.engines.attempts import attempt  # nobody waits for it whose image is there

        begun = answering(client, [begun])[0]
        with scratch_folder() as scratch, nothing_unnamed(client, [begun]):
            done = attempt(begun.request, scratch, [f"--output={begun.output(scratch)}"])
            return finished(client, begun, done, scratch)


@dataclass(frozen=True, slots=True)
class Begun:
    """A build of which all is known that can be known before the builder is asked."""

    request: BuildRequest
    """With the labels that say what the image follows from."""
    bases: _Bases
    intent: Fingerprint
    changes: tuple[str, ...]
    started: float

    @property
    def named(self) -> bool:
        """Whether the image can be named after its content."""
        return UNKNOWN not in self.bases.digests.values()

    @property
    def names(self) -> tuple[ImageReference, ...]:
        """The names after its content."""
        return content_names(self.request, self.intent) if self.named else ()

    @property
    def loaded(self) -> bool:
        """Whether the engine gets it, be it only to verify it."""
        return self.request.load or (self.request.push and self.request.verify)

    def archive(self, scratch: Path) -> Path | None:
        """The file by which it gets into the engine, where it cannot get there directly."""
        from_elsewhere = bool(self.request.builder and self.request.attestations)
        return scratch / "image.tar" if self.loaded and (self.request.plan.lock or from_elsewhere) else None

    def output(self, scratch: Path) -> str:
        """Where the builder puts it at first, in its own words."""
        return _output(self.request, self.names, self.loaded, self.archive(scratch))


@dataclass(frozen=True, slots=True)
class _Outcome:
    digest: str
    content_names: tuple[ImageReference, ...]
    stored: StoredImage | None = None
    attempt: Attempt | None = None
    """None where nothing was built."""


def begin(client: Any, request: BuildRequest) -> Begun:
    """Find out what the image follows from, and what is different from the one that has its name."""
    started = time.monotonic()
    refuse_leaks(request.plan.dockerfile, request.folder)
    bases = _bases(client, request)
    intent = fingerprint(request.plan, request.folder, bases.digests, request.output, request.wheelhouse)
    changes = _changes(client, request, intent)
    labels = ((FINGERPRINT, intent.digest), (PARTS, intent.dump()))
    return Begun(replace(request, labels=(*request.labels, *labels)), bases, intent, changes, started)


def reused(client: Any, begun: Begun) -> BuiltImage | None:
    """What is there already, with all its names; None where it has to be built."""
    request = begun.request
    there = there_already(client, request, begun.intent) if begun.named and not request.force else None
    if there is None:
        return None
    request.progress(Reused(str(there.names[0])))
    digest = give_names(client, request, there.names, there.stored, there.in_registry)
    outcome = _Outcome(digest or there.digest, there.names, there.stored if request.load else None)
    return _result(client, begun, outcome)


def finished(client: Any, begun: Begun, done: Attempt, scratch: Path) -> BuiltImage:
    """What the builder has built: verified, and then named. `scratch` is the folder that it was built with."""
    with nothing_unnamed(client, [begun]):
        if archive := begun.archive(scratch):
            load_archive(client, archive)
        return _result(client, begun, _named(client, begun, done))


def answering(client: Any, begun: Iterable[Begun]) -> list[Begun]:
    """Builds without the caches in registries that say nothing, for which a builder would wait for ever.

    Each registry is asked once. Of a builder elsewhere nobody knows what it reaches.
    """
    silent: dict[str, bool] = {}

    def answers(request: BuildRequest, cache: Cache) -> bool:
        if cache.kind != "registry" or request.builder:
            return True
        reference = ImageReference.parse(cache.place)
        host = reference.name.partition("/")[0]
        if host not in silent:
            silent[host] = is_silent(client, reference)
        if silent[host]:
            request.progress(Warned(f"the registry of the cache {reference} does not answer: it is built without"))
        return not silent[host]

    return [
        replace(
            one, request=replace(one.request, caches=tuple(c for c in one.request.caches if answers(one.request, c)))
        )
        for one in begun
    ]


@contextmanager
def nothing_unnamed(client: Any, begun: Iterable[Begun]) -> Generator[None]:
    """Whoever is interrupted, or cannot name what was built, leaves nothing of it in the engine.

    What fails its verification stays, so that one can look into it.
    """
    try:
        yield
    except VerifyFailedError:
        raise
    except BaseException:
        with to_the_end(), suppress(Exception):  # an engine that has gone away keeps what it has
            for one in begun:
                remove_unnamed(client, f"{FINGERPRINT}={one.intent.digest}")
        raise


def _named(client: Any, begun: Begun, done: Attempt) -> _Outcome:
    request, names = begun.request, begun.names
    if done.bases and not begun.bases.comparable <= done.bases:
        told = "the builder has other base images than this engine: the image is not named after its content"
        request.progress(Warned(told))
        names = ()
    if not begun.loaded:
        return _Outcome(done.digest, names if request.push else (), None, done)
    stored = find(client, done.digest) or find(client, done.config_digest)
    if stored is None:
        what = "the builder has built an image, and the engine has not got it"
        raise EngineError(Problem("not-loaded", "error", "", what, (f"its digest is {done.digest}",), ("build again",)))
    if request.verify:
        _verify(request, stored)
    digest = give_names(client, request, names, stored, {})
    if not request.load:
        remove_unnamed(client, f"{FINGERPRINT}={begun.intent.digest}")
    return _Outcome(digest or stored.digest, names, stored if request.load else None, done)


def _output(request: BuildRequest, names: tuple[ImageReference, ...], loaded: bool, archive: Path | None) -> str:
    """Where the image goes at first. It is loaded without a name: names are for what was verified.

    An engine refuses to date files and to unpack the image in one go, so that takes the way over an archive; and so do
    attestations that another builder has made.
    """
    options = [f"{name}={value}" for name, value in request.output]
    # Docker's own media types know no zstd.
    options += ["oci-mediatypes=true"] if request.output else []
    options += ["rewrite-timestamp=true"] if request.plan.lock else []
    if archive:
        # Docker's own archives hold no attestations.
        form = "oci" if request.attestations else "docker"
        return ",".join((f"type={form}", f'"dest={archive}"', *options))
    if loaded:
        return ",".join(("type=docker", *options))
    if not request.push:
        return "type=cacheonly"
    # Straight to the registry, where layers that are there need not come down first; named in this order.
    named = ",".join(map(str, (*names, *request.references)))
    return ",".join(("type=image", "push=true", "store=false", *options, f'"name={named}"'))


def _verify(request: BuildRequest, stored: StoredImage) -> None:
    """Nothing that is not what was planned gets a name."""
    from mlcontainers.engines.verifying import PATIENCE, verified

    report = verified(stored.id, request.plan, False, PATIENCE, request.trial)
    request.progress(Verified(report))
    if not report.ok:
        raise VerifyFailedError(*report.problems, image=stored.id)


@dataclass(frozen=True, slots=True)
class _Bases:
    """The base images by the names that the Dockerfile has for them."""

    digests: Mapping[str, str]
    comparable: frozenset[str]
    """Those digests that the builder knows too. For images of its classic store an engine has others."""


def _bases(client: Any, request: BuildRequest) -> _Bases:
    """What the names of the base images stand for at this moment: in the engine, or else in their registry."""
    digests: dict[str, str] = {}
    comparable: set[str] = set()
    for name in base_images(request.plan.dockerfile):
        reference = ImageReference.parse(name)
        stored = None if request.builder or reference.digest else find(client, str(reference))
        digests[name] = reference.digest or (stored.digest if stored else _in_registry(client, reference))
        if digests[name] == UNKNOWN:
            _without_content(request, name)
        elif stored is None or any(digest.endswith(stored.id) for digest in stored.digests):
            comparable.add(digests[name])
    return _Bases(digests, frozenset(comparable))


def _without_content(request: BuildRequest, base: str) -> None:
    """What a base image that nobody knows the digest of means for the names."""
    if request.push and not request.references:
        what = f"nobody tells which image {base} is at present, so those of several platforms cannot be named"
        hint = "can its registry be reached? docker login"
        raise EngineError(Problem("unknown-base", "error", "base", what, (), (hint,)))
    told = f"nobody tells which image {base} is at present: the image is not named after its content"
    request.progress(Warned(told))


def _in_registry(client: Any, reference: ImageReference) -> str:
    try:
        return resolve(client, reference) or UNKNOWN
    except EngineError:
        return UNKNOWN


def _changes(client: Any, request: BuildRequest, intent: Fingerprint) -> tuple[str, ...]:
    """What is different from the image that the first name stands for in the engine, told as an event too."""
    if not request.references:
        return ()
    before = find(client, str(request.references[0]))
    if before is None:
        return ()
    words = changed(intent, before.labels.get(PARTS, ""))
    request.progress(Changed(str(request.references[0]), words))
    return words


def _result(client: Any, begun: Begun, outcome: _Outcome) -> BuiltImage:
    request, stored = begun.request, outcome.stored
    layers = attributed(request.plan, stored.layers, history(client, stored.id)) if stored else ()
    return BuiltImage(
        plan=request.plan,
        tags=tuple(map(str, request.references)),
        content_tags=tuple(map(str, outcome.content_names)),
        fingerprint=begun.intent,
        digest=outcome.digest,
        id=stored.id if stored else "",
        size=stored.size if stored else 0,
        layers=layers,
        seconds=time.monotonic() - begun.started,
        reused=outcome.attempt is None or outcome.attempt.all_cached,
        steps=outcome.attempt.steps if outcome.attempt else (),
        attestations=kinds(request.attestations),
        changes=begun.changes,
    )
