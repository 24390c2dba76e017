"""Which base image, and which Python inside it?

A slim Python image where the wheels bring CUDA; an `nvidia/cuda` image only where something needs it.
Of the suites it is the oldest that is still rebuilt and supported: every wheel's glibc is met there first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.values.evidence import Fact
from mlcontainers.values.references import ImageReference
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from mlcontainers.facts import Catalogue, CudaImage, PythonImage, Suite
    from mlcontainers.values.platforms import Platform

OFFICIAL_PYTHON = "/usr/local/bin/python3"
"""Where the official Python images keep their interpreter."""
OWN_PYTHON = "/opt/venv/bin/python3"
"""The environment made on bases whose Python belongs to the distribution (PEP 668)."""
_PYTHON_TAG = re.compile(r"(?P<python>[0-9]+\.[0-9]+)(?:\.[0-9]+)?(?:-slim)?(?:-(?P<suite>[a-z]+))?", re.ASCII)
_CUDA_TAG = re.compile(r"(?P<cuda>[0-9]+\.[0-9]+\.[0-9]+)-(?P<flavour>[a-z0-9-]+)-(?P<os>[a-z0-9.]+)", re.ASCII)


class Base(Struct, frozen=True):
    """A base image, decided."""

    reference: ImageReference
    python: PythonVersion | None
    interpreter: str
    because: tuple[Fact, ...]
    suite: Suite | None = None
    cuda: CudaVersion | None = None
    """The CUDA libraries it carries itself."""
    expiry: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def distribution_python(self) -> bool:
        """Whether Python has to be taken from the distribution, into an environment of our own."""
        return self.interpreter == OWN_PYTHON


class Known(Struct, frozen=True):
    """What the name of a base image tells."""

    python: PythonVersion | None = None
    suite: Suite | None = None
    cuda: CudaVersion | None = None
    official_python: bool = False


@lru_cache(maxsize=1024)
def offered_pythons(catalogue: Catalogue, platform: Platform) -> tuple[PythonVersion, ...]:
    """The Pythons with a slim image that is still rebuilt, the newest first."""
    versions = (python.version for python in catalogue.pythons())
    return tuple(sorted((v for v in versions if _slim_images(catalogue, v, platform)), reverse=True))


@lru_cache(maxsize=1024)
def newest_glibc(
    catalogue: Catalogue, pythons: tuple[PythonVersion, ...], platform: Platform
) -> tuple[int, int] | None:
    """The newest glibc among the suites that our own bases can have."""
    suites = (
        catalogue.suite(image.suite) for v in pythons for image in _slim_images(catalogue, v, platform) if image.suite
    )
    return max((suite.glibc for suite in suites if suite and suite.glibc), default=None)


@lru_cache(maxsize=1024)
def slim_base(catalogue: Catalogue, python: PythonVersion, platform: Platform, glibc: tuple[int, int] | None) -> Base:
    """The official slim Python image on the oldest suite that is still rebuilt and new enough for the wheels."""
    images = _slim_images(catalogue, python, platform) or _slim_images(catalogue, python, platform, rebuilt=False)
    fitting = [
        (suite, image)
        for image in images
        if image.suite and (suite := catalogue.suite(image.suite)) and (suite.glibc or (0, 0)) >= (glibc or (0, 0))
    ]
    if not fitting:
        known = ", ".join(str(version) for version in offered_pythons(catalogue, platform))
        what = f"there is no slim base image with Python {python}"
        raise ImpossibleError(Problem("no-base", "error", "base.python", what, (), (f"one of Python {known}",)))
    suite, image = min(fitting, key=lambda pair: pair[0].glibc or (0, 0))
    reference = ImageReference("python", image.tag)
    needs = f"; the wheels need {glibc[0]}.{glibc[1]}" if glibc else ""
    because = (
        Fact(
            "the wheels bring all they need beyond Python, so a slim Python image is enough",
            "rule of this library",
        ),
        suite.why("glibc", f"{suite.title} has glibc {_dotted(suite.glibc)}{needs}"),
        image.why(
            "*",
            f"python:{image.tag} {'was still rebuilt' if image.built else 'was last rebuilt'} on {image.last_listed}",
        ),
    )
    return Base(
        reference,
        python,
        OFFICIAL_PYTHON,
        because,
        suite,
        expiry=ends_of_support(catalogue, suite, python),
        problems=(*_old_python(catalogue, python), *_not_rebuilt(image)),
    )


@lru_cache(maxsize=1024)
def cuda_base(
    catalogue: Catalogue, cuda: CudaVersion, python: PythonVersion | None, platform: Platform, cudnn: bool = False
) -> Base:
    """An `nvidia/cuda` runtime image with the distribution's own Python, where no wheel brings CUDA."""
    images = _cuda_images(catalogue, cuda, python, platform)
    fitting = [(image, suite) for image, suite in images if not cudnn or _cudnn_flavour(image)]
    if not fitting:
        raise ImpossibleError(_no_cuda_base(catalogue, cuda, python, platform, cudnn))
    image, suite = max(fitting, key=lambda pair: (pair[0].version, pair[1].glibc or (0, 0)))
    assert suite.python is not None
    tag = image.tag((_cudnn_flavour(image) if cudnn else "") or "runtime")
    because = (
        Fact("nothing in this image brings CUDA with its wheels, so the base has to", "rule of this library"),
        image.why("*", f"nvidia/cuda:{tag} exists for {platform}"),
        suite.why("python", f"{suite.title} has Python {suite.python}"),
    )
    return Base(
        ImageReference("nvidia/cuda", tag),
        suite.python,
        OWN_PYTHON,
        because,
        suite,
        CudaVersion.parse(image.cuda),
        ends_of_support(catalogue, suite, suite.python),
    )


@lru_cache(maxsize=1024)
def cuda_pythons(catalogue: Catalogue, cuda: CudaVersion, platform: Platform) -> tuple[PythonVersion, ...]:
    """The Pythons that the distributions under `nvidia/cuda` runtime images have, the newest first."""
    suites = (suite for _, suite in _cuda_images(catalogue, cuda, None, platform))
    return tuple(sorted({suite.python for suite in suites if suite.python}, reverse=True))


@lru_cache(maxsize=1024)
def newest_cuda(catalogue: Catalogue, platform: Platform) -> CudaVersion:
    """The newest CUDA with runtime images in NVIDIA's lists: what was only seen in use may be gone."""
    releases = (kit.version.release for kit in catalogue.toolkits())
    return max(release for release in releases if cuda_pythons(catalogue, release, platform))


@lru_cache(maxsize=1024)
def known_base(catalogue: Catalogue, reference: ImageReference) -> Known:
    """What the name of a base image tells by the rules of those who publish it."""
    own = catalogue.own_image(str(reference))
    if own is not None:
        return Known(own.python, own, own.cuda)
    name = reference.name.removeprefix("docker.io/").removeprefix("library/")
    tag = reference.tag or ""
    if name == "python" and (match := _PYTHON_TAG.fullmatch(tag)):
        return Known(PythonVersion.parse(match["python"]), catalogue.suite(match["suite"] or ""), None, True)
    if name == "nvidia/cuda" and (match := _CUDA_TAG.fullmatch(tag)):
        suite = catalogue.suite(match["os"])
        carried = None if match["flavour"] == "base" else CudaVersion.parse(match["cuda"])
        return Known(suite.python if suite else None, suite, carried)
    if name in {"debian", "ubuntu"}:
        suite = catalogue.suite(tag.removesuffix("-slim")) or catalogue.suite(f"{name}{tag}")
        return Known(suite.python if suite else None, suite)
    return Known()


def chosen_base(catalogue: Catalogue, reference: ImageReference, known: Known, python: PythonVersion | None) -> Base:
    """The base image that the user named, as far as anything is known about it."""
    distribution = known.suite is not None and not known.official_python and known.python == python
    interpreter = OFFICIAL_PYTHON if known.official_python else OWN_PYTHON if distribution else "python3"
    because = [Fact("you asked for this base", "image")]
    problems: list[Problem] = []
    if known.suite is not None:
        because.append(known.suite.why("glibc", f"{known.suite.title} has glibc {_dotted(known.suite.glibc)}"))
    else:
        what = f"nothing is known about {reference}: its glibc and its Python are taken on trust"
        hint = 'say that you know: with_assumption("unknown-base", "how it was tried")'
        problems.append(Problem("unknown-base", "warning", "base.reference", what, (), (hint,)))
    if reference.digest is None and reference.tag in {None, "latest"}:
        what = f"{reference} can be another image tomorrow"
        problems.append(Problem("floating-tag", "warning", "base.reference", what, (), ("name a version or a digest",)))
    expiry = ends_of_support(catalogue, known.suite, python)
    return Base(
        reference,
        python,
        interpreter,
        tuple(because),
        known.suite,
        known.cuda,
        expiry,
        (*problems, *_old_python(catalogue, python)),
    )


def _slim_images(
    catalogue: Catalogue, python: PythonVersion, platform: Platform, *, rebuilt: bool = True
) -> list[PythonImage]:
    """Slim images of a released Python on a named suite; with `rebuilt`, those that still get fixes."""
    return [
        image
        for image in catalogue.python_images(python)
        if image.slim and image.suite and not image.prerelease and (image.built or not rebuilt)
        if any(machine.startswith(platform.arch) for machine in image.machines)
    ]


def _cuda_images(
    catalogue: Catalogue, cuda: CudaVersion, python: PythonVersion | None, platform: Platform
) -> list[tuple[CudaImage, Suite]]:
    return [
        (image, suite)
        for image in catalogue.cuda_images(cuda)
        if "runtime" in image.flavours and image.os.startswith("ubuntu")
        if (platform.machine if platform.machine == "x86_64" else "arm64") in image.machines
        if (suite := catalogue.suite(image.os)) and suite.python and python in {None, suite.python}
    ]


def _cudnn_flavour(image: CudaImage) -> str:
    """`cudnn-runtime`, or `cudnn8-runtime` as it was called until CUDA 12.3; empty where there is none."""
    found = (name for name in image.flavours if name.startswith("cudnn") and name.endswith("-runtime"))
    return next(found, "")


def _no_cuda_base(
    catalogue: Catalogue, cuda: CudaVersion, python: PythonVersion | None, platform: Platform, cudnn: bool
) -> Problem:
    others = () if cudnn else cuda_pythons(catalogue, cuda, platform)
    what = f"no nvidia/cuda image of CUDA {cuda}{' with cuDNN' if cudnn else ''} is known for {platform}"
    hints = tuple(f'Image.from_cuda("{cuda}", python="{version}")' for version in others)
    if others:
        what += f" with Python {python}"
    because = ("nothing in this image brings CUDA with its wheels, so the base has to",)
    return Problem(
        "no-base", "error", "base", what, because, hints or ("add a framework that brings CUDA: add_torch()",)
    )


def ends_of_support(catalogue: Catalogue, suite: Suite | None, python: PythonVersion | None) -> tuple[Fact, ...]:
    """Until when a distribution and a Python are supported."""
    facts: list[Fact] = []
    if suite and (suite.lts_eol or suite.eol):
        kind = "long-term support" if suite.lts_eol else "support"
        facts.append(suite.why("eol", f"{suite.title}: {kind} ends on {suite.lts_eol or suite.eol}"))
    for release in catalogue.pythons():
        if release.version == python and release.eol:
            facts.append(release.why("eol", f"Python {python}: support ends on {release.eol}"))
    return tuple(facts)


def _old_python(catalogue: Catalogue, python: PythonVersion | None) -> tuple[Problem, ...]:
    for release in catalogue.pythons():
        if release.version == python and release.eol and release.eol < catalogue.as_of:
            what = f"Python {python} gets no more security fixes"
            because = (str(release.why("eol", f"its support ended on {release.eol}")),)
            return (Problem("python-eol", "warning", "base.python", what, because, ("choose a newer Python",)),)
    return ()


def _not_rebuilt(image: PythonImage) -> tuple[Problem, ...]:
    if image.built:
        return ()
    what = f"python:{image.tag} is not rebuilt any more, so its system packages get no fixes"
    because = (str(image.why("*", f"it was last listed on {image.last_listed}")),)
    return (Problem("base-not-rebuilt", "warning", "base.python", what, because, ("choose a newer Python",)),)


def _dotted(glibc: tuple[int, int] | None) -> str:
    return f"{glibc[0]}.{glibc[1]}" if glibc else "unknown"
