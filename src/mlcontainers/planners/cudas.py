"""Is there such a CUDA release at all, and which ones are near it?"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mlcontainers.errors import Problem

if TYPE_CHECKING:
    from mlcontainers.facts import Catalogue, Toolkit
    from mlcontainers.values.versions import CudaVersion


@lru_cache(maxsize=256)
def cuda_problem(catalogue: Catalogue, cuda: CudaVersion) -> Problem | None:
    """What stands against this CUDA release: an error for a gap between releases, a warning beyond the newest."""
    if catalogue.toolkit(cuda) is not None:
        return None
    newest = catalogue.toolkits()[-1]
    if cuda.release > newest.version.release:
        claim = f"the newest CUDA known is {newest.version}"
        hint = 'say that you know: with_assumption("unknown-cuda", "where and when it was seen")'
        what = f"CUDA {cuda} is newer than the facts"
        return Problem("unknown-cuda", "warning", "base.version", what, (str(newest.why("*", claim)),), (hint,))
    if cuda.patch is not None and catalogue.toolkit(cuda.release) is not None:
        what = f"nothing is known about CUDA {cuda}"
        return Problem("unknown-cuda", "warning", "base.version", what, (), (f'write "{cuda.release}"',))
    near = _near(catalogue, cuda)
    because = tuple(str(toolkit.why("*", f"CUDA {toolkit.version} exists")) for toolkit in near)
    hints = tuple(f'write "{toolkit.version.release}"' for toolkit in near)
    return Problem("no-cuda", "error", "base.version", f"there is no CUDA {cuda}", because, hints)


def _near(catalogue: Catalogue, cuda: CudaVersion) -> tuple[Toolkit, ...]:
    """The newest below and the newest update of the one above."""
    below = [toolkit for toolkit in catalogue.toolkits() if toolkit.version.release < cuda.release][-1:]
    above = [toolkit for toolkit in catalogue.toolkits() if toolkit.version.release > cuda.release][:1]
    return (*below, *above)
