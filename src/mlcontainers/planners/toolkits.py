"""Which nvcc compiles an extension, and from where does it come?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.errors import Problem
from mlcontainers.layers import CudaToolkit
from mlcontainers.values.references import ImageReference

if TYPE_CHECKING:
    from mlcontainers.facts import Catalogue, CudaImage, Toolkit
    from mlcontainers.planners.bases import Base
    from mlcontainers.values.platforms import Platform
    from mlcontainers.values.versions import CudaVersion

_SINCE = 13
"""The first CUDA whose wheels hold nvcc itself."""


def toolkit_for(catalogue: Catalogue, cuda: CudaVersion, base: Base, platform: Platform) -> CudaToolkit | Problem:
    """nvcc of this CUDA release: from its wheels where they hold it, else from an image of NVIDIA's.

    Not where the base brings CUDA: then the image of the same distribution fits it best.
    """
    kit = catalogue.toolkit(cuda)
    if kit and (problem := _gcc_too_new(catalogue, kit, base)):
        return problem
    home = f"/usr/local/cuda-{cuda.release}"
    # What is newer than the facts is taken to be as its series has been.
    in_wheels = kit.compiler_in_wheels if kit and kit.pins else cuda.major >= _SINCE
    if in_wheels and base.cuda is None:
        # CCCL goes with every toolkit of its major, and some releases of torch bring one that is newer than their CUDA.
        wheels = (f"cuda-toolkit[nvcc]=={cuda.release}.*", f"nvidia-cuda-cccl=={cuda.major}.*")
        return CudaToolkit(home, None, wheels, f"nvidia/cu{cuda.major}")
    images = [image for image in catalogue.cuda_images(cuda) if _has_nvcc(image, platform)]
    if not images:
        what = f"there is no nvcc of CUDA {cuda} to be had for {platform}"
        lacking = ("no wheel of it holds nvcc, and NVIDIA's lists of images have none with it",)
        return Problem("no-compiler", "error", "", what, lacking, ("another CUDA: Image.from_cuda(...)",))
    glibc = (base.suite.glibc if base.suite else None) or (0, 0)
    best = max(images, key=lambda image: (image.version, *_near(catalogue, image, glibc)))
    return CudaToolkit(home, ImageReference("nvidia/cuda", best.tag("devel")))


def _gcc_too_new(catalogue: Catalogue, kit: Toolkit, base: Base) -> Problem | None:
    suite, newest = base.suite, kit.newest_gcc
    if suite is None or suite.gcc is None or newest is None or suite.gcc <= newest:
        return None
    what = f"nvcc of CUDA {kit.version.release} does not take the gcc of {base.reference}"
    because = (
        str(kit.why("gcc", f"it takes gcc up to {newest}")),
        str(suite.why("gcc", f"{suite.title} has gcc {suite.gcc}")),
    )
    takers = (one.version.release for one in catalogue.toolkits() if (one.newest_gcc or 0) >= suite.gcc)
    first = min(takers, default=None)
    hints = (f"that of CUDA {first} and newer does",) if first else ()
    return Problem("no-compiler", "error", "", what, because, hints)


def _has_nvcc(image: CudaImage, platform: Platform) -> bool:
    machine = platform.machine if platform.machine == "x86_64" else "arm64"
    return "devel" in image.flavours and image.os.startswith("ubuntu") and machine in image.machines


def _near(catalogue: Catalogue, image: CudaImage, glibc: tuple[int, int]) -> tuple[bool, int]:
    """What runs on an older glibc runs on this one; of those the nearest, else the oldest of the others."""
    suite = catalogue.suite(image.os)
    own = (suite.glibc if suite else None) or (99, 0)
    return own <= glibc, own[1] if own <= glibc else -own[1]
