"""What is in a base image, as far as packages are chosen by it: its Python, its glibc, and the packages it holds."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.engines.containers import temporary
from mlcontainers.engines.store import find
from mlcontainers.errors import EngineError, Problem
from mlcontainers.planners.bases import OWN_PYTHON, known_base

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlcontainers.engines.profiles import Profile
    from mlcontainers.planners import Plan
    from mlcontainers.values.references import ImageReference

_FIELDS = ("Metadata-Version", "Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra")
_ASK = f"""\
import importlib.metadata as m, json, os, platform
found = [d.metadata for d in m.distributions()]
kept = [[[k, v] for k, v in d.items() if k in {_FIELDS}] for d in found if d["Name"] and d["Version"]]
names = getattr(os, "confstr_names", {{}})
libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in names else ""
print(json.dumps({{"python": platform.python_version(), "libc": libc, "packages": kept}}))
"""
"""It runs in the base's own Python, with the standard library alone."""
_LIBC = re.compile(r"glibc ([0-9]+)\.([0-9]+)").match
_PYTHON = re.compile(r"[0-9]+\.[0-9]+(?:\.[0-9]+)?").match


class Interior(Struct, frozen=True):
    """What installers find in a base image."""

    python: str
    """As in `3.12.11`, or `3.12` where nobody could be asked."""
    glibc: tuple[int, int]
    packages: tuple[tuple[tuple[str, str], ...], ...] = ()
    """For each package that is there the fields of its metadata that installers look at."""


def interior(client: Any, plan: Plan, digests: Mapping[str, str], profile: Profile) -> Interior:
    """What a plan's base image holds, told by a container of it that has no network; the image is pulled for that.

    Nobody is asked where a Python environment of our own comes into the base, which is empty, and where the engine
    runs no official Python image of this platform: those hold nothing but the installer.
    Raises EngineError where the base cannot be asked.
    """
    target, known = plan.target, known_base(plan.facts, plan.target.base)
    glibc = known.suite.glibc if known.suite else None
    foreign = str(client.version().get("Arch")) != target.platform.arch
    if glibc and target.python and (target.interpreter == OWN_PYTHON or (foreign and known.official_python)):
        return Interior(str(target.python), glibc)
    digest = target.base.digest or digests[str(target.base)]
    image = _fetched(client, plan, replace(target.base, digest=digest), profile)
    return _read(plan, _told(client, plan, image))


def _fetched(client: Any, plan: Plan, base: ImageReference, profile: Profile) -> str:
    """The name by which the engine has exactly this image."""
    from docker.errors import APIError

    stored = find(client, str(plan.target.base))
    if stored is not None and base.digest in {stored.digest, stored.id}:
        return stored.id
    place = profile.place_of(base) or base
    try:
        client.api.pull(place.name, tag=place.digest, platform=str(plan.target.platform))
    except APIError as error:
        said = " ".join(str(error.explanation or error).split())
        raise EngineError(_unasked(plan, f"the engine says: {said}")) from None
    return f"{place.name}@{place.digest}"


def _told(client: Any, plan: Plan, image: str) -> str:
    from docker.errors import APIError

    options: dict[str, Any] = {"network_mode": "none", "platform": str(plan.target.platform)}
    asked = [plan.target.interpreter, "-B", "-c", _ASK]
    try:
        with temporary(client, image, entrypoint=asked, command=[], **options) as container:
            container.start()
            code = container.wait(timeout=300)["StatusCode"]
            said = container.logs(stdout=code == 0, stderr=code != 0).decode("utf-8", "replace")
    except APIError as error:
        raise EngineError(_unasked(plan, " ".join(str(error.explanation or error).split()))) from None
    if code != 0:
        raise EngineError(_unasked(plan, f"its Python says: {said.strip().splitlines()[-1:] or code}"))
    return str(said)


def _read(plan: Plan, said: str) -> Interior:
    try:
        told: dict[str, Any] = json.loads(said)
        packages = tuple(tuple((str(key), str(value)) for key, value in fields) for fields in told["packages"])
        python, libc = _PYTHON(told["python"]), _LIBC(told["libc"] or "")
    except (ValueError, KeyError, TypeError):
        raise EngineError(_unasked(plan, "what it says is no answer")) from None
    if python is None or libc is None:
        raise EngineError(_unasked(plan, "wheels are chosen by glibc, and it has none"))
    return Interior(python[0], (int(libc[1]), int(libc[2])), packages)


def _unasked(plan: Plan, because: str) -> Problem:
    what = f"the base image {plan.target.base} does not tell which Python packages it holds"
    hint = "lock base images alone: mlcontainers lock --bases-only FILE"
    return Problem("silent-base", "error", "base", what, (because,), (hint,))
