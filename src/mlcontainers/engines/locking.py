"""`lock`: which images the names of a plan's base images stand for at this moment, and what its steps would install."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlcontainers.engines.closures import Lent, closure
from mlcontainers.engines.context import read_context
from mlcontainers.engines.intent import base_images
from mlcontainers.engines.interiors import interior
from mlcontainers.engines.profiles import Profile
from mlcontainers.engines.registry import resolve
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.engines.secrets import secret_options
from mlcontainers.engines.store import find
from mlcontainers.errors import EngineError, InvalidValueError, Problem
from mlcontainers.planners import Plan, plan
from mlcontainers.values.locks import Lock
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mlcontainers.image import Image


def lock(
    image: Image | Plan,
    *,
    context: str | Path | None = None,
    wheelhouse: str | Path | None = None,
    profile: Profile | None = None,
    secrets: Mapping[str, str | Path] | None = None,
    packages: bool = True,
) -> Lock:
    """The digests of all base images of an image, and every package that its steps would install at this moment.

    What a registry holds is newer than what an engine may have pulled long ago, so it is asked first. The base image is
    pulled where packages are installed into it, since what it holds already stays.

    A plan says by its `sources` where packages come from, and has read its files; for an image `context` is the folder
    with them. `wheelhouse`, `profile` and `secrets` are those of `build`. `packages=False` locks base images alone.

    Raises EngineNotFoundError where there is no engine, EngineError for a base that nobody knows or an index that does
    not answer, ImpossibleError for packages that exclude each other, and InvalidValueError for files that were not read
    and secrets that were not given.
    """
    files = None if context is None or isinstance(image, Plan) else read_context(image, context)
    decided = image if isinstance(image, Plan) else plan(image, context=files)
    known = profile or Profile()
    lent = _lent(decided, wheelhouse, known, secrets or {}) if packages else Lent()
    with docker_sdk() as client:
        bases = {name: _digest(client, name) for name in base_images(decided.dockerfile)}
        inside = interior(client, decided, bases, known) if packages and decided.installs else None
    held = closure(decided, inside, lent) if packages else None
    return Lock.of(datetime.now(UTC).date().isoformat(), bases, held)


def _lent(plan: Plan, wheelhouse: str | Path | None, profile: Profile, secrets: Mapping[str, str | Path]) -> Lent:
    """Only what an index asks for is read; the contents stay here."""
    _refuse_unread(plan)
    ids = dict.fromkeys(group.credentials for install in plan.installs for group in install.routed)
    needed = tuple(id for id in ids if id)
    given = {id: source for id, source in secrets.items() if id in needed}
    secret_options(needed, given)  # which says what is missing
    netrc = tuple((id, _content(source)) for id, source in given.items())
    return Lent(Path(wheelhouse) if wheelhouse is not None else None, profile.ca, netrc)


def _content(source: str | Path) -> str:
    return source.read_text(encoding="utf-8") if isinstance(source, Path) else os.environ[source.removeprefix("$")]


def _refuse_unread(plan: Plan) -> None:
    """Half of what a step asks for is no lock."""
    if unread := [problem for problem in plan.problems if problem.code == "unread-file"]:
        hint = "name the folder that holds your files: context=, --context"
        raise InvalidValueError(*(Problem("unread-file", "error", one.where, one.what, (), (hint,)) for one in unread))


def _digest(client: Any, name: str) -> str:
    reference = ImageReference.parse(name)
    if reference.digest:
        return reference.digest
    try:
        told = resolve(client, reference)
        because: tuple[str, ...] = ()
    except EngineError as error:
        told, because = None, (error.problems[0].what,)
    stored = None if told else find(client, name)
    if not told and stored is None:
        what = f"nobody tells which image {name} is"
        raise EngineError(Problem("not-locked-base", "error", "base", what, because, (f"docker pull {name}",)))
    return told or (stored.digest if stored else "")
