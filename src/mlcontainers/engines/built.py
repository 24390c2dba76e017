"""What a build gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import Add, Copy, From, Run, Workdir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlcontainers.engines.fingerprints import Fingerprint
    from mlcontainers.planners import Plan


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """One layer of an image, and what wrote it."""

    digest: str
    """`sha256:...` of its unpacked content."""
    size: int
    """Bytes that it adds, unpacked; 0 where the engine does not tell."""
    origin: str
    """Which part of the image wrote it, such as `layers[1] (torch)`; `base` for those of the base image."""
    instruction: str = ""
    """The instruction, as the image's history has it; empty for those of the base image."""


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """One step of the builder's."""

    step: str
    """The builder's name of it, such as `[2/5] RUN ...`."""
    seconds: float
    cached: bool
    """Nothing had to be done."""
    origin: str = ""
    """Which part of the image wrote it; empty for the builder's own."""


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that an engine has built, or had."""

    plan: Plan
    """The plan that was built, with the sources that were used."""
    tags: tuple[str, ...]
    """The names that were asked for."""
    content_tags: tuple[str, ...]
    """For each repository among them the name that ends in the fingerprint; none where no name was asked for."""
    fingerprint: Fingerprint
    digest: str
    """`sha256:...` of what a registry holds, or would; empty where no image came out."""
    id: str
    """How the engine calls it; empty where it was not loaded."""
    size: int
    """Bytes as the engine counts them; 0 where it was not loaded."""
    layers: tuple[BuiltLayer, ...]
    """The lowest first; none where it was not loaded."""
    seconds: float
    reused: bool
    """Nothing had to be done: the image was there, or every step came from the cache."""
    steps: tuple[BuiltStep, ...]
    """The steps in the order they ended; none where the image was there."""
    attestations: tuple[str, ...] = ()
    """What is beside it, of what was asked for: `provenance`, `sbom`. `digest` is then that of the index of all."""
    changes: tuple[str, ...] = ()
    """What is different from the image that the first of these tags named before, in words."""
    platforms: tuple[BuiltImage, ...] = ()
    """The image of each platform, where there are several: `digest` is then that of their index."""

    @property
    def references(self) -> tuple[str, ...]:
        """All names that it has got."""
        return (*self.tags, *self.content_tags)

    def to_json(self) -> dict[str, object]:
        """The image as data for programs."""
        return {
            "schema": 1,
            "tags": list(self.tags),
            "content_tags": list(self.content_tags),
            "fingerprint": self.fingerprint.digest,
            "digest": self.digest,
            "id": self.id or None,
            "size": self.size or None,
            "seconds": round(self.seconds, 3),
            "reused": self.reused,
            "layers": [asdict(layer) for layer in self.layers],
            "steps": [asdict(step) for step in self.steps],
            "attestations": list(self.attestations),
            "changes": list(self.changes),
            "platforms": [{"platform": str(image.plan.target.platform), **image.to_json()} for image in self.platforms],
        }


_WRITING = (Add, Copy, Run, Workdir)
"""Instructions that make a layer each; the others make an entry of the history alone."""


def attributed(plan: Plan, digests: Sequence[str], history: Sequence[tuple[str, int]]) -> tuple[BuiltLayer, ...]:
    """The layers of an image with what wrote them.

    Every instruction of the last stage, and of those that it stands on, leaves one entry in the history. So the last
    entries and layers are those of the Dockerfile, one to one, and all before them the base image's. `history` is
    what made an entry, and its size.
    """
    own = _own(plan)
    entries = history[len(history) - len(own) :] if own else ()
    written = [(origin, entry) for (layer, origin), entry in zip(own, entries, strict=False) if layer]
    if len(written) > len(digests) or len(entries) != len(own):
        return tuple(BuiltLayer(digest, 0, "") for digest in digests)
    below = len(digests) - len(written)
    ours = [
        BuiltLayer(digest, size, origin, made_by)
        for digest, (origin, (made_by, size)) in zip(digests[below:], written, strict=True)
    ]
    return (*_of_base(digests[:below], history[: len(history) - len(own)]), *ours)


def _own(plan: Plan) -> list[tuple[bool, str]]:
    """For each instruction that is in the image whether it makes a layer, and which part of the image wrote it."""
    kept = {stage.index for stage in plan.dockerfile.lineage}
    own: list[tuple[bool, str]] = []
    stage = -1
    for instruction, origin in zip(plan.dockerfile.instructions, plan.origins, strict=True):
        if isinstance(instruction, From):
            stage += 1
        elif stage in kept:
            own.append((isinstance(instruction, _WRITING), origin or ""))
    return own


def _of_base(digests: Sequence[str], history: Sequence[tuple[str, int]]) -> tuple[BuiltLayer, ...]:
    """An entry without a size may be a layer that added nothing: then nobody can tell which is which."""
    sizes = [size for _, size in history if size]
    known = sizes if len(sizes) == len(digests) else [0] * len(digests)
    return tuple(BuiltLayer(digest, size, "base") for digest, size in zip(digests, known, strict=True))
