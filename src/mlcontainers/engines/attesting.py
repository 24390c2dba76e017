"""Attestations: what a builder writes beside an image, of how it was made (provenance) and what is in it (an SBOM).

They are manifests of their own in an index with the image, which stays as it is. What an index has is looked up, never
taken for granted: images without them are found under the same name after their content.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from mlcontainers.engines.client import buildx_command
from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.references import ImageReference
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlcontainers.engines.profiles import Profile

ANNOTATION = "io.mlcontainers.attestations"
"""Beside an image in an engine: the kinds that were made with it. An engine does not say what is in an attestation."""
_PREDICATES = {"https://slsa.dev/provenance/": "provenance", "https://spdx.dev/Document": "sbom"}
"""How the types of statements begin (in-toto), and our word for each."""
_PREDICATE = "in-toto.io/predicate-type"
_FORMS = ("provenance", "sbom", "sbom:HOST/REPO/SCANNER:TAG")
SCANNER = ImageReference("docker/buildkit-syft-scanner", "stable-1")
"""What builders make an SBOM with where nothing is said (moby/buildkit, frontend/attestations/sbom)."""
_PATIENCE = 60
"""Seconds that a registry may take to hand out one manifest."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """One that a builder is asked for."""

    kind: str
    """`provenance` or `sbom`."""
    scanner: ImageReference | None = None
    """The image that makes the SBOM; the builder's own choice without it."""

    @classmethod
    def parse(cls, text: str) -> Attestation:
        """Read `provenance`, `sbom`, or `sbom:REF` with the image that makes it; raises InvalidValueError."""
        kind, colon, scanner = str(text).partition(":")
        if (kind, colon) == ("provenance", "") or (kind == "sbom" and bool(colon) == bool(scanner)):
            return cls(kind, ImageReference.parse(scanner) if scanner else None)
        what = f"there is no attestation {text!r}"
        hints = (*did_you_mean(kind, ["provenance", "sbom"]), f"one of {', '.join(_FORMS)}")
        raise InvalidValueError(Problem("bad-attestation", "error", "attest", what, (), hints))

    def argument(self) -> str:
        """In the builder's words. Of how it was made all is told: each step, and the Dockerfile itself."""
        if self.kind == "provenance":
            return "--attest=type=provenance,mode=max"
        return "--attest=type=sbom" + (f",generator={self.scanner}" if self.scanner else "")


def attestations(given: str | Sequence[str], profile: Profile) -> tuple[Attestation, ...]:
    """One or several, each kind once, as values. The builder's own scanner is taken from where the profile says."""
    parsed = [Attestation.parse(text) for text in ((given,) if isinstance(given, str) else given)]
    by_kind = {attestation.kind: attestation for attestation in parsed}
    if "sbom" in by_kind and by_kind["sbom"].scanner is None:
        by_kind["sbom"] = replace(by_kind["sbom"], scanner=profile.place_of(SCANNER))
    return tuple(by_kind.values())


def kinds(wanted: Iterable[Attestation]) -> tuple[str, ...]:
    """Our words for them."""
    return tuple(sorted(attestation.kind for attestation in wanted))


def no_sbom(wanted: Iterable[Attestation], failed_step: str, said: str) -> Problem | None:
    """What is wrong where the step that failed is one of those that make the SBOM."""
    asked = [attestation for attestation in wanted if attestation.kind == "sbom"]
    if not asked or not (step := _SCANNING(failed_step)):
        return None
    scanner = step[1] or step[2]
    what = f"no SBOM is made: its scanner {scanner} " + ("cannot be had" if step[1] else "has failed")
    hints = (
        "can the engine pull it? name one that it can: attest=['sbom:HOST/REPO/SCANNER:TAG'], --attest sbom:...",
        "the SBOM of the plan and of what is installed needs no scanner: mlcontainers sbom",
    )
    return Problem("no-sbom", "error", "attest", what, (f"the builder says: {said}",), hints)


_SCANNING = re.compile(
    r"(?:resolve image config for )?docker-image://(?!docker\.io/docker/dockerfile\b)(\S+)"
    r"|.*generating sbom using (\S+)"
).match
"""The steps of a builder that are about the scanner; a syntax line of a Dockerfile is resolved in the same words."""


def in_engine(client: Any, image: str) -> frozenset[str]:
    """The kinds that an image of the engine has whole; one that was pulled has left them in its registry."""
    # Engines before 28 take no notice of the parameter.
    found = cast("dict[str, Any]", client.image(image, "json", manifests="1") or {})
    manifests: list[dict[str, Any]] = found.get("Manifests") or []
    whole = [bool(each.get("Available")) for each in manifests if each.get("Kind") == "attestation"]
    if not whole or not all(whole):
        return frozenset()
    descriptor: dict[str, Any] = found.get("Descriptor") or {}
    annotations: dict[str, str] = descriptor.get("annotations") or {}
    return frozenset(annotations.get(ANNOTATION, "").split(",")) - {""}


def in_registry(name: str, digest: str) -> frozenset[str]:
    """The kinds that an image of a registry has; none where it does not answer."""
    index = _manifest(f"{name}@{digest}")
    manifests: list[dict[str, Any]] = index.get("manifests") or []
    made = [str(each["digest"]) for each in manifests if _is_attestation(each)]
    each_has = [frozenset(_told(_manifest(f"{name}@{digest}"))) for digest in made]
    first, *others = each_has or [frozenset[str]()]
    return first.intersection(*others)


def _is_attestation(descriptor: dict[str, Any]) -> bool:
    annotations: dict[str, str] = descriptor.get("annotations") or {}
    return annotations.get("vnd.docker.reference.type") == "attestation-manifest"


def _told(manifest: dict[str, Any]) -> Iterator[str]:
    layers: list[dict[str, Any]] = manifest.get("layers") or []
    for layer in layers:
        annotations: dict[str, str] = layer.get("annotations") or {}
        predicate = annotations.get(_PREDICATE, "")
        yield from (kind for start, kind in _PREDICATES.items() if predicate.startswith(start))


def _manifest(reference: str) -> dict[str, Any]:
    """A manifest as the registry has it, a few kilobytes; empty where it cannot be had."""
    command = [*buildx_command(), "imagetools", "inspect", "--raw", reference]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL)
        return cast("dict[str, Any]", json.loads(done.stdout)) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError):
        return {}
