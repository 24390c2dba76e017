"""Typed Dockerfile builders for machine learning; every choice rests on a dated fact.

    from mlcontainers import Image, plan

    image = Image.from_cuda("12.8", python="3.12").add_torch("2.9")
    print(plan(image).dockerfile.render())

Everything here is loaded when it is first used: importing this module costs next to nothing.
"""

from __future__ import annotations

from mlcontainers.version import __version__ as __version__

TYPE_CHECKING = False
"""Type checkers take it for true by its name; importing it from `typing` would cost more than all else here."""

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Dockerfile as Dockerfile
    from mlcontainers.dockerfile import check as check
    from mlcontainers.engines import BuiltImage as BuiltImage
    from mlcontainers.engines import Cache as Cache
    from mlcontainers.engines import Report as Report
    from mlcontainers.engines import Trial as Trial
    from mlcontainers.engines import build as build
    from mlcontainers.engines import build_all as build_all
    from mlcontainers.engines import build_async as build_async
    from mlcontainers.engines import build_events as build_events
    from mlcontainers.engines import inspect as inspect
    from mlcontainers.engines import run as run
    from mlcontainers.engines import verify as verify
    from mlcontainers.errors import BuildFailedError as BuildFailedError
    from mlcontainers.errors import EngineError as EngineError
    from mlcontainers.errors import EngineNotFoundError as EngineNotFoundError
    from mlcontainers.errors import ImpossibleError as ImpossibleError
    from mlcontainers.errors import InvalidDockerfileError as InvalidDockerfileError
    from mlcontainers.errors import InvalidImageError as InvalidImageError
    from mlcontainers.errors import InvalidValueError as InvalidValueError
    from mlcontainers.errors import MlcontainersError as MlcontainersError
    from mlcontainers.errors import Problem as Problem
    from mlcontainers.errors import RefreshError as RefreshError
    from mlcontainers.errors import UnknownFactError as UnknownFactError
    from mlcontainers.errors import VerifyFailedError as VerifyFailedError
    from mlcontainers.facts import catalogue as catalogue
    from mlcontainers.image import Image as Image
    from mlcontainers.planners import Plan as Plan
    from mlcontainers.planners import plan as plan
    from mlcontainers.planners.matrices import Cell as Cell
    from mlcontainers.planners.matrices import Matrix as Matrix
    from mlcontainers.planners.pinning import Answer as Answer
    from mlcontainers.planners.pinning import pin as pin
    from mlcontainers.values.accelerators import Cpu as Cpu
    from mlcontainers.values.accelerators import Cuda as Cuda
    from mlcontainers.values.accelerators import Rocm as Rocm
    from mlcontainers.values.evidence import Fact as Fact
    from mlcontainers.values.locks import Lock as Lock
    from mlcontainers.values.secrets import Secret as Secret
    from mlcontainers.values.sources import Sources as Sources

_WHERE = {
    "Answer": "planners.pinning",
    "BuildFailedError": "errors",
    "BuiltImage": "engines",
    "Cache": "engines",
    "Cpu": "values.accelerators",
    "Cuda": "values.accelerators",
    "Dockerfile": "dockerfile",
    "EngineError": "errors",
    "EngineNotFoundError": "errors",
    "Fact": "values.evidence",
    "Image": "image",
    "ImpossibleError": "errors",
    "InvalidDockerfileError": "errors",
    "InvalidImageError": "errors",
    "InvalidValueError": "errors",
    "Lock": "values.locks",
    "Cell": "planners.matrices",
    "Matrix": "planners.matrices",
    "MlcontainersError": "errors",
    "Plan": "planners",
    "Problem": "errors",
    "Report": "engines",
    "Rocm": "values.accelerators",
    "Secret": "values.secrets",
    "Sources": "values.sources",
    "Trial": "engines",
    "RefreshError": "errors",
    "UnknownFactError": "errors",
    "VerifyFailedError": "errors",
    "build": "engines",
    "build_all": "engines",
    "build_async": "engines",
    "build_events": "engines",
    "catalogue": "facts",
    "check": "dockerfile",
    "inspect": "engines",
    "pin": "planners.pinning",
    "plan": "planners",
    "run": "engines",
    "verify": "engines",
}

__all__ = [
    "Answer",
    "BuildFailedError",
    "BuiltImage",
    "Cache",
    "Cell",
    "Cpu",
    "Cuda",
    "Dockerfile",
    "EngineError",
    "EngineNotFoundError",
    "Fact",
    "Image",
    "ImpossibleError",
    "InvalidDockerfileError",
    "InvalidImageError",
    "InvalidValueError",
    "Lock",
    "Matrix",
    "MlcontainersError",
    "Plan",
    "Problem",
    "RefreshError",
    "Report",
    "Rocm",
    "Secret",
    "Sources",
    "Trial",
    "UnknownFactError",
    "VerifyFailedError",
    "__version__",
    "build",
    "build_all",
    "build_async",
    "build_events",
    "catalogue",
    "check",
    "inspect",
    "pin",
    "plan",
    "run",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'mlcontainers' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"mlcontainers.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
