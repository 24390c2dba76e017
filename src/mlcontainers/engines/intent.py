"""What an image follows from: the parts of its fingerprint."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import From, Run
from mlcontainers.dockerfile.render import written
from mlcontainers.engines.contents import contents
from mlcontainers.engines.fingerprints import FILE, Fingerprint, digest_of
from mlcontainers.engines.wheelhouse import wheels_taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from mlcontainers.dockerfile import Dockerfile, Instruction
    from mlcontainers.planners import Plan

_LENT = frozenset(("secret", "ssh"))
"""Mounts by which a machine lends a step what it has: they are in no layer, no history and no cache key."""
_ORDER = "order of instructions"


def fingerprint(
    plan: Plan,
    folder: Path,
    bases: Mapping[str, str],
    output: Iterable[tuple[str, str]] = (),
    wheelhouse: Path | None = None,
) -> Fingerprint:
    """The fingerprint of a plan that is built from this folder.

    `bases` are the base images by the name that the Dockerfile has for them, with their digests. `output` are the
    options of the builder that change the image. `wheelhouse` is the folder that wheels are taken from.
    """
    parts = {
        "platform": str(plan.target.platform),
        "Python": str(plan.target.python or "the base image's own"),
        **{f"base image {name}": digest for name, digest in bases.items()},
        **{f"output {name}": value for name, value in output},
        # A lock ends the times of all files at its own: another one makes other layers.
        **({"times up to": plan.lock.date} if plan.lock else {}),
        **(
            {f"wheel {name}": content for name, content in wheels_taken(plan, wheelhouse).items()} if wheelhouse else {}
        ),
        **_instructions(plan),
        **{FILE + path: state for path, state in contents(plan.dockerfile, folder).items()},
    }
    return Fingerprint.of(parts)


def changed(fingerprint: Fingerprint, before: str) -> tuple[str, ...]:
    """What is different from a fingerprint that was dumped, in words."""
    words = fingerprint.changes(before)
    # Where an instruction has changed, that all of them have is no news.
    return tuple(word for word in words if not word.startswith(_ORDER)) or words


def base_images(dockerfile: Dockerfile) -> tuple[str, ...]:
    """The images that stages start from, as written; not those that are stages themselves."""
    names: set[str] = set()
    images: list[str] = []
    for instruction in dockerfile.instructions:
        if isinstance(instruction, From):
            if instruction.image not in names and instruction.image != "scratch":
                images.append(instruction.image)
            names.add(instruction.name or "")
    return tuple(dict.fromkeys(images))


def _instructions(plan: Plan) -> dict[str, str]:
    """All of them in order, and once more by the layer that wrote them, so that a change can be told in words."""
    texts = [_lasting(instruction) for instruction in plan.dockerfile.instructions]
    origins = [origin or "other" for origin in plan.origins]
    written_by: dict[str, list[str]] = {}
    for origin, text in zip(origins, texts, strict=True):
        written_by.setdefault(origin, []).append(text)
    named = zip(_names(written_by), written_by.values(), strict=True)
    return {_ORDER: digest_of(*texts), **{name: digest_of(*texts) for name, texts in named}}


def _names(origins: Iterable[str]) -> list[str]:
    """Layers by their kind: their position changes where another one is put before them."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for origin in origins:
        kind = origin.partition("(")[2].partition(")")[0] or origin
        name = f"layer {kind}" if "(" in origin else kind
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _lasting(instruction: Instruction) -> str:
    """An instruction without what leaves no trace in the image: equal images are built with and without it."""
    if isinstance(instruction, Run):
        kept = tuple(mount for mount in instruction.mounts if mount.type not in _LENT)
        return written(replace(instruction, mounts=kept))
    return written(instruction)
