"""From what is seen to a verdict: what no engine of these tests can show, since it takes CUDA and a GPU."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlcontainers import Image, Plan, plan
from mlcontainers.engines.judging import Seen, judged

if TYPE_CHECKING:
    from mlcontainers.engines.reports import Check

CUDA = "/usr/local/lib/python3.12/site-packages/nvidia"
DECIDED = plan(Image.from_cuda("12.8", python="3.12").add_torch("2.9.1"))
TORCH = {"module": "torch", "seconds": 2.5, "cuda": "12.8", "cudnn": 91002}
SEEN = Seen(
    python="3.12.11",
    executable="/usr/local/bin/python3",
    packages={"torch": "2.9.1", "nvidia-cudnn-cu12": "9.10.2.21"},
    imports={"torch": TORCH},
    libraries=((f"{CUDA}/cudnn/lib/libcudnn.so.9", 125_000), (f"{CUDA}/cufile/lib/libcufile_rdma.so.1", 40_000)),
)


def check(name: str, seen: Seen, *, decided: Plan | None = DECIDED, gpus: bool = False) -> Check:
    return {check.name: check for check in judged(seen, decided, gpus)}[name]


def code(found: Check) -> str:
    return found.problem.code if found.problem else found.verdict


def with_torch(**found: object) -> Seen:
    return replace(SEEN, imports={"torch": {**TORCH, **found}})


def test_as_planned() -> None:
    found = tuple(judged(SEEN, DECIDED, gpus=False))

    assert {check.name for check in found if check.verdict == "yes"} == {
        "python", "versions", "import torch", "CUDA of torch", "cuDNN of torch", "open libraries", "no library twice",
    }  # fmt: skip
    assert {check.name for check in found if check.verdict == "unknown"} == {"driver", "compute with torch"}
    assert all(check.needs_gpu for check in found if check.verdict == "unknown")


@pytest.mark.parametrize(
    ("cuda", "expected"), [("12.8", "yes"), ("12.8.1", "yes"), ("12.6", "wrong-cuda"), (None, "wrong-cuda")]
)
def test_cuda_of_torch(cuda: str | None, expected: str) -> None:
    assert code(check("CUDA of torch", with_torch(cuda=cuda))) == expected


def test_torch_for_cuda_in_an_image_for_the_cpu() -> None:
    found = check("CUDA of torch", SEEN, decided=plan(Image.from_cpu(python="3.12").add_torch("2.9.1")))

    assert found.problem is not None
    assert found.problem.what == "torch is built for CUDA 12.8, and CPU was planned"


@pytest.mark.parametrize(
    ("number", "expected", "seen"),
    [(91002, "yes", "cuDNN 9.10.2"), (90100, "wrong-cudnn", "cuDNN 9.1.0"), (8907, "wrong-cudnn", "cuDNN 8.9.7")],
)
def test_cudnn_of_torch(number: int, expected: str, seen: str) -> None:
    found = check("cuDNN of torch", with_torch(cudnn=number))

    assert (code(found), found.seen) == (expected, seen)


def test_another_python() -> None:
    assert code(check("python", replace(SEEN, python="3.11.9"))) == "wrong-python"


def test_a_missing_package() -> None:
    found = check("versions", replace(SEEN, packages={}))

    assert found.problem is not None
    assert found.problem.because == ("torch is missing, planned was 2.9.1",)


def test_an_import_that_wants_the_driver() -> None:
    error = "Traceback ...\nImportError: libcuda.so.1: cannot open shared object file: No such file or directory"
    found = check("import torch", replace(SEEN, imports={"torch": {"error": error}}))

    assert (found.verdict, found.needs_gpu) == ("unknown", True)


@pytest.mark.parametrize(
    ("missing", "name", "verdict"),
    [
        ("libcuda.so.1", "libraries of the driver's", "unknown"),
        ("libnvidia-ml.so.1", "libraries of the driver's", "unknown"),
        ("libmlx5.so.1", "libraries with other needs", "unknown"),
        ("libcublasLt.so.12", "open libraries", "no"),
    ],
)
def test_what_a_library_lacks_decides(missing: str, name: str, verdict: str) -> None:
    error = f"{missing}: cannot open shared object file: No such file or directory"
    found = check(name, replace(SEEN, library_errors={SEEN.libraries[1][0]: error}))

    assert found.verdict == verdict
    assert code(check("open libraries", replace(SEEN, library_errors={}))) == "yes"


def test_a_crash_while_libraries_are_opened() -> None:
    found = check("open libraries", replace(SEEN, library_errors={"error": "the process died by signal 11"}))

    assert found.problem is not None
    assert found.problem.because == ("the process died by signal 11",)


@pytest.mark.parametrize(
    "other",
    ["/usr/local/cuda-12.8/lib64/libcudnn.so.9.10.2", f"{CUDA}/../torch/lib/libcudnn-0123abcd.so.9"],
    ids=["with its whole version", "with a digest in its name"],
)
def test_one_name_in_two_places(other: str) -> None:
    found = check("no library twice", replace(SEEN, libraries=(*SEEN.libraries, (other, 100_000))))

    assert found.problem is not None
    assert found.problem.severity == "warning"
    assert found.seen == "1 CUDA libraries are there more than once: 100 kB for nothing"


class TestOnGpu:
    def test_a_right_result(self) -> None:
        right = {"right": True, "device": "NVIDIA H100", "capability": "9.0"}
        found = check("compute with torch", with_torch(gpu=right), gpus=True)

        assert (found.verdict, found.seen) == ("yes", "right, on NVIDIA H100 of compute capability 9.0")

    def test_no_code_for_this_gpu(self) -> None:
        said = "RuntimeError: CUDA error: no kernel image is available for execution on the device"
        decided = replace(DECIDED, capabilities=("7.5", "8.0"))
        found = check("compute with torch", with_torch(gpu={"error": said}), decided=decided, gpus=True)

        assert found.problem is not None
        assert found.problem.because == ("the build has code for 7.5, 8.0",)

    @pytest.mark.parametrize(
        ("driver", "expected"), [("570.86.10", "yes"), ("470.82.01", "old-driver"), ("", "no-gpu")]
    )
    def test_driver(self, driver: str, expected: str) -> None:
        assert code(check("driver", replace(SEEN, driver=driver), gpus=True)) == expected
