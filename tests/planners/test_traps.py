"""Combinations where a plain reading of the facts goes wrong; each has been seen by somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers import Answer, Cpu, Cuda, catalogue, pin

if TYPE_CHECKING:
    from mlcontainers.values.accelerators import Accelerator


def told(answer: Answer) -> str:
    return "\n".join(str(fact) for fact in answer.because)


def packages(answer: Answer) -> list[str]:
    return [str(package) for package in answer.packages]


class TestOneProject:
    """What the facts about one release say, or hide."""

    def test_an_extra_that_cannot_be_installed(self) -> None:
        """and-cuda of 2.15.0 needs a tensorrt that the index has no wheel of; 2.15.0.post1 mended it."""
        answer = pin("tensorflow[and-cuda]==2.15.0", python="3.11")

        assert answer.verdict == "impossible"
        assert "tensorrt 8.6.1.post1, which has no wheel" in told(answer)
        assert answer.alternatives[0].packages[0] == "tensorflow[and-cuda]==2.15.0.post1"

    def test_extras_that_only_exist_as_local_versions(self) -> None:
        assert "no extra for CUDA on the Python index" in told(pin("jax==0.4.16", accelerator=Cuda()))
        assert packages(pin("jax==0.4.30", accelerator=Cuda("12.4")))[0] == "jax[cuda12]==0.4.30"

    def test_a_stub_has_nothing_of_its_own(self) -> None:
        answer = pin("tensorflow==2.15.0", python="3.11", platform="linux/arm64")

        assert "tensorflow-cpu-aws==2.15.0" in packages(answer)
        assert "pulls tensorflow-cpu-aws==2.11.1" in told(
            pin("tensorflow==2.11.1", python="3.10", platform="linux/arm64")
        )

    def test_the_newest_may_not_install(self) -> None:
        """vllm 0.33.0 wants a certifi that the index does not have."""
        assert packages(pin("vllm"))[0] != "vllm==0.33.0"
        assert "certifi" in told(pin("vllm==0.33.0"))

    def test_the_base_decides_between_cpu_and_gpu(self) -> None:
        """xgboost 2.1 has a CPU wheel for glibc 2.17 and one for GPUs for 2.28; Debian 10 has 2.28, CentOS 7 less."""
        assert pin("xgboost==2.1.1", accelerator=Cuda(), base="python:3.11-slim-bullseye").verdict == "works"
        assert "a library of CUDA; xgboost-cpu is the same without" in told(pin("xgboost==2.1.1", accelerator=Cpu()))

    def test_the_glibc_of_the_base(self) -> None:
        """vllm 0.20 names glibc 2.35: not bullseye, but bookworm."""
        assert "need glibc 2.35" in told(pin("vllm==0.20.0", base="python:3.12-slim-bullseye"))
        assert pin("vllm==0.20.0", base="python:3.12-slim-bookworm").verdict == "works"

    def test_the_upper_bound_of_requires_python(self) -> None:
        """vllm 0.9.2 says <3.13: pip obeys it, uv does not."""
        assert pin("vllm==0.9.2", python="3.13").verdict == "impossible"
        assert pin("vllm==0.9.2", python="3.12").verdict == "works"

    def test_a_pure_wheel_that_needs_a_compiled_one(self) -> None:
        """jax 0.5.3 fits every Python by its tags, and there is no jaxlib for 3.14."""
        answer = pin("jax==0.5.3", python="3.14")

        assert answer.verdict == "impossible"
        assert "jaxlib" in told(answer)

    def test_machines_differ(self) -> None:
        assert pin("torch==2.5.1", python="3.13").verdict == "works"
        assert "on aarch64" in told(pin("torch==2.5.1", python="3.13", platform="linux/arm64"))

    def test_a_cpu_build_is_no_answer_to_cuda(self) -> None:
        assert "computes on the CPU only" in told(pin("tensorflow-cpu", accelerator=Cuda()))
        assert "is built for CUDA" in told(pin("onnxruntime-gpu", accelerator=Cpu()))


class TestTogether:
    """What cannot be had together."""

    def test_a_pin_against_a_wish(self) -> None:
        answer = pin("torch==2.9.1", "vllm==0.30.0", "scikit-learn")

        assert [fact.claim for fact in answer.because] == [
            "you ask for torch==2.9.1",
            "vllm 0.30.0 requires torch==2.13.0",
        ]
        assert [other.changes for other in answer.alternatives] == ["torch 2.13.0"]

    def test_numpy_epochs(self) -> None:
        """Metadata does not tell that torch before 2.3 breaks with NumPy 2."""
        assert "numpy==1.26.4" in packages(pin("torch==2.2.2", python="3.12"))
        assert "was built before NumPy 2" in told(pin("torch==2.2.2", "numpy>=2", python="3.12"))

    def test_frameworks_share_the_libraries_of_one_cuda(self) -> None:
        """Wheels of cuDNN for CUDA 12 and 13 hold the same files: a torch for CUDA 12 goes with TensorFlow."""
        answer = pin("tensorflow", "torch", "jax", accelerator=Cuda())
        majors = {package.cuda.major for package in answer.packages if package.cuda}

        assert answer.verdict == "works"
        assert majors == {12}

    def test_exact_pins_of_one_library(self) -> None:
        """TensorFlow 2.19 pins cuDNN 9.3, the default wheel of torch 2.9 pins 9.10."""
        answer = pin("tensorflow==2.19.0", "torch==2.9.1", accelerator=Cuda("12.5"), python="3.12")

        assert answer.verdict == "impossible"


class TestHosts:
    """The GPUs and drivers of the threads in which people found out too late."""

    @pytest.mark.parametrize(
        ("gpu", "cuda", "verdict"),
        [
            ("V100", "13.0", "impossible"),
            ("V100", "12.6", "works"),
            ("GTX 1080", "13.0", "impossible"),
            ("H100", "13.0", "works"),
        ],
    )
    def test_gpus_by_name(self, gpu: str, cuda: str, verdict: str) -> None:
        assert pin("torch==2.13.0", accelerator=Cuda(cuda), python="3.12", gpus=[gpu]).verdict == verdict

    def test_a_new_card_and_a_build_from_before_it(self) -> None:
        """pytorch/pytorch issues 150733 and 159207: sm_120 is not compatible with the current installation."""
        answer = pin("torch==2.6.0", accelerator=Cuda("12.4"), gpus=["RTX 5090"])

        assert "is compiled for compute capabilities 5.0, 6.0, 7.0, 7.5, 8.0, 8.6, 9.0, not 12.0 (RTX 5090)" in told(
            answer
        )
        assert [(one.changes, one.packages[0]) for one in answer.alternatives] == [
            ("torch 2.7.0 with CUDA 12.8", "torch==2.7.0+cu128")
        ]
        assert packages(pin("torch", accelerator=Cuda("12.8"), gpus=["RTX 5090"]))[0] == "torch==2.11.0+cu128"

    def test_a_reason_is_told_once(self) -> None:
        """Of a driver that is too old every build for this CUDA says the same."""
        assert len(pin("torch", accelerator=Cuda("12.6"), driver="470.57").because) == 1

    def test_an_old_card_gets_an_older_cuda(self) -> None:
        assert packages(pin("torch", accelerator=Cuda(), gpus=["V100"]))[0].endswith("+cu126")


PROJECTS = st.sampled_from([name for name in catalogue().projects() if not name.startswith("jax-")])
PYTHONS = st.sampled_from([f"3.{minor}" for minor in range(8, 16)])
PLATFORMS = st.sampled_from(["linux/amd64", "linux/arm64"])
ACCELERATORS: st.SearchStrategy[Accelerator | None] = st.sampled_from([None, Cpu(), Cuda(), Cuda("12.6"), Cuda("13.0")])


@st.composite
def wanted(draw: st.DrawFn) -> str:
    project = draw(PROJECTS)
    release = draw(st.sampled_from(catalogue().releases(project)))
    return draw(st.sampled_from([project, f"{project}=={release.version}", f"{project}>={release.version}"]))


class TestLaws:
    """Over all projects."""

    @settings(max_examples=80, deadline=None)
    @given(wanted(), wanted(), ACCELERATORS, PYTHONS, PLATFORMS)
    def test_one_more_wish_never_makes_it_possible(
        self, one: str, other: str, accelerator: Accelerator | None, python: str, platform: str
    ) -> None:
        alone = pin(one, accelerator=accelerator, python=python, platform=platform)
        both = pin(one, other, accelerator=accelerator, python=python, platform=platform)

        assert alone.verdict != "impossible" or both.verdict == "impossible"

    @settings(max_examples=60, deadline=None)
    @given(wanted(), wanted(), ACCELERATORS, PYTHONS, PLATFORMS)
    def test_order_does_not_matter(
        self, one: str, other: str, accelerator: Accelerator | None, python: str, platform: str
    ) -> None:
        there = pin(one, other, accelerator=accelerator, python=python, platform=platform)
        back = pin(other, one, accelerator=accelerator, python=python, platform=platform)

        assert (there.verdict, sorted(packages(there))) == (back.verdict, sorted(packages(back)))

    @settings(max_examples=60, deadline=None)
    @given(wanted(), ACCELERATORS, PYTHONS, PLATFORMS)
    def test_a_proposal_works_and_every_answer_has_its_facts(
        self, one: str, accelerator: Accelerator | None, python: str, platform: str
    ) -> None:
        answer = pin(one, accelerator=accelerator, python=python, platform=platform)

        assert answer.verdict != "impossible" or answer.because
        assert all(package.because for package in answer.packages)
        for other in answer.alternatives:
            exact = [package.partition("+")[0] for package in other.packages]
            asked = pin(*exact, accelerator=other.accelerator, python=str(other.python), platform=platform)
            assert asked.verdict == "works"

    @settings(max_examples=60, deadline=None)
    @given(wanted(), PYTHONS, PLATFORMS)
    def test_the_cpu_brings_no_cuda(self, one: str, python: str, platform: str) -> None:
        answer = pin(one, accelerator=Cpu(), python=python, platform=platform)
        for package in answer.packages:
            release = catalogue().release(package.project, package.version.public)
            assert package.cuda is None
            assert answer.platform and answer.python and release
            asked = release.requires_on(answer.platform.machine, answer.python)
            assert not any(name.startswith("nvidia-") for name in asked)
