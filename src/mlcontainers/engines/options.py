"""What a build is asked to do: the user's words, checked once, and the builder's arguments that follow.

A new option is a field of `BuildOptions` and of `BuildRequest`, and where it is an argument of the builder a function
in `_GROUPS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, get_args

from msgspec import structs

from mlcontainers.engines.attesting import ANNOTATION, Attestation, attestations, kinds
from mlcontainers.engines.caches import Cache, caches
from mlcontainers.engines.client import buildx_command
from mlcontainers.engines.context import read_context
from mlcontainers.engines.events import Warned
from mlcontainers.engines.ignoring import ignore_file
from mlcontainers.engines.profiles import Profile
from mlcontainers.engines.secrets import secret_options
from mlcontainers.engines.trials import Trial
from mlcontainers.engines.wheelhouse import wheel_names
from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.planners import Plan, plan
from mlcontainers.planners.labelling import labels
from mlcontainers.values.context import ContextFiles
from mlcontainers.values.locks import Lock
from mlcontainers.values.platforms import Platform
from mlcontainers.values.references import ImageReference
from mlcontainers.values.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlcontainers.engines.events import Progress
    from mlcontainers.engines.stopping import Stop
    from mlcontainers.image import Image

Network: TypeAlias = Literal["none"]
"""What build steps can reach, if it is not what the engine gives them."""
Compression: TypeAlias = Literal["gzip", "zstd"]
"""How layers are packed: zstd is smaller and quicker, and needs Docker 23, containerd 1.5 or newer to be pulled."""


class SharedOptions(TypedDict, total=False):
    """The keyword arguments that `build` and `build_all` have in common; each is explained at `build`."""

    context: str | Path
    host_settings: bool
    wheelhouse: str | Path | None
    mirrors: Mapping[str, str] | None
    profile: str | Path | None
    network: Network | None
    secrets: Mapping[str, str | Path] | None
    builder: str | None
    cache: Cache | str | Sequence[Cache | str]
    compression: Compression | None
    attest: str | Sequence[str]
    load: bool
    push: bool
    verify: bool | Trial
    force: bool
    lock: Lock | bool


class BuildOptions(SharedOptions, total=False):
    """The keyword arguments of `build`; each is explained there."""

    tags: Sequence[str]
    platforms: Sequence[str] | None
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One build, as it was asked for and found possible to try."""

    plan: Plan
    """With the sources of this build."""
    folder: Path
    """The build context."""
    references: tuple[ImageReference, ...]
    repositories: tuple[str, ...]
    """Their names without the tags, each once."""
    progress: Progress
    wheelhouse: Path | None = None
    profile: Profile = field(default_factory=Profile)
    """The organisation's."""
    secrets: tuple[str, ...] = ()
    """The builder's arguments for the image's secrets: names of files and variables, no contents."""
    builder: str | None = None
    caches: tuple[Cache, ...] = ()
    output: tuple[tuple[str, str], ...] = ()
    """Options of the builder's output that change what the image is."""
    attestations: tuple[Attestation, ...] = ()
    """What is written beside the image; it changes nothing of it."""
    labels: tuple[tuple[str, str], ...] = ()
    """Labels beside those of the Dockerfile: what is known only when it is built."""
    load: bool = True
    push: bool = False
    verify: bool = True
    trial: Trial = field(default_factory=Trial)
    """What a service is lent when it is verified."""
    force: bool = False
    stop: Stop | None = None
    """By which another thread ends it."""
    each: tuple[BuildRequest, ...] = ()
    """One for each platform where there are several; they get no name that was asked for."""

    def heard_by(self, progress: Progress, stop: Stop) -> BuildRequest:
        """The same build with another listener, who can also end it."""
        return replace(
            self, progress=progress, stop=stop, each=tuple(one.heard_by(progress, stop) for one in self.each)
        )

    @classmethod
    def of(cls, image: Image | Plan, options: BuildOptions) -> BuildRequest:
        """Read what the user said; raises InvalidValueError, and ImpossibleError where facts rule the image out."""
        platforms = _platforms(options)
        if len(platforms) > 1:
            requests = [cls.of(image, {**options, "platforms": [platform]}) for platform in platforms]
            return replace(requests[0], each=tuple(replace(request, references=()) for request in requests))
        references = _references(options.get("tags", ()))
        folder = _folder(options.get("context", "."))
        wheelhouse = options.get("wheelhouse")
        profile = Profile.load(options.get("profile"))
        decided = planned(image, options, profile, platforms)
        verify = options.get("verify", True)
        request = cls(
            plan=decided,
            folder=folder,
            references=references,
            repositories=tuple(dict.fromkeys(reference.name for reference in references)),
            progress=options.get("progress") or _nowhere,
            wheelhouse=Path(wheelhouse).resolve() if wheelhouse is not None else None,
            profile=profile,
            secrets=tuple(secret_options(decided.required_secrets, options.get("secrets") or {})),
            builder=options.get("builder"),
            caches=caches(options.get("cache", "local")),
            output=_output(options.get("compression")),
            attestations=attestations(options.get("attest", ()), profile),
            load=options.get("load", True),
            push=options.get("push", False),
            verify=verify is not False,
            trial=verify if isinstance(verify, Trial) else Trial(),
            force=options.get("force", False),
        )
        _check_wheelhouse(request)
        _check_push(request)
        return request


def arguments(request: BuildRequest, scratch: Path, outputs: Sequence[str] = ()) -> list[str]:
    """The command that builds it. `scratch` is a folder of its own that lives as long as the build.

    `outputs` says where the image goes, in the builder's words.
    """
    groups = grouped(request, scratch)
    return [*buildx_command(), "build", "--progress=rawjson", *groups, *outputs, str(request.folder)]


def grouped(request: BuildRequest, scratch: Path) -> list[str]:
    """Those of its arguments that follow from the request, each as `--NAME=VALUE`."""
    return [argument for group in _GROUPS for argument in group(request, scratch)]


def metadata_file(scratch: Path) -> Path:
    """Where the builder writes what came of the build."""
    return scratch / "metadata.json"


def _dockerfile(request: BuildRequest, scratch: Path) -> Iterator[str]:
    dockerfile = scratch / "Dockerfile"
    dockerfile.write_text(request.plan.dockerfile.render(), encoding="utf-8", newline="")
    # Builders look for this name first; the folder's own file is part of it.
    ignored = ignore_file(request.plan.dockerfile, request.folder)
    Path(f"{dockerfile}.dockerignore").write_text(ignored, encoding="utf-8", errors="surrogateescape", newline="")
    yield f"--file={dockerfile}"
    yield f"--platform={request.plan.target.platform}"


def _results(request: BuildRequest, scratch: Path) -> Iterator[str]:
    yield f"--metadata-file={metadata_file(scratch)}"


def _attestations(request: BuildRequest, scratch: Path) -> Iterator[str]:
    """None where none is asked for: provenance holds times, and equal builds would have indexes that differ."""
    yield from (attestation.argument() for attestation in request.attestations)
    if request.attestations:
        yield f"--annotation=index-descriptor:{ANNOTATION}={','.join(kinds(request.attestations))}"


def _builder(request: BuildRequest, scratch: Path) -> Iterator[str]:
    if request.builder:
        yield f"--builder={request.builder}"


def _contexts(request: BuildRequest, scratch: Path) -> Iterator[str]:
    """The folder of wheels as the named context that the Dockerfile mounts, and what base images are pulled by."""
    if request.plan.contexts and request.wheelhouse:
        yield f"--build-context=wheelhouse={request.wheelhouse}"
    for name, reference in request.profile.stand_ins(request.plan.dockerfile):
        yield f"--build-context={name}=docker-image://{reference}"


def _network(request: BuildRequest, scratch: Path) -> Iterator[str]:
    if request.plan.sources.offline:
        yield "--network=none"


def _caches(request: BuildRequest, scratch: Path) -> Iterator[str]:
    for cache in request.caches:
        yield from cache.arguments(request.references)


def _dated(request: BuildRequest, scratch: Path) -> Iterator[str]:
    """The time of everything that the builder itself dates: of the image and of its history."""
    if request.plan.lock:
        yield f"--build-arg=SOURCE_DATE_EPOCH={request.plan.lock.epoch}"


def _labels(request: BuildRequest, scratch: Path) -> Iterator[str]:
    """What the image says of itself: in its configuration, and on its manifest, where registries show it."""
    for name, value in (*labels(request.plan).items(), *request.labels):
        yield f"--label={name}={value}"
        yield f"--annotation={name}={value}"


def _secrets(request: BuildRequest, scratch: Path) -> Iterator[str]:
    """Those of the image; and this host's settings, as files that live as long as the build."""
    yield from request.secrets
    if not request.plan.sources.host_settings:
        return
    from mlcontainers.engines.host import host_secrets  # only a build that is lent them waits for it

    secrets = host_secrets(ca=request.profile.ca)
    for note in secrets.notes:
        request.progress(Warned(note))
    for name, content in secrets.files:
        file = scratch / f"secret-{name}"
        file.touch(mode=0o600)
        file.write_bytes(content)
        yield f"--secret=id={name},src={file}"


_GROUPS: tuple[Callable[[BuildRequest, Path], Iterator[str]], ...] = (
    _dockerfile,
    _results,
    _attestations,
    _builder,
    _contexts,
    _network,
    _caches,
    _dated,
    _labels,
    _secrets,
)


def planned(image: Image | Plan, options: SharedOptions, profile: Profile, platforms: Sequence[str] = ()) -> Plan:
    """The plan with the sources of this build: the decisions are the same, only addresses differ."""
    given = image.sources if isinstance(image, Plan) else Sources()
    wheelhouse, mirrors = options.get("wheelhouse"), options.get("mirrors")
    sources = structs.replace(
        profile.over(given),
        host_settings=options.get("host_settings", False) or profile.over(given).host_settings,
        wheelhouse=wheel_names(wheelhouse) if wheelhouse is not None else given.wheelhouse,
        mirrors=tuple(sorted({**dict(profile.over(given).mirrors), **(mirrors or {})}.items())),
        offline=_offline(options) or given.offline,
    )
    described = image.image if isinstance(image, Plan) else image
    for platform in platforms:
        described = described.with_platform(platform)
    context = read_context(described, _folder(options.get("context", ".")))
    held = options.get("lock", False) or (image.lock if isinstance(image, Plan) else None)
    if (
        isinstance(image, Plan)
        and held == image.lock
        and described == image.image
        and sources == given
        and context == (image.context or ContextFiles())
    ):
        return image
    facts = image.facts if isinstance(image, Plan) else None
    lock = held if isinstance(held, Lock) else None
    decided = plan(described, sources=sources, context=context, facts=facts, lock=lock)
    if held is not True:
        return decided
    from mlcontainers.engines.locking import lock as made_lock  # it loads all that finds out what packages need

    made = made_lock(decided, wheelhouse=wheelhouse, profile=profile, secrets=options.get("secrets"))
    return plan(described, sources=sources, context=context, facts=facts, lock=made)


def _offline(options: SharedOptions) -> bool:
    network = options.get("network")
    if network not in {None, "none"}:
        what = f"there is no network {network!r} for a build"
        raise InvalidValueError(Problem("bad-network", "error", "network", what, (), ('"none", or leave it out',)))
    if network == "none" and options.get("wheelhouse") is None:
        what = "a build without a network takes everything from a folder of wheels, and none is named"
        raise InvalidValueError(Problem("no-wheelhouse", "error", "wheelhouse", what, (), ("wheelhouse=FOLDER",)))
    return network == "none"


def _references(tags: Sequence[str]) -> tuple[ImageReference, ...]:
    if isinstance(tags, str):
        what = f"tags are a list, got the text {tags!r}"
        raise InvalidValueError(Problem("list-expected", "error", "tags", what, (), (f'write ["{tags}"]',)))
    references = tuple(dict.fromkeys(ImageReference.parse(tag) for tag in tags))
    problems = [
        Problem("digest-as-tag", "error", "tags", f"{str(reference)!r} has a digest", (), (f"write {bare!r}",))
        for reference in references
        if reference.digest and (bare := str(structs.replace(reference, digest=None)))
    ]
    if problems:
        raise InvalidValueError(*problems)
    return references


def _platforms(options: BuildOptions) -> list[str]:
    """Each once, as they are written; an image for several is only in a registry."""
    given = options.get("platforms") or ()
    if isinstance(given, str):
        what = f"platforms are a list, got the text {given!r}"
        raise InvalidValueError(Problem("list-expected", "error", "platforms", what, (), (f'write ["{given}"]',)))
    platforms = list(dict.fromkeys(str(Platform.parse(platform)) for platform in given))
    if len(platforms) > 1 and not options.get("push"):
        what = "an image for several platforms is an index, and only a registry holds one"
        hint = "push=True, --push; or one platform at a time"
        raise InvalidValueError(Problem("many-platforms", "error", "platforms", what, (), (hint,)))
    return platforms


def _output(compression: Compression | None) -> tuple[tuple[str, str], ...]:
    if compression is None:
        return ()
    if compression not in get_args(Compression):
        what = f"there is no compression {compression!r}"
        hint = f"one of {', '.join(get_args(Compression))}"
        raise InvalidValueError(Problem("bad-compression", "error", "compression", what, (), (hint,)))
    return (("compression", compression),)


def _folder(context: str | Path) -> Path:
    folder = Path(context).resolve()
    if not folder.is_dir():
        what = f"the build context {str(context)!r} is no folder"
        raise InvalidValueError(
            Problem("no-context", "error", "context", what, (), ("name the folder that holds your files",))
        )
    return folder


def _check_wheelhouse(request: BuildRequest) -> None:
    if request.plan.contexts and request.wheelhouse is None:
        what = "this plan takes wheels from a wheelhouse, and its folder is not named"
        raise InvalidValueError(
            Problem("no-wheelhouse", "error", "wheelhouse", what, (), ("build(..., wheelhouse=FOLDER)",))
        )
    if request.wheelhouse is not None and not request.plan.contexts:
        planned = ", ".join(map(str, request.plan.pins)) or "no framework"
        told = f"no wheel in {str(request.wheelhouse)!r} is used: what is planned is {planned}"
        request.progress(Warned(told))


def _check_push(request: BuildRequest) -> None:
    if request.push and not request.references:
        what = "an image without a name cannot be pushed"
        raise InvalidValueError(Problem("no-name", "error", "tags", what, (), ('tags=["HOST/REPO/NAME:TAG"]',)))


def _nowhere(event: object) -> None:
    return None
