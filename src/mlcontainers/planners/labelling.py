"""What an image says of itself: labels written from a plan, and read back without it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import fields

from mlcontainers.layers import Conda, Pip
from mlcontainers.values.names import OCI_PREFIX
from mlcontainers.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlcontainers.planners.plans import Plan

PREFIX = "io.mlcontainers."
_LONGEST = 65_536
"""Characters of a lock that are kept whole, since one argument of a program holds 131,072 bytes; else its digest."""
_PLAN = f"{PREFIX}plan"
_KEPT = (
    "schema",
    "image",
    "base",
    "python",
    "platform",
    "accelerator",
    "packages",
    "driver_floor",
    "capabilities",
    "expiry",
)
"""Reasons, sizes and the Dockerfile stay out: `plan` gives them again from the description and the day of the facts."""


class Description(Struct, frozen=True):
    """What an image is, in its own words; empty where it does not say."""

    base: str = ""
    python: str = ""
    platform: str = ""
    accelerator: str = ""
    """`CPU`, `CUDA 12.8`."""
    packages: tuple[tuple[str, str], ...] = ()
    """What was decided: project and version."""
    driver_floor: str = ""
    """The oldest NVIDIA driver of the host that runs it."""
    capabilities: tuple[str, ...] = ()
    """The compute capabilities that its torch has code for."""
    expiry: tuple[str, ...] = ()
    """Until when what it stands on is supported."""
    facts_date: str = ""
    version: str = ""
    """Of this library."""
    fingerprint: str = ""
    image: str = ""
    """The description of the image as JSON, as `Image.parse(..., "json")` reads it."""
    lock: str = ""
    """The lock that it was built by, as `Lock.parse` reads it, or the digest of a long one."""
    package_locks: str = ""
    """The locks of packages that it was installed from, or the digest of long ones."""

    @classmethod
    def of(cls, plan: Plan) -> Description:
        """What the image of a plan is."""
        return cls.read(labels(plan))

    @classmethod
    def read(cls, labels: Mapping[str, str]) -> Description:
        """From the labels, or the annotations, of any image: what is not there, or no longer readable, stays empty."""
        plan = _loaded(labels.get(_PLAN, ""))
        return cls(
            base=labels.get(f"{OCI_PREFIX}base.name", str(plan.get("base", ""))),
            python=str(plan.get("python") or ""),
            platform=str(plan.get("platform", "")),
            accelerator=str(plan.get("accelerator", "")),
            packages=tuple((one["project"], one["version"]) for one in plan.get("packages", ())),
            driver_floor=str(plan.get("driver_floor") or ""),
            capabilities=tuple(plan.get("capabilities", ())),
            expiry=tuple(fact["claim"] for fact in plan.get("expiry", ())),
            facts_date=labels.get(f"{PREFIX}facts", ""),
            version=labels.get(f"{PREFIX}version", ""),
            fingerprint=labels.get(f"{PREFIX}fingerprint", ""),
            image=json.dumps(plan["image"]) if "image" in plan else "",
            lock=labels.get(f"{PREFIX}lock", ""),
            package_locks=labels.get(f"{PREFIX}package-locks", ""),
        )

    def to_json(self) -> dict[str, Any]:
        """The same as data for programs."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            "schema": 1,
            **data,
            "packages": dict(self.packages),
            "capabilities": list(self.capabilities),
            "expiry": list(self.expiry),
            "image": json.loads(self.image) if self.image else None,
        }

    def explain(self) -> str:
        """The same as text for people."""
        return "\n".join(_lines(self)) + "\n"


def labels(plan: Plan, *, fingerprint: str = "") -> dict[str, str]:
    """The labels by which an image says what it is, sorted: for `--label`, and for `--annotation` where there is one.

    They are compact JSON and not compressed: a kilobyte or two that `docker inspect` shows and everything can search,
    and that is the same bytes everywhere, which compressors do not promise.
    """
    decided = plan.to_json()
    kept = {name: decided[name] for name in _KEPT}
    written = {
        _PLAN: json.dumps(kept, separators=(",", ":"), ensure_ascii=False),
        f"{PREFIX}facts": plan.facts_date,
        f"{PREFIX}version": __version__,
        f"{PREFIX}fingerprint": fingerprint,
        f"{PREFIX}lock": _kept(plan.lock.dump()) if plan.lock else "",
        f"{PREFIX}package-locks": _package_locks(plan),
        **(_digest(plan)),
    }
    return {name: value for name, value in sorted(written.items()) if value}


def _package_locks(plan: Plan) -> str:
    """The text of every lock of packages that it installs from."""
    locks = [str(layer.lock) for layer in plan.image.layers if isinstance(layer, Pip | Conda) and layer.lock]
    text = "\n".join(text for path in locks if plan.context and (text := plan.context.get(path)))
    return _kept(text)


def _kept(lock: str) -> str:
    return lock if len(lock) <= _LONGEST else f"sha256:{sha256(lock.encode()).hexdigest()}"


def _digest(plan: Plan) -> dict[str, str]:
    digest = plan.target.base.digest
    return {f"{OCI_PREFIX}base.digest": digest} if digest else {}


def _loaded(text: str) -> dict[str, Any]:
    try:
        found: object = json.loads(text)
    except ValueError:
        return {}
    known = cast("dict[str, Any]", found if isinstance(found, dict) else {})
    return known if known.get("schema") == 1 else {}


def _lines(told: Description) -> Iterator[str]:
    if not (told.version or told.base):
        yield "it says nothing of itself: it was built by something else, or without labels"
        return
    yield from (f"{project}: {version}" for project, version in told.packages)
    for name in ("accelerator", "python", "base", "platform"):
        if value := getattr(told, name):
            yield f"{'Python' if name == 'python' else 'base image' if name == 'base' else name}: {value}"
    if told.driver_floor:
        yield f"NVIDIA driver: {told.driver_floor} or newer on the host"
    if told.capabilities:
        yield f"GPUs of compute capability: {', '.join(told.capabilities)}"
    yield from (f"expires: {claim}" for claim in told.expiry)
    if told.facts_date:
        yield f"facts: as of {told.facts_date}"
    if told.version:
        yield f"planned by: mlcontainers {told.version}"
    if told.fingerprint:
        yield f"fingerprint: {told.fingerprint}"
