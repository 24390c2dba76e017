"""How are extensions compiled: with what, for which GPUs, and can they be at all?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.layers import Compiling, CudaToolkit, Extension
from mlcontainers.planners.builds import RULE
from mlcontainers.planners.hosts import capability_of, served
from mlcontainers.planners.plans import Decision, Extensions
from mlcontainers.planners.source_only import source_of
from mlcontainers.planners.toolkits import toolkit_for
from mlcontainers.values.accelerators import Cuda
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlcontainers.facts import Catalogue, Compiled
    from mlcontainers.image import Image
    from mlcontainers.layers import Pin
    from mlcontainers.planners.bases import Base
    from mlcontainers.planners.questions import Solution
    from mlcontainers.values.accelerators import Accelerator
    from mlcontainers.values.versions import CudaVersion

_GIGABYTES = 2
"""Memory for one compiler, where the authors of a package do not say: what a file against torch's headers takes."""


class _Gpus(Struct, frozen=True):
    """Compute capabilities to compile for, and where they come from."""

    asked: tuple[tuple[str, str], ...]
    """Capability and name of each GPU that the image has to run on."""
    torch: tuple[str, ...]
    """What torch's own build has code for."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        wanted = dict.fromkeys(capability for capability, _ in self.asked)
        return tuple(sorted(wanted, key=_pair)) or self.torch


def extensions(
    catalogue: Catalogue,
    image: Image,
    base: Base,
    solution: Solution,
    accelerator: Accelerator,
    order: Sequence[int],
    pins: Sequence[Sequence[Pin]],
) -> Extensions:
    """For each extension of an image how it is compiled; raises ImpossibleError with all that stands against it."""
    asked = ((capability_of(catalogue, str(gpu)), str(gpu)) for gpu in image.gpus)
    gpus = _Gpus(
        tuple((capability, name) for capability, name in asked if capability),
        served(catalogue, solution.packages, image.platform.machine),
    )
    found: dict[int, _Decided] = {}
    for place, position in enumerate(order):
        layer = image.layers[position]
        if isinstance(layer, Extension):
            before = {pin.project for other in order[:place] for pin in pins[other]}
            found[position] = _Decided(catalogue, image, base, accelerator, gpus, layer, position, before)
    problems = tuple(problem for one in found.values() for problem in one.problems())
    if errors := tuple(problem for problem in problems if problem.severity == "error"):
        raise ImpossibleError(*errors)
    compiling = tuple(found[n].compiling() if n in found else None for n in range(len(image.layers)))
    return Extensions(compiling, tuple(found[n].decision() for n in sorted(found)), problems)


class _Decided(Struct, frozen=True):
    """One extension, and all that decides about it."""

    catalogue: Catalogue
    image: Image
    base: Base
    accelerator: Accelerator
    gpus: _Gpus
    layer: Extension
    position: int
    before: set[str]
    """Projects that are installed before it."""

    @property
    def row(self) -> Compiled | None:
        """What the facts say of it; a folder of the user's own may hold anything under that name."""
        return None if self.layer.source else self.catalogue.compiled(str(self.layer.package))

    @property
    def cuda(self) -> CudaVersion | None:
        """The CUDA that it is compiled for; None where it is for the CPU."""
        if not isinstance(self.accelerator, Cuda):
            return None
        wanted = self.layer.cuda
        if wanted is None:
            wanted = self.row.cuda is not None if self.row else self.build_requires is not None
        return self.accelerator.version if wanted else None

    @property
    def build_requires(self) -> tuple[str, ...] | None:
        if self.layer.build_requires is not None:
            return tuple(map(str, self.layer.build_requires))
        return self.row.build_requires if self.row else None

    @property
    def toolkit(self) -> CudaToolkit | Problem | None:
        if self.cuda is None:
            return None
        return toolkit_for(self.catalogue, self.cuda, self.base, self.image.platform)

    @property
    def where(self) -> str:
        return f"layers[{self.position}] (extension)"

    def compiling(self) -> Compiling:
        """As the layer is told."""
        toolkit = self.toolkit
        return Compiling(
            f"{self.layer.package}{self.layer.version.specifier if self.layer.version else ''}",
            self.build_requires,
            tuple(sorted({**dict(self._variables()), **dict(self.layer.env)}.items())),
            (self.row.gigabytes if self.row else None) or _GIGABYTES,
            ("python3-dev",) if self.base.distribution_python else (),
            toolkit if isinstance(toolkit, CudaToolkit) else None,
        )

    def _variables(self) -> Iterator[tuple[str, str]]:
        if self.row:
            yield from self.row.environment(cuda=self.cuda is not None)
        if self.cuda is None or self._own_list or not (wanted := self._families()):
            return
        if self.row and self.row.architectures:
            yield self.row.architectures, ";".join(capability.replace(".", "") for capability in wanted)
        else:
            yield "TORCH_CUDA_ARCH_LIST", ";".join(wanted)

    @property
    def _own_list(self) -> bool:
        """Whether nothing can tell it which GPUs to compile for."""
        return self.row is not None and bool(self.row.families) and not self.row.architectures

    def _families(self) -> tuple[str, ...]:
        """What it is compiled for: the capabilities themselves, or those of its own that serve them."""
        if not (self.row and self.row.families):
            return self.gpus.capabilities
        plain = (capability.removesuffix("+PTX") for capability in self.gpus.capabilities)
        served = {_serving(self.row.families, capability) for capability in plain}
        return tuple(family for family in self.row.families if family in served) or self.row.families

    def problems(self) -> Iterator[Problem]:
        """What stands against it, and what nobody knows."""
        yield from self._missing()
        if self.cuda is None:
            return
        toolkit = self.toolkit
        if isinstance(toolkit, Problem):
            yield Problem(toolkit.code, "error", self.where, toolkit.what, toolkit.because, toolkit.hints)
        for capability, name in self.gpus.asked:
            yield from self._without_code(capability, name)
        if not (self._own_list or self._families()):
            what = f"for which GPUs {self.layer.package} is to be compiled is not known"
            because = ("no torch is here whose own list could be taken, and a builder has no GPU to ask",)
            yield Problem("unknown-gpus", "warning", self.where, what, because, ('with_gpus("H100")',))

    def _missing(self) -> Iterator[Problem]:
        name, row = str(self.layer.package), self.row
        if name in self.before:
            what = f"{name} is installed by a framework's layer already"
            yield Problem("framework-twice", "error", self.where, what, (), ("leave add_extension out",))
        if index := next((one for one in self.image.indexes if self.layer.package in one.packages), None):
            what = (
                f"{name} is to come from the index {index.name}, and extensions come from the Python index or a folder"
            )
            instead = ("leave it out of that index", "or name the folder that it is compiled from: source=")
            yield Problem("extension-elsewhere", "error", self.where, what, (), instead)
        if row and row.against and row.against not in self.before:
            because = (str(row.why("with", f"{name} {row.tried} imports {row.against} while it is built")),)
            hints = (f"add_{row.against}() before it",)
            what = f"{name} is compiled against {row.against}, and nothing before it installs that"
            yield Problem("needs-framework", "error", self.where, what, because, hints)
        if row and row.cuda == "only" and not isinstance(self.accelerator, Cuda):
            because = (str(row.why("cuda", f"{name} {row.tried} is made of CUDA kernels")),)
            what = f"{name} computes on NVIDIA GPUs only, and this image on the CPU"
            yield Problem("needs-gpu", "error", self.where, what, because, ("Image.from_cuda()",))

    def _without_code(self, capability: str, gpu: str) -> Iterator[Problem]:
        assert self.cuda is not None
        name, row = self.layer.package, self.row
        spoken = capability if gpu == capability else f"{capability} ({gpu})"
        if row and row.families and not _serving(row.families, capability):
            because = (str(row.why("families", f"{name} {row.tried} has code for {', '.join(row.families)}")),)
            what = f"{name} has no code for {spoken}"
            yield Problem("no-code", "error", self.where, what, because, ("leave that GPU out, or the extension",))
            return
        fact = self._not_by_cuda(capability, self.cuda)
        if fact is not None:
            what = f"CUDA {self.cuda} does not compile for {spoken}"
            yield Problem(
                "no-code", "error", self.where, what, (str(fact),), ("leave that GPU out, or take another CUDA",)
            )

    def _not_by_cuda(self, capability: str, cuda: CudaVersion) -> Fact | None:
        """The fact that a CUDA has dropped a compute capability, or does not know it yet."""
        if gone := self.catalogue.dropped(capability, cuda):
            return gone.why("last_cuda", f"CUDA {gone.last_cuda} is the last that compiles for {capability}")
        known = self.catalogue.capability(capability)
        if known and known.first_cuda and known.first_cuda > cuda.release:
            return known.why("first_cuda", f"CUDA {known.first_cuda} is the first that compiles for {capability}")
        return None

    def decision(self) -> Decision:
        """What was decided, in words."""
        choice = f"from the folder {self.layer.source}" if self.layer.source else self._spoken_version()
        if self.cuda and self._own_list:
            choice += f", for its own list of GPUs with CUDA {self.cuda}"
        elif self.cuda and (families := self._families()):
            choice += f", for {', '.join(families)} with CUDA {self.cuda}"
        return Decision(str(self.layer.package), choice, tuple(self._because()))

    def _spoken_version(self) -> str:
        return (
            f"{self.layer.version} compiled" if self.layer.version else "the newest on the day of the build, compiled"
        )

    def _because(self) -> Iterator[Fact]:
        if self.row:
            yield source_of(self.row)
            if self.row.remark:
                variables = ", ".join(name for name, _ in self.row.environment(cuda=self.cuda is not None))
                yield self.row.why("environment", f"{variables}: {self.row.remark}")
        if self.cuda is None:
            return
        if self.row and self._own_list:
            own = ", ".join(self.row.families)
            yield self.row.why(
                "families", f"{self.row.project} {self.row.tried} compiles for {own}, as far as its CUDA can"
            )
        elif self.gpus.asked:
            yield Fact("those are the GPUs that it has to run on", "image")
        elif self.gpus.torch:
            yield Fact("no GPUs are named, so it is compiled for what torch itself is compiled for", RULE)
        toolkit = self.toolkit
        if isinstance(toolkit, CudaToolkit):
            origin = (
                f"is mounted from {toolkit.image}"
                if toolkit.image
                else f"comes with the wheels of {toolkit.requirements[0]}"
            )
            yield Fact(f"nvcc {origin}, of the same CUDA release as the frameworks", RULE)


def _serving(families: Sequence[str], capability: str) -> str | None:
    """The machine code among these that runs on a GPU: of the same generation, and not newer."""
    gpu = _pair(capability)
    fitting = [family for family in families if _pair(family)[0] == gpu[0] and _pair(family) <= gpu]
    return max(fitting, key=_pair, default=None)


def _pair(capability: str) -> tuple[int, int]:
    major, _, minor = capability.removesuffix("+PTX").partition(".")
    return int(major), int(minor)
