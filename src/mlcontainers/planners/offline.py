"""Can it be built without a network, from a folder of wheels alone?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.errors import Problem
from mlcontainers.layers import Apt, Conda, Extension, Pip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlcontainers.image import Image
    from mlcontainers.layers import Pin
    from mlcontainers.layers.installing import HashedTool
    from mlcontainers.planners.bases import Base
    from mlcontainers.values.sources import Sources


def offline_problems(
    image: Image, base: Base, pins: Sequence[Pin], tools: Sequence[HashedTool], sources: Sources
) -> Iterator[Problem]:
    """What an image wants that no wheelhouse has; nothing where it is built with a network."""
    if not sources.offline:
        return
    missing = [str(pin) for pin in pins if not pin.local]
    missing += [tool.requirement for tool in tools if not _is_there(tool.requirement, sources.wheelhouse)]
    if missing:
        what = f"the wheelhouse has no wheel of {', '.join(missing)} for this image"
        because = ("nothing is fetched, the installer itself included",)
        hint = f"pip download --only-binary=:all: --dest FOLDER {' '.join(missing)}"
        yield Problem("not-in-wheelhouse", "error", "wheelhouse", what, because, (hint,))
    hint = "take a base that has it: from_base(...)"
    if base.distribution_python:
        what = f"the Python of {base.reference} is a package of its distribution"
        yield Problem("needs-network", "error", "base.reference", what, (), (hint,))
    for place, layer in enumerate(image.layers):
        where = f"layers[{place}] ({layer.kind})"
        if isinstance(layer, Apt):
            yield Problem("needs-network", "error", where, "system packages come from an archive", (), (hint,))
        elif isinstance(layer, Conda):
            yield Problem("needs-network", "error", where, "conda packages come from a channel", (), (hint,))
        elif isinstance(layer, Extension):
            what = f"{layer.package} is compiled, and the compilers come from an archive"
            hints = ("put its wheel into the wheelhouse, and ask for it with add_pip",)
            yield Problem("needs-network", "error", where, what, (), hints)
        elif isinstance(layer, Pip) and layer.lock_kind == "pylock":
            what = f"{layer.lock} says by addresses where each file is"
            hints = ("a lock of requirements with hashes finds the same files in the wheelhouse",)
            yield Problem("needs-network", "error", where, what, (), hints)


def _is_there(requirement: str, wheels: Sequence[str]) -> bool:
    name, _, version = requirement.partition("==")
    return any(wheel.startswith(f"{name.replace('-', '_')}-{version}-") for wheel in wheels)
