"""`mlcontainers lock FILE`"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json
from mlcontainers.cli.arguments import AsJson, ContextFolder, HostSettings, ImageFile, Mirrors, Secrets, WheelFolder
from mlcontainers.cli.asked import given_mirrors, given_secrets, given_wheelhouse
from mlcontainers.cli.dockerfiles import write
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.locks import lock_file, read_lock
from mlcontainers.errors import InvalidValueError

if TYPE_CHECKING:
    from mlcontainers import Lock
    from mlcontainers.engines.options import Network


@answers
def lock(
    file: ImageFile,
    context: ContextFolder = None,
    host_settings: HostSettings = False,
    wheelhouse: WheelFolder = None,
    mirror: Mirrors = None,
    profile: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where things come from here; MLCONTAINERS_PROFILE without it.")
    ] = None,
    network: Annotated[
        str | None, typer.Option(metavar="none", help="Look packages up in the wheelhouse alone, as such a build does.")
    ] = None,
    secret: Secrets = None,
    bases_only: Annotated[
        bool, typer.Option("--bases-only", help="Lock base images alone; packages are those of the day of the build.")
    ] = False,
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 where the lock would be another one.")
    ] = False,
    own: OwnFacts = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Write down which images the base images are now, and every package by version and hash, beside FILE.

    plan, render and build take it with --locked. A lock in which nothing has moved stays as it is.
    """
    from mlcontainers import Image
    from mlcontainers import plan as planned
    from mlcontainers.engines.context import read_context
    from mlcontainers.engines.locking import lock as made
    from mlcontainers.engines.options import SharedOptions
    from mlcontainers.engines.options import planned as sourced
    from mlcontainers.engines.profiles import Profile

    image = Image.load(file)
    folder = Path(file).parent if context is None else Path(context)
    wheels, secrets, ours = given_wheelhouse(wheelhouse), given_secrets(secret or []), Profile.load(profile)
    options: SharedOptions = {
        "context": folder,
        "host_settings": host_settings,
        "wheelhouse": wheels,
        "mirrors": given_mirrors(mirror or []),
        "network": cast("Network | None", network),
    }
    decided = sourced(planned(image, facts=known(own, as_of), context=read_context(image, folder)), options, ours)
    path = lock_file(file)
    before = _before(path)
    found = made(decided, wheelhouse=wheels, profile=ours, secrets=secrets, packages=not bases_only)
    changes = found.changes(before) if before else ()
    moved = before is None or bool(changes)
    if moved and not only_check:
        write(str(path), found.dump().encode())
    if as_json:
        told = found if moved or before is None else before
        print_json({"schema": 2, "file": str(path), "moved": moved, "changes": changes, **told.to_json()})
    else:
        show("\n".join(_lines(path, before, found, changes, only_check)))
    return NO if moved and only_check else FINE


def _before(path: Path) -> "Lock | None":
    """The lock that is there; one that is none any more is written anew."""
    if not path.is_file():
        return None
    try:
        return read_lock(path)
    except InvalidValueError:
        return None


def _lines(
    path: Path, before: "Lock | None", found: "Lock", changes: tuple[str, ...], only_check: bool
) -> Iterator[str]:
    if before and not changes:
        yield f"nothing has moved since {before.date}: {path}"
        return
    yield f"{'would be written' if only_check else 'written'}: {path}"
    yield from (f"{name}: {digest}" for name, digest in found.bases)
    if found.packages is not None:
        yield f"packages: {sum(len(step.packages) for step in found.packages.steps)}"
    yield from (f"moved: {words}" for words in changes)
