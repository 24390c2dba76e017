"""Images with CUDA, built for real: what is in them is what was planned. No GPU is needed, but time and disk are.

`make test-large` runs it: about ten gigabytes of wheels come down, and up to 17 GB of disk are taken at a time.
"""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from tasks.forecasts import weighed

from mlcontainers import Cuda, Image, build, pin
from mlcontainers.planners.forecasting import BOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers import BuiltImage

pytestmark = pytest.mark.large
START = Image.from_cuda(python="3.12")
IMAGES = {"torch": START.add_torch(), "tensorflow": START.add_tensorflow(), "jax": START.add_jax()}
ASKED = {
    "torch": """
import torch
told = {"version": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
told |= {"gpu": torch.cuda.is_available(), "sum": (torch.ones(3) @ torch.ones(3)).item()}
""",
    "tensorflow": """
import tensorflow as tf
build = tf.sysconfig.get_build_info()
told = {"version": tf.__version__, "cuda": build["cuda_version"], "cudnn": build["cudnn_version"]}
told |= {"gpu": bool(tf.config.list_physical_devices("GPU")), "sum": float(tf.tensordot(tf.ones(3), tf.ones(3), 1))}
""",
    "jax": """
import jax
from jax._src.lib import cuda_versions as build
told = {"version": jax.__version__, "cuda": build.cuda_runtime_build_version(), "cudnn": build.cudnn_build_version()}
told |= {"gpu": jax.default_backend() == "gpu", "sum": float(jax.numpy.ones(3) @ jax.numpy.ones(3))}
""",
}
"""What each framework says of itself; without a GPU JAX says at length that it found none, and goes on."""
BROUGHT_BY_TRITON = re.compile(r"/triton/backends/nvidia/lib/cupti(-\w+)?/")
"""Triton's wheel carries copies of CUPTI for its profiler, each several times, whatever else is installed."""


@dataclass(frozen=True, slots=True)
class Found:
    """An image and what was found in it."""

    framework: str
    image: BuiltImage
    told: dict[str, Any]
    """What the framework says of itself."""
    installed: dict[str, str]
    """The version of every distribution."""
    libraries: dict[str, list[str]]
    """By what it calls itself, the files of each of NVIDIA's libraries."""


@pytest.fixture(scope="module", params=IMAGES)
def found(request: pytest.FixtureRequest, engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """One image after the other: built, looked into, and gone with what the builder kept of it."""
    framework: str = request.param
    tag = f"mlcontainers-test-cuda-{framework}:{uuid.uuid4().hex[:8]}"
    built = build(IMAGES[framework], context=tmp_path_factory.mktemp("empty"), tags=[tag], host_settings=True)
    command = ("docker", "run", "--rm", "--interactive", "--network=none", tag, "python", "-", ASKED[framework])
    probe = (Path(__file__).parent / "cuda_probe.py").read_bytes()
    try:
        ran = subprocess.run(command, input=probe, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr.decode()
        yield Found(framework, built, **cast("dict[str, Any]", json.loads(ran.stdout)))
    finally:
        subprocess.run(("docker", "image", "rm", "--force", *built.references), capture_output=True, check=False)


def test_it_computes_without_a_gpu(found: Found) -> None:
    assert found.told["gpu"] is False
    assert found.told["sum"] == 3


def test_every_version_is_the_planned_one(found: Found) -> None:
    assert {one.project: found.installed[one.project] for one in found.image.plan.pins} == {
        one.project: str(one.version) for one in found.image.plan.pins
    }
    assert found.told["version"].partition("+")[0] == str(found.image.plan.pins[0].version)


def test_its_cuda_is_the_planned_one(found: Found) -> None:
    said = str(found.told["cuda"])
    # JAX counts in thousands: 13000 is 13.0.
    cuda = f"{int(said) // 1000}.{int(said) % 1000 // 10}" if said.isdigit() else ".".join(said.split(".")[:2])

    assert f"CUDA {cuda}" == str(found.image.plan.target.accelerator)


def test_its_cudnn_is_the_planned_one(found: Found) -> None:
    """PyTorch names one release; TensorFlow and JAX a range, of which the plan says nothing: the major is built in."""
    (installed,) = (version for name, version in found.installed.items() if name.startswith("nvidia-cudnn-"))
    major, minor, patch = map(int, installed.split(".")[:3])
    chosen = found.image.plan.pins[0]
    answer = pin(f"{chosen.project}=={chosen.version}", accelerator=Cuda(), python="3.12")

    if found.framework == "torch":
        assert answer.packages[0].cudnn == installed
        assert found.told["cudnn"] == major * 10_000 + minor * 100 + patch
    else:
        assert str(found.told["cudnn"])[0] == str(major)


def test_no_cuda_library_is_there_twice(found: Found) -> None:
    copies: dict[str, list[str]] = defaultdict(list)
    for name, paths in found.libraries.items():
        copies[name] += [path for path in paths if not BROUGHT_BY_TRITON.search(path)]

    assert len(copies) > 15
    assert {name: paths for name, paths in copies.items() if len(paths) > 1} == {}


def test_its_size_is_within_the_bound_of_the_forecast(found: Found) -> None:
    for expected, real in weighed(found.image):
        assert abs(real / expected - 1) <= BOUND, f"{expected} bytes were forecast, {real} are there"
