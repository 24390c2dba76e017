"""The same questions without an image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcontainers import Cpu, Cuda, InvalidValueError, pin
from tests.strategies import PYTHONS

if TYPE_CHECKING:
    from mlcontainers.values.accelerators import Accelerator

TORCHES = st.sampled_from(["1.13.1", "2.0.1", "2.3.1", "2.5.1", "2.6.0", "2.8.0", "2.9", "2.12", "2.13.0", ">=2.7"])
CUDAS = st.sampled_from(["11.8", "12.1", "12.4", "12.6", "12.8", "13.0", "13.2"]).map(Cuda)
ACCELERATORS: st.SearchStrategy[Accelerator] = st.one_of(st.just(Cpu()), CUDAS)
PLATFORMS = st.sampled_from(["linux/amd64", "linux/arm64"])


def torch(version: str) -> str:
    return (
        f"torch{version}"
        if version[0] in "<>=~"
        else f"torch=={version}.*"
        if version.count(".") < 2
        else f"torch=={version}"
    )


class TestAnswers:
    def test_the_example_of_the_documentation(self) -> None:
        answer = pin("torch==2.9.*", "transformers", accelerator=Cuda("12.8"), python="3.12", platform="linux/amd64")

        assert answer.verdict == "works"
        assert [package.project for package in answer.packages] == ["torch", "transformers"]
        assert str(answer.packages[0]) == "torch==2.9.1"
        assert str(answer.packages[0].cuda) == "12.8"
        assert answer.driver_floor == "525.60.13"
        assert all(package.because for package in answer.packages)

    def test_everything_may_be_left_out(self) -> None:
        answer = pin("torch")

        assert answer.verdict == "works"
        assert str(answer.accelerator) == "CUDA 13.2"
        assert answer.python is not None

    def test_companions_follow(self) -> None:
        answer = pin("torch==2.8.0", "torchvision", "torchaudio", accelerator=Cpu(), python="3.12")

        assert [str(package) for package in answer.packages] == [
            "torch==2.8.0+cpu",
            "torchvision==0.23.0+cpu",
            "torchaudio==2.8.0+cpu",
        ]

    def test_impossible_says_why_and_what_instead(self) -> None:
        answer = pin("torch==2.9.*", accelerator=Cuda("12.4"), python="3.12")

        assert answer.verdict == "impossible"
        assert "is published for CPU, CUDA 12.6, CUDA 12.8, CUDA 13.0" in answer.because[0].claim
        assert [other.changes for other in answer.alternatives] == ["CUDA 12.6", "torch 2.6.0"]

    @pytest.mark.parametrize("requirement", ["tensorflow==99.1", "nobody-has-looked", "torch==99.9"])
    def test_unknown_is_never_no(self, requirement: str) -> None:
        assert pin(requirement, accelerator=Cpu(), python="3.12").verdict == "unknown"

    def test_markers_are_for_the_image_and_not_for_this_machine(self) -> None:
        answer = pin("scikit-learn; sys_platform == 'win32'", "numpy; python_version < '3'", accelerator=Cpu())

        assert answer.packages == ()

    @pytest.mark.parametrize("requirement", ["torch==", "-e .", "torch @ https://example.com/t.whl", "a\nb", ""])
    def test_what_is_no_requirement_is_refused(self, requirement: str) -> None:
        with pytest.raises(InvalidValueError):
            pin(requirement)

    def test_the_hosts_driver_decides(self) -> None:
        """CUDA 13 needs driver 580; on an older one the newest torch comes from PyTorch's own index."""
        answer = pin("torch==2.13.0", python="3.12", driver="570.86.10")

        assert [str(package) for package in answer.packages] == ["torch==2.13.0+cu126"]
        assert pin("torch==2.13.0", accelerator=Cuda("13.0"), python="3.12", driver="570").verdict == "impossible"
        assert pin("torch==2.13.0", accelerator=Cuda("13.0"), python="3.12", driver="580.65").verdict == "works"

    def test_the_hosts_gpus_decide(self) -> None:
        """CUDA 13 dropped Volta (7.0); what nobody has looked at is unknown."""
        old = pin("torch==2.13.0", accelerator=Cuda("13.0"), python="3.12", gpus=["7.0"])
        new = pin("torch==2.13.0", accelerator=Cuda("13.0"), python="3.12", gpus=["sm_90", "9.0"])
        named = pin("torch==2.13.0", accelerator=Cuda("13.0"), python="3.12", gpus=["NVIDIA GeForce RTX 4090", "h100"])
        nobody = pin("torch==2.13.0", accelerator=Cuda("13.0"), python="3.12", gpus=["RTX 9999"])

        assert old.verdict == "impossible"
        assert "is compiled for compute capabilities" in old.because[0].claim
        assert new.verdict == "works"
        assert named.verdict == "works"
        assert (nobody.verdict, nobody.problems[0].code) == ("unknown", "unknown-gpu")

    @pytest.mark.parametrize("driver", ["", "x", "5", "570.1.2.3", "570\n"])
    def test_what_is_no_driver_is_refused(self, driver: str) -> None:
        with pytest.raises(InvalidValueError):
            pin("torch", driver=driver)

    def test_json(self) -> None:
        document = json.loads(json.dumps(pin("torch==2.9.1", accelerator=Cuda("12.8")).to_json()))

        assert document["verdict"] == "works"
        assert document["packages"][0]["cuda"] == "12.8"


class TestLaws:
    @settings(max_examples=60, deadline=None)
    @given(TORCHES, ACCELERATORS, PYTHONS, PLATFORMS)
    def test_a_proposal_always_works(self, version: str, accelerator: Accelerator, python: str, platform: str) -> None:
        answer = pin(torch(version), accelerator=accelerator, python=python, platform=platform)
        for other in answer.alternatives:
            wanted = [package.partition("+")[0] for package in other.packages]
            again = pin(*wanted, accelerator=other.accelerator, python=str(other.python), platform=platform)

            assert again.verdict == "works"

    @settings(max_examples=60, deadline=None)
    @given(TORCHES, ACCELERATORS, PYTHONS, PLATFORMS)
    def test_one_more_constraint_never_makes_it_possible(
        self, version: str, accelerator: Accelerator, python: str, platform: str
    ) -> None:
        alone = pin(torch(version), accelerator=accelerator, python=python, platform=platform).verdict
        more = pin(torch(version), "torchvision", accelerator=accelerator, python=python, platform=platform).verdict

        assert alone != "impossible" or more == "impossible"

    @settings(max_examples=30, deadline=None)
    @given(TORCHES, ACCELERATORS, PLATFORMS)
    def test_the_cpu_brings_no_cuda(self, version: str, accelerator: Accelerator, platform: str) -> None:
        answer = pin(torch(version), "torchvision", accelerator=Cpu(), platform=platform)

        assert all(package.cuda is None for package in answer.packages)

    def test_order_does_not_matter(self) -> None:
        one = pin("torch==2.8.0", "scikit-learn", accelerator=Cpu())
        other = pin("scikit-learn", "torch==2.8.0", accelerator=Cpu())

        assert (one.verdict, set(one.packages)) == (other.verdict, set(other.packages))
