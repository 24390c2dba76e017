"""Runs inside a container that is verified: says what is there, and judges nothing.

It is sent as text to the image's own Python (3.8 or newer), needs nothing but the standard library, writes no file
and prints one JSON document. What may crash runs in a process of its own, so that it takes nothing else with it.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import json
import os
import re
import sys
import sysconfig
import time
import traceback
from functools import partial
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

CUDA_NAME = re.compile(
    r"lib(cu(dart|blas|fft|rand|solver|sparse|dnn|file|pti|tensor|dss)|nv(rtc|JitLink|jpeg|ToolsExt|shmem|blas|fatbin)"
    r"|nccl|npp)[^/]*\.so"
).match
SYSTEM_PLACES = (
    "usr/local/cuda*/lib64/*.so*",
    "usr/local/cuda*/targets/*/lib/*.so*",
    "usr/lib/*-linux-gnu/*.so*",
    "usr/lib64/*.so*",
    "opt/conda/lib/*.so*",
)
WHEEL_PLACES = ("nvidia/**/lib*.so*", "torch/lib/lib*.so*", "*.libs/lib*.so*", "tensorrt_libs/lib*.so*")


def main() -> None:
    """Answer what the first argument asks for: `projects` to import, `libraries` to open, `gpus` to compute on."""
    asked = json.loads(sys.argv[1])
    out = os.dup(1)
    os.dup2(2, 1)  # what packages print while they are imported is no part of the answer
    versions: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        if distribution.metadata["Name"]:  # the first on the path is the one that is used
            versions.setdefault(norm(distribution.metadata["Name"]), distribution.version)
    projects = [project for project in asked["projects"] if project in versions]
    found = libraries() if asked["libraries"] else []
    on_gpu = [project for project in projects if asked["gpus"] and main_module(project) in ON_GPU]
    jobs: list[Callable[[], Any]] = [partial(together, projects), partial(opened, [one["path"] for one in found])]
    jobs += [partial(computed, project) for project in on_gpu]
    imports, errors, *results = in_processes(jobs)
    imports = each_alone(projects, imports)
    for number, result in enumerate(results):
        imports[on_gpu[number]]["gpu"] = result
    answer = {
        "python": sys.version.split()[0],
        "executable": sys.executable,
        "user": os.getuid(),
        "packages": versions,
        "imports": imports,
        "libraries": found,
        "library_errors": errors,
        "driver": driver(),
    }
    os.write(out, json.dumps(answer).encode())


def norm(project: str) -> str:
    """A project's name as the index spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", project).lower()


def in_processes(jobs: list[Callable[[], Any]]) -> list[Any]:
    """What each job returns, each from a process of its own, as many at once as there are processors."""
    running: list[tuple[int, int]] = []
    results: list[Any] = []
    window = max(2, os.cpu_count() or 1)
    for job in jobs:
        if len(running) == window:
            results.append(ended(*running.pop(0)))
        running.append(started(job))
    return results + [ended(*process) for process in running]


def started(job: Callable[[], Any]) -> tuple[int, int]:
    """The number of a new process, and where its answer comes from."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            answer = job()
        except BaseException:
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writer, "wb") as stream:
            stream.write(json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    return pid, reader


def ended(pid: int, reader: int) -> Any:
    """The answer of a process, or how it died."""
    with os.fdopen(reader, "rb") as stream:
        text = stream.read()
    _, status = os.waitpid(pid, 0)
    if text:
        return json.loads(text)
    killed = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit code {os.WEXITSTATUS(status)}"
    return {"error": f"the process died by {killed}"}


def together(projects: list[str]) -> dict[str, Any]:
    """Import one after the other, as programs do: what two of them need is loaded once."""
    return {"imports": {project: attempted(partial(imported, project)) for project in projects}}


def each_alone(projects: list[str], answer: dict[str, Any]) -> dict[str, Any]:
    """What failed among others once more, each in a process of its own; all of them where that process died."""
    imports: dict[str, Any] = answer.get("imports", {})
    failed = [project for project in projects if "error" in imports.get(project, {"error": ""})]
    for number, again in enumerate(in_processes([partial(imported, project) for project in failed])):
        imports[failed[number]] = again
    return {project: imports[project] for project in projects}


def imported(project: str) -> dict[str, Any]:
    """Import the main module of a project, and ask it what it was built for."""
    module = main_module(project)
    before = time.monotonic()
    loaded = importlib.import_module(module)
    initial = f"{module}/__init__.py"
    if loaded.__file__ is None and any(str(file) == initial for file in importlib.metadata.files(project) or ()):
        # Python takes a folder that it may not look into for a package without content.
        raise ImportError(f"{initial} is installed and cannot be read")
    answer: dict[str, Any] = {"module": module, "seconds": round(time.monotonic() - before, 2)}
    ask = BUILT_FOR.get(module)
    if ask is not None:
        answer.update(ask(loaded))
    return answer


def computed(project: str) -> Any:
    """Compute something small on a GPU; a failure is an answer too."""
    module = main_module(project)
    # Several share one GPU here: nobody shall take all of its memory.
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    return attempted(lambda: ON_GPU[module](importlib.import_module(module)))


def attempted(job: Callable[[], Any]) -> Any:
    """What it returns, or its error."""
    try:
        return job()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main_module(project: str) -> str:
    """`sklearn` for scikit-learn: what the distribution itself says that it installs."""
    distribution = importlib.metadata.distribution(project)
    names = (distribution.read_text("top_level.txt") or "").split()
    names = names or sorted({file.parts[0].split(".")[0] for file in distribution.files or () if file.suffix == ".py"})
    public = [name for name in names if name.isidentifier() and not name.startswith("_")]
    own = project.replace("-", "_")
    return next((name for name in public if name.lower() == own), public[0] if public else own)


def torch_built_for(torch: Any) -> dict[str, Any]:
    """The CUDA and cuDNN of torch; None in a build for the CPU."""
    cuda = torch.version.cuda
    return {"cuda": cuda, "cudnn": torch.backends.cudnn.version() if cuda else None}


def tensorflow_built_for(tensorflow: Any) -> dict[str, Any]:
    """The CUDA and cuDNN of TensorFlow, from its own build information."""
    info = tensorflow.sysconfig.get_build_info()
    return {"cuda": info.get("cuda_version"), "cudnn": info.get("cudnn_version")}


def jax_built_for(jax: Any) -> dict[str, Any]:
    """The CUDA and cuDNN of JAX's plugin, where there is one; nothing where this JAX does not tell."""
    try:
        versions = importlib.import_module("jax._src.lib").cuda_versions
        if versions is None:
            return {"cuda": None, "cudnn": None}
        cuda = versions.cuda_runtime_build_version()
        return {"cuda": f"{cuda // 1000}.{cuda % 1000 // 10}", "cudnn": versions.cudnn_build_version()}
    except Exception:
        return {}


BUILT_FOR = {"torch": torch_built_for, "tensorflow": tensorflow_built_for, "jax": jax_built_for}


def torch_on_gpu(torch: Any) -> dict[str, Any]:
    """A product, and a convolution that cuDNN computes."""
    square = torch.ones(8, 8, device="cuda")
    product = float((square @ square).sum())
    image = torch.nn.functional.conv2d(torch.ones(1, 1, 8, 8, device="cuda"), torch.ones(1, 1, 3, 3, device="cuda"))
    return {
        "right": product == 512.0 and float(image.sum()) == 324.0,
        "device": torch.cuda.get_device_name(),
        "capability": "{}.{}".format(*torch.cuda.get_device_capability()),
    }


def tensorflow_on_gpu(tensorflow: Any) -> dict[str, Any]:
    """A product on the first GPU."""
    gpu = tensorflow.config.list_physical_devices("GPU")[0]
    tensorflow.config.experimental.set_memory_growth(gpu, True)
    details = tensorflow.config.experimental.get_device_details(gpu)
    with tensorflow.device("/GPU:0"):
        square = tensorflow.ones((8, 8))
        product = float(tensorflow.reduce_sum(square @ square))
    capability = ".".join(map(str, details.get("compute_capability") or ()))
    return {"right": product == 512.0, "device": details.get("device_name", ""), "capability": capability}


def jax_on_gpu(jax: Any) -> dict[str, Any]:
    """A product on the first GPU."""
    device = jax.devices("gpu")[0]
    square = jax.device_put(jax.numpy.ones((8, 8)), device)
    capability = str(getattr(device, "compute_capability", ""))
    return {"right": float((square @ square).sum()) == 512.0, "device": device.device_kind, "capability": capability}


ON_GPU = {"torch": torch_on_gpu, "tensorflow": tensorflow_on_gpu, "jax": jax_on_gpu}


def libraries() -> list[dict[str, Any]]:
    """Every CUDA library file, once, wherever one may be: in wheels and in the system."""
    sites = sorted({Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))})
    paths = [path for site in sites for place in WHEEL_PLACES for path in site.glob(place)]
    paths += [path for place in SYSTEM_PLACES for path in Path("/").glob(place)]
    real = {path.resolve() for path in paths if "nvidia" in path.parts or CUDA_NAME(path.name)}
    return [{"path": str(path), "size": path.stat().st_size} for path in sorted(real) if "stubs" not in path.parts]


def opened(paths: Iterable[str]) -> dict[str, str]:
    """Open all of them; which could not be, and why. One may need another, so what fails is tried again after those."""
    failed = dict.fromkeys(paths, "")
    while failed:
        still = {path: error for path in failed if (error := open_error(path))}
        if len(still) == len(failed):
            return still
        failed = still
    return failed


def open_error(path: str) -> str:
    """Why a library cannot be opened; empty where it can."""
    try:
        ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
    except OSError as error:
        return str(error)
    return ""


def driver() -> str:
    """The version of the NVIDIA driver that this container sees; empty where there is none."""
    try:
        found = re.search(r" ([0-9]+\.[0-9.]+) ", Path("/proc/driver/nvidia/version").read_text())
    except OSError:
        return ""
    return found.group(1) if found else ""


if __name__ == "__main__":
    main()
