"""A CUDA extension, compiled for real against PyTorch's CUDA wheel: no GPU is needed, but a quarter of an hour is.

`make test-large` runs it; the layer of PyTorch is the one that `test_cuda.py` builds.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from mlcontainers import Image, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers import BuiltImage

pytestmark = pytest.mark.large
SETUP = """\
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CUDAExtension

setup(
    name="zz-doubling",
    version="0.1",
    ext_modules=[CUDAExtension("zz_doubling", ["doubling.cu"])],
    cmdclass={"build_ext": BuildExtension},
)
"""
SOURCE = """\
#include <torch/extension.h>
#include <ATen/cuda/CUDAContext.h>
#include <cub/cub.cuh>

__global__ void doubled(const float *given, float *found, long count) {
    long place = blockIdx.x * (long)blockDim.x + threadIdx.x;
    if (place < count) found[place] = 2 * given[place];
}

torch::Tensor doubling(torch::Tensor given) {
    auto found = torch::empty_like(given);
    long count = given.numel();
    doubled<<<(count + 255) / 256, 256, 0, at::cuda::getCurrentCUDAStream()>>>(
        given.data_ptr<float>(), found.data_ptr<float>(), count);
    return found;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) { module.def("doubling", &doubling); }
"""
PROBE = """\
import json, pathlib, shutil, struct
import torch, zz_doubling

def entries(data):
    # A fat binary: a header, then one entry for each piece of code, with its kind (2 is machine code) and GPU.
    magic = struct.pack("<I", 0xBA55ED50)
    start = data.find(magic)
    while start >= 0:
        _, _, place, size = struct.unpack_from("<IHHQ", data, start)
        place, end = start + place, start + place + size
        while place < end:
            kind, _, header, length = struct.unpack_from("<HHIQ", data, place)
            yield kind, struct.unpack_from("<I", data, place + 28)[0]
            place += header + length
        start = data.find(magic, end)

code = sorted(set(entries(pathlib.Path(zz_doubling.__file__).read_bytes())))
try:
    zz_doubling.doubling(torch.ones(3, device="cuda"))
    said = "it runs"
except Exception as error:
    said = str(error)
programs = [name for name in ("nvcc", "g++", "gcc", "make") if shutil.which(name)]
toolkits = [str(path) for path in pathlib.Path("/").glob("usr/local/cuda*")]
print(json.dumps({"code": code, "said": said, "programs": programs, "toolkits": toolkits}))
"""


@pytest.fixture(scope="module")
def built(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """PyTorch on CUDA with an extension for two GPUs, gone with what the builder kept of it."""
    context = tmp_path_factory.mktemp("context")
    (context / "native").mkdir()
    (context / "native" / "setup.py").write_text(SETUP, encoding="utf-8")
    (context / "native" / "doubling.cu").write_text(SOURCE, encoding="utf-8")
    image = Image.from_cuda(python="3.12").add_torch().with_gpus("H100", "RTX 4090")
    image = image.add_extension("zz-doubling", source="native", build_requires=["ninja", "setuptools"])
    made = build(
        image, context=context, tags=[f"mlcontainers-test-cuda-extension:{uuid.uuid4().hex[:8]}"], host_settings=True
    )
    try:
        yield made
    finally:
        subprocess.run(("docker", "image", "rm", "--force", *made.references), capture_output=True, check=False)


@pytest.fixture(scope="module")
def told(built: BuiltImage) -> dict[str, Any]:
    """What is in it, as seen from inside."""
    command = ("docker", "run", "--rm", "--network=none", built.references[0], "python", "-c", PROBE)
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_it_has_machine_code_for_the_gpus_that_are_named_and_for_no_other(told: dict[str, Any]) -> None:
    assert told["code"] == [[2, 89], [2, 90]]


def test_it_is_loaded_and_lacks_nothing_but_a_gpu(told: dict[str, Any]) -> None:
    assert "NVIDIA driver" in told["said"]


def test_nothing_of_what_compiled_it_is_there(told: dict[str, Any], built: BuiltImage) -> None:
    assert (told["programs"], told["toolkits"]) == ([], [])
    (size,) = (layer.size for layer in built.layers if layer.origin == "layers[1] (extension)")
    assert size < 5_000_000
