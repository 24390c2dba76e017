"""What does a conda environment bring, and does it go together with the rest of the image?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlcontainers.errors import Problem
from mlcontainers.layers import Conda, Framework, Pip
from mlcontainers.layers.conda import CONDA_PYTHON
from mlcontainers.planners.bases import ends_of_support
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.conda import DEFAULTS, CondaAsked, python_version
from mlcontainers.values.versions import PythonVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.planners.bases import Base
    from mlcontainers.planners.questions import Solution
    from mlcontainers.planners.reading import LayerFiles
from mlcontainers.values.accelerators import Accelerator

_PYTORCH = frozenset(("pytorch", "pytorch-cpu", "pytorch-gpu", "tensorflow-cpu", "tensorflow-gpu"))
"""Python packages whose names conda has, and the Python index has not."""
_CUDA = (
    "cuda-", "cudatoolkit", "cudnn", "nccl", "pytorch-cuda", "libcublas", "libcudnn", "libcufft", "libcufile",
    "libcurand", "libcusolver", "libcusparse", "libnvjitlink",
)  # fmt: skip
"""How packages begin that are CUDA or parts of it, in conda-forge and in NVIDIA's channel."""
_ANACONDA = ("https://repo.anaconda.com/pkgs/", "https://repo.continuum.io/pkgs/")


def conda_packages(image: Image, read: Sequence[LayerFiles]) -> tuple[CondaAsked, ...]:
    """The conda packages that the image names, itself or in a file that was read."""
    found: list[CondaAsked] = []
    for layer, files in _layers(image, read):
        where = _where(image, layer)
        found += (CondaAsked(package.name, str(package), where) for package in layer.packages)
        found += files.environment.packages if files.environment else ()
    return tuple(found)


def _layers(image: Image, read: Sequence[LayerFiles]) -> Iterator[tuple[Conda, LayerFiles]]:
    for layer, files in zip(image.layers, read, strict=True):
        if isinstance(layer, Conda):
            yield layer, files


def _where(image: Image, layer: Conda) -> str:
    return f"layers[{image.layers.index(layer)}] (conda)"


def installs_python_packages(image: Image) -> bool:
    """Whether layers install Python packages, into the image's own Python."""
    return any(isinstance(layer, Pip | Framework) for layer in image.layers)


def on_conda_python(catalogue: Catalogue, image: Image, base: Base, packages: Sequence[CondaAsked]) -> Base:
    """The base, with the environment's Python as the image's own, where it has one and nothing else is installed."""
    python = next((package for package in packages if package.name == "python"), None)
    if python is None or installs_python_packages(image):
        return base
    text = ".".join(python.version.split(".")[:2]) if python.version else python_version(python.text)
    version = PythonVersion.parse(text) if text else None
    expiry = ends_of_support(catalogue, base.suite, version)
    return replace(base, interpreter=CONDA_PYTHON, python=version, expiry=expiry)


def python_taken(image: Image, base: Base, read: Sequence[LayerFiles], packages: Sequence[CondaAsked]) -> bool:
    """Whether a Python that comes along would hide another: nothing is said of an environment that was not read."""
    known = all(not layer.files or files.environment for layer, files in _layers(image, read))
    unasked = known and all(package.name != "python" for package in packages)
    return installs_python_packages(image) or (unasked and base.python is not None)


def cuda_taken(base: Base, solution: Solution, accelerator: Accelerator) -> bool:
    """Whether the base or the wheels bring CUDA, or the image computes on something else."""
    brought = base.cuda is not None or any(package.cuda for package in solution.packages)
    return brought or not isinstance(accelerator, Cuda)


def conda_problems(
    catalogue: Catalogue,
    image: Image,
    base: Base,
    solution: Solution,
    accelerator: Accelerator,
    read: Sequence[LayerFiles],
) -> Iterator[Problem]:
    """What would silently be wrong: a second Python, a second CUDA; and whose terms hold."""
    for package in conda_packages(image, read):
        if installs_python_packages(image) and _is_python(catalogue, package.name):
            yield _two_pythons(package)
        if package.name.startswith(_CUDA) and cuda_taken(base, solution, accelerator):
            yield _cuda_in_conda(package, base, accelerator)
    yield from _terms(image, read)
    if base.interpreter == CONDA_PYTHON and image.base.kind != "reference":
        what = f"{base.reference} has a Python of its own, which nothing here uses: the environment's comes first"
        hint = 'Image.from_base("debian:bookworm-slim") has none'
        yield Problem("python-of-conda", "info", "base", what, (), (hint,))


def _is_python(catalogue: Catalogue, name: str) -> bool:
    return name == "python" or name in _PYTORCH or catalogue.knows(name)


def _two_pythons(package: CondaAsked) -> Problem:
    if package.name == "python":
        what = "the image would have two Pythons: conda's would hide the one that its Python packages are installed for"
    else:
        what = f"{package.name} of conda brings a Python of its own, beside the one that packages are installed for"
    because = ("wheels are chosen for one Python, and installed into it; what is first in PATH is what runs",)
    own = "add_torch()" if package.name.startswith("pytorch") else f'add_pip("{package.name}")'
    hints = (
        *(() if package.name == "python" else (f"take it out of the environment, and {own}",)),
        "leave Python out of the environment, and have conda bring programs and libraries alone",
        "or have conda bring everything: leave out the layers that install Python packages",
    )
    return Problem("two-pythons", "error", package.where, what, because, hints)


def _cuda_in_conda(package: CondaAsked, base: Base, accelerator: Accelerator) -> Problem:
    if not isinstance(accelerator, Cuda):
        what = f"{package.name} brings CUDA, and this image computes on {accelerator}"
        hint = 'Image.from_base("debian:bookworm-slim", cuda="12.8") has conda bring it'
        return Problem("cuda-in-conda", "error", package.where, what, (), (hint,))
    brings = f"{base.reference} has it" if base.cuda else "the wheels of the frameworks bring it"
    what = f"{package.name} would bring CUDA a second time: {brings}"
    hints = (
        "take it out of the environment",
        f'or have conda bring all of it: Image.from_base("debian:bookworm-slim", cuda="{accelerator.version}")',
    )
    because = ("which of the two a program loads is decided by search paths, and the build stays green either way",)
    return Problem("cuda-in-conda", "error", package.where, what, because, hints)


def _terms(image: Image, read: Sequence[LayerFiles]) -> Iterator[Problem]:
    for layer, files in _layers(image, read):
        where = _where(image, layer)
        named = [(channel, where) for channel in layer.channels]
        named += files.environment.channels if files.environment else ()
        named += ((one.text.rpartition("::")[0] or one.text, one.where) for one in conda_packages(image, read))
        theirs = [(name, place) for name, place in named if name in DEFAULTS or name.startswith(_ANACONDA)]
        for name, place in theirs[:1]:
            what = f"{name.partition('#')[0]} is Anaconda's own, whose terms of service are not free for everybody"
            hint = 'take conda-forge, or say who has looked: with_assumption("anaconda-terms", "we have a licence")'
            yield Problem("anaconda-terms", "warning", place, what, (), (hint,))
