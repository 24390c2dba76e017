"""Tables about CUDA, distributions, Python and base images."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from packaging.version import Version

from mlcontainers.facts.evidence import Sourced
from mlcontainers.facts.known import Known
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

ImageState = Literal["supported", "unsupported", "mixed", "absent", "seen"]
"""In NVIDIA's list of supported tags, of unsupported ones, in both, in an older list only; or only seen in use."""


class Toolkit(Sourced):
    """One CUDA toolkit, with its update: `12.8.1`."""

    @cached_property
    def version(self) -> CudaVersion:
        """Its version, update included."""
        return CudaVersion.parse(self.record["version"])

    @property
    def driver_minor_compat(self) -> str | None:
        """The lowest Linux driver that runs programs built with it, by minor-version compatibility."""
        return self.record.get("driver_minor_compat_linux")

    @property
    def driver_toolkit(self) -> str | None:
        """The Linux driver that NVIDIA released with it."""
        return self.record.get("driver_toolkit_linux")

    @property
    def pins(self) -> Mapping[str, str]:
        """The versions of its components as wheels, by project; empty where there are no such wheels."""
        wheels: Mapping[str, Mapping[str, str]] = self.record.get("wheels", {})
        return wheels.get("pins", {})

    @property
    def compiler_in_wheels(self) -> bool:
        """Whether nvcc itself is among its wheels; those of CUDA 12 hold only what nvcc calls."""
        return "nvidia-cuda-nvcc" in self.pins

    @property
    def newest_gcc(self) -> int | None:
        """The newest gcc that its nvcc takes; `None` where nobody has looked."""
        return self.record.get("gcc")


class Suite(Sourced):
    """A release of a distribution, such as Debian 12 `bookworm`."""

    @property
    def name(self) -> str:
        """As base images name it: `bookworm`, `ubuntu24.04`."""
        return str(self.record["name"])

    @property
    def title(self) -> str:
        """As people name it: `Debian 12`."""
        return f"{str(self.record['distribution']).title()} {self.record['version']}"

    @cached_property
    def glibc(self) -> tuple[int, int] | None:
        """The glibc it has."""
        major, _, minor = str(self.record["glibc"]).partition(".")
        return int(major), int(minor)

    @property
    def eol(self) -> str | None:
        """The end of its regular support, as ISO date."""
        return self.record.get("eol")

    @property
    def lts_eol(self) -> str | None:
        """The end of its long-term support, as ISO date."""
        return self.record.get("lts_eol")

    @cached_property
    def python(self) -> PythonVersion | None:
        """Its own `python3`."""
        return PythonVersion.parse(self.record["python"]) if "python" in self.record else None

    @property
    def gcc(self) -> int | None:
        """Its own gcc; `None` where nobody has looked."""
        return self.record.get("gcc")


class OwnImage(Suite):
    """An image that the user tells about: its glibc, its Python, its CUDA, as far as they say."""

    @property
    def title(self) -> str:
        """Its reference."""
        return self.name

    @cached_property
    def glibc(self) -> tuple[int, int] | None:
        """Its glibc; `None` where the user does not say."""
        return super().glibc if "glibc" in self.record else None

    @cached_property
    def cuda(self) -> CudaVersion | None:
        """The CUDA libraries it carries."""
        return CudaVersion.parse(self.record["cuda"]) if "cuda" in self.record else None


class PythonRelease(Sourced):
    """A feature release of Python."""

    @cached_property
    def version(self) -> PythonVersion:
        """Its version, without the patch."""
        return PythonVersion.parse(self.record["version"])

    @property
    def eol(self) -> str | None:
        """The end of its security fixes, as ISO date."""
        return self.record.get("eol")

    @property
    def released(self) -> str:
        """The day of its first release, as ISO date."""
        return str(self.record["released"])


class PythonImage(Sourced):
    """A tag of the official `python` image."""

    @property
    def tag(self) -> str:
        """`3.12-slim-bookworm`."""
        return str(self.record["tag"])

    @property
    def suite(self) -> str | None:
        """The suite that the tag names."""
        return self.record.get("suite")

    @property
    def slim(self) -> bool:
        """Without compilers and their like."""
        return bool(self.record["slim"])

    @property
    def prerelease(self) -> bool:
        """Of a Python that is not released yet."""
        return bool(self.record.get("prerelease"))

    @property
    def last_listed(self) -> str:
        """The last day that the official manifest had it."""
        return str(self.record["last_listed"])

    @property
    def built(self) -> bool:
        """Whether it was still rebuilt on the day that the manifest was last read."""
        return any(value is True for field, value in self.record.items() if field.startswith("built_"))

    @property
    def machines(self) -> tuple[str, ...]:
        """As the official manifest names them: `amd64`, `arm64v8`."""
        return tuple(self.record["machines"])


class CudaImage(Sourced):
    """The `nvidia/cuda` images of one CUDA version on one distribution."""

    @property
    def cuda(self) -> str:
        """With the update: `12.8.1`."""
        return str(self.record["cuda"])

    @cached_property
    def version(self) -> CudaVersion:
        """The same, comparable."""
        return CudaVersion.parse(self.cuda)

    @property
    def os(self) -> str:
        """As the tag names it: `ubuntu24.04`."""
        return str(self.record["os"])

    @property
    def flavours(self) -> tuple[str, ...]:
        """`base`, `runtime`, `devel`, with and without cuDNN; only those in NVIDIA's own lists."""
        return tuple(self.record.get("flavours", ()))

    @property
    def state(self) -> ImageState:
        """What NVIDIA's lists said of it when they were last read."""
        listed = (value for field, value in self.record.items() if field.startswith("listed_"))
        state: ImageState = next(listed, "seen")
        return state

    @property
    def seen(self) -> tuple[str, ...]:
        """Flavours that were only seen in use, after the lists were read: weaker than a list."""
        return tuple(self.record.get("flavours_seen", ()))

    @property
    def cudnn(self) -> str | None:
        """The version inside its cuDNN flavours, where it was read; it moves while the image is rebuilt."""
        return self.record.get("cudnn")

    @property
    def machines(self) -> tuple[str, ...]:
        """`x86_64`, `arm64`; empty where nobody has looked."""
        return tuple(self.record.get("machines", ()))

    def tag(self, flavour: str) -> str:
        """The tag of one flavour: `12.8.1-cudnn-runtime-ubuntu24.04`."""
        return f"{self.cuda}-{flavour}-{self.os}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of all listed flavours."""
        return tuple(self.tag(flavour) for flavour in self.flavours)


class Tool(Sourced):
    """An installer that we write into images."""

    @cached_property
    def version(self) -> Version:
        """The newest release on the day of the record."""
        return Version(self.record["version"])

    @property
    def released(self) -> str:
        """The day of its upload, as ISO date."""
        return str(self.record["released"])

    def sha256(self, machine: str) -> str | None:
        """The digest of its wheel for a machine; `None` where it was not read."""
        digests: Mapping[str, str] = self.record.get("sha256", {})
        return digests.get(machine) or digests.get("any")


class Gpu(Sourced):
    """A GPU model by name."""

    @property
    def name(self) -> str:
        """As people call it: `RTX 4090`, `H100`."""
        return str(self.record["name"])

    @property
    def capability(self) -> str:
        """Its compute capability."""
        return str(self.record["capability"])


class Capability(Sourced):
    """A compute capability, and which CUDA compiles for it."""

    @property
    def name(self) -> str:
        """As in `8.9`."""
        return str(self.record["capability"])

    @cached_property
    def last_cuda(self) -> CudaVersion | None:
        """The last CUDA release that compiles for it; `None` while none has dropped it."""
        return CudaVersion.parse(self.record["last_cuda"]) if "last_cuda" in self.record else None

    @cached_property
    def first_cuda(self) -> CudaVersion | None:
        """The first CUDA release that compiles for it; `None` where nobody says."""
        return CudaVersion.parse(self.record["first_cuda"]) if "first_cuda" in self.record else None


class NumpyEpoch(Sourced):
    """A project whose wheels before some release were built against NumPy 1, and break with NumPy 2."""

    @property
    def project(self) -> str:
        """The project, in normal form."""
        return str(self.record["project"])

    @cached_property
    def first(self) -> Version:
        """Its first release that takes NumPy 2."""
        return Version(self.record["first_with_numpy_2"])


class Undeclared(Sourced):
    """A project that imports what its metadata does not name, up to some release."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Projects to install beside it."""
        return tuple(self.record["needs"])

    @cached_property
    def first(self) -> Version:
        """Its first release that names them."""
        return Version(self.record["first_declared"])

    @property
    def reason(self) -> str:
        """Why they are needed, as the rest of a sentence that starts with the project."""
        return str(self.record["reason"])


class Uninstallable(Sourced):
    """A release, or an extra of one, that the index cannot fulfil: seen by a resolver."""


class SystemLibraries(Sourced):
    """What the wheels of a project load or run and do not bring: system packages by suite."""

    @property
    def project(self) -> str:
        """The project, in normal form."""
        return str(self.record["project"])

    def on(self, suite: str) -> tuple[str, ...] | None:
        """The packages of a suite; `None` where nobody has looked."""
        packages: Mapping[str, list[str]] = self.record["packages"]
        return tuple(packages[suite]) if suite in packages else None

    @property
    def suites(self) -> tuple[str, ...]:
        """The suites that somebody has looked at."""
        return tuple(self.record["packages"])

    @property
    def reason(self) -> str:
        """Why they are needed, as the rest of a sentence that starts with the project."""
        return str(self.record["reason"])

    @property
    def tried(self) -> str:
        """The release that was tried."""
        return str(self.record["tried"])

    @property
    def instead(self) -> str | None:
        """A project that is the same without the need, where there is one."""
        return self.record.get("instead")

    @property
    def brought_by(self) -> tuple[str, ...]:
        """Extras of the project that bring the libraries."""
        return tuple(self.record.get("brought_by", ()))


class Compiled(Sourced):
    """A project of which the index has only source for Linux, and what it takes to compile it."""

    @property
    def project(self) -> str:
        """The project, in normal form."""
        return str(self.record["project"])

    @cached_property
    def tried(self) -> Version:
        """Its newest release when somebody looked: none up to there has a wheel for Linux."""
        return Version(self.record["tried"])

    @property
    def against(self) -> str | None:
        """The project whose headers and libraries it is compiled with, which has to be there before: `torch`."""
        return self.record.get("with")

    @property
    def cuda(self) -> Literal["only", "also"] | None:
        """Whether it computes on NVIDIA GPUs only, or there too; `None` where it is compiled for the CPU."""
        return self.record.get("cuda")

    @property
    def build_requires(self) -> tuple[str, ...] | None:
        """What its build imports beside that project; `None` where it declares all of that itself."""
        return tuple(self.record["build_requires"]) if "build_requires" in self.record else None

    def environment(self, *, cuda: bool) -> tuple[tuple[str, str], ...]:
        """Variables that its build needs to be told, with a GPU and without."""
        found: dict[str, str] = {**self.record.get("environment", {})}
        return tuple(sorted((found | self.record.get("cuda_environment", {}) if cuda else found).items()))

    @property
    def remark(self) -> str | None:
        """Why it is told that, where it does not tell itself."""
        return self.record.get("remark")

    @property
    def families(self) -> tuple[str, ...]:
        """The compute capabilities that it has code for; empty where it follows TORCH_CUDA_ARCH_LIST."""
        return tuple(self.record.get("families", ()))

    @property
    def architectures(self) -> str | None:
        """The variable that chooses among them; `None` where nothing does."""
        return self.record.get("architectures")

    @property
    def gigabytes(self) -> int | None:
        """Memory that one of its compiler runs takes, as its authors say."""
        return self.record.get("gigabytes")

    @property
    def elsewhere(self) -> str | None:
        """Where its authors publish wheels beside the index."""
        return self.record.get("elsewhere")


class CudnnWheel(Sourced):
    """A wheel of cuDNN on the index."""


class Closures(Sourced):
    """What installations of a project's releases brought on the day they were measured, one series at a time."""

    def series(self, machine: str) -> tuple[tuple[Version, str, tuple[str, ...]], ...]:
        """The series, the newest first: its release that was measured, and the sets of packages it brings."""
        rows = ((*key.partition(" ")[::2], found) for key, found in self.record["series"].items())
        found = ((Version("0" if name == "any" else name), *_split(row)) for name, on, row in rows if on == machine)
        return tuple(sorted(found, reverse=True))


def _split(row: list[str]) -> tuple[str, tuple[str, ...]]:
    return row[0], tuple(row[1:])


class PackageSet(Sourced):
    """Packages that are brought together."""

    @cached_property
    def brings(self) -> tuple[tuple[str, str], ...]:
        """Projects, with versions of heavy ones and an empty text for light ones."""
        parts = (str(text).partition("==") for text in self.record["brings"])
        return tuple((name, version) for name, _, version in parts)


class WheelSize(Struct, frozen=True):
    """What one wheel weighs, in bytes."""

    download: int
    """The file."""
    unpacked: int
    """What is in it."""
    python: int
    """The Python files in it, which bytecode comes on top of."""


class WheelSizes(Sourced):
    """What the wheels of one project weigh."""

    def of(self, version: str, machine: str) -> tuple[str, WheelSize] | None:
        """The version that was measured, empty for light wheels, and what it weighs.

        Of the nearest version that is not newer, else of the oldest. A build with a local label is like no other.
        """
        wheels: Mapping[str, list[int]] = self.record["wheels"]
        for name in (machine, "any", "x86_64"):
            if name in wheels:
                return "", WheelSize(*wheels[name])
        wanted = Version(version or "0")
        rows = ((Version(name), name, size) for key, size in wheels.items() for name, _, on in (key.partition(" "),)
                if on in {machine, "any"})  # fmt: skip
        known = sorted((row for row in rows if row[0].local == wanted.local), reverse=True)
        row = next((row for row in known if row[0] <= wanted), known[-1] if known else None)
        return (row[1], WheelSize(*row[2])) if row else None


class Build(Sourced):
    """The compute capabilities that one build of a framework was compiled for."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """`8.0` is machine code; `12.0+PTX` is code that newer GPUs can take too."""
        return tuple(self.record["capabilities"])

    def runs_on(self, capability: str) -> Known:
        """Whether a GPU can run it: machine code of the same generation and not newer, or PTX that is not newer.

        CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility".
        """
        gpu = _pair(capability)
        for compiled in self.capabilities:
            built = _pair(compiled.removesuffix("+PTX"))
            if built <= gpu and (built[0] == gpu[0] or compiled.endswith("+PTX")):
                return Known.YES
        return Known.NO


def _pair(capability: str) -> tuple[int, int]:
    major, _, minor = capability.partition(".")
    return int(major), int(minor)
