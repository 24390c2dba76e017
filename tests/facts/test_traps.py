"""What is easily believed and wrong about frameworks and their images. Each test names where the truth was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from mlcontainers.facts import Known, catalogue
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from mlcontainers.facts import Release

FACTS = catalogue()


def release(project: str, version: str) -> Release:
    found = FACTS.release(project, version)
    assert found is not None
    return found


def python(text: str) -> PythonVersion:
    return PythonVersion.parse(text)


def glibc(suite: str) -> tuple[int, int] | None:
    found = FACTS.suite(suite)
    assert found is not None
    return found.glibc


class TestDefaultWheel:
    """The wheel on the package index is what its metadata says, for each machine: not the official table."""

    @pytest.mark.parametrize(
        ("version", "cuda"),
        [
            ("1.12.1", "10.2"),
            ("1.13.1", "11.7"),
            ("2.0.1", "11.7"),
            ("2.1.0", "12.1"),
            ("2.4.1", "12.1"),
            ("2.5.1", "12.4"),
            ("2.6.0", "12.4"),
            ("2.7.1", "12.6"),
            ("2.8.0", "12.8"),
            ("2.10.0", "12.8"),
            ("2.11.0", "13.0"),
            ("2.14.1", "13.0"),
            ("2.15.0", "13.2"),
        ],
    )
    def test_torch_carries_this_cuda_on_x86_64(self, version: str, cuda: str) -> None:
        """Source: wheel metadata; before 1.13 torch/version.py inside the wheel."""
        assert {wheels.cuda for wheels in release("torch", version).wheels("x86_64")} == {CudaVersion.parse(cuda)}

    def test_the_official_matrix_is_not_the_default_wheel(self) -> None:
        """Source: pytorch/pytorch RELEASE.md against wheel metadata."""
        assert FACTS.record("torch 2.1 release matrix")["stable_cuda"] == [{"cuda": "11.8", "cudnn": "8.7.0.84"}]
        assert release("torch", "2.1.0").wheels("x86_64")[0].cuda == CudaVersion(12, 1)
        matrix = FACTS.record("torch 2.11 release matrix")["stable_cuda"]
        assert {row["cuda"]: row["cudnn"] for row in matrix}["13.0"] == "9.17.1.4"
        assert release("torch", "2.11.0").wheels("x86_64")[0].cudnn == "9.19.0.56"

    def test_on_aarch64_torch_is_a_cpu_build_up_to_2_10(self) -> None:
        """Source: wheel metadata and content."""
        for torch in FACTS.releases("torch"):
            for wheels in torch.wheels("aarch64"):
                assert wheels.build == ("cuda" if torch.version >= Version("2.11") else "cpu"), torch.key

    def test_no_cudnn_is_claimed_where_it_is_linked_in(self) -> None:
        """Source: wheel content; torch 1.8 to 1.12 hold a static cuDNN of unknown version."""
        assert release("torch", "1.12.1").wheels("x86_64")[0].cudnn is None


class TestMachines:
    """One release is not the same on two machines."""

    def test_torch_2_5_has_python_3_13_on_x86_64_only(self) -> None:
        """Source: package index."""
        torch = release("torch", "2.5.1")

        assert torch.fits(python("3.13"), "x86_64", (2, 36)) is Known.YES
        assert torch.fits(python("3.13"), "aarch64", (2, 36)) is Known.NO

    @pytest.mark.parametrize(("project", "version"), [("torch", "1.9.1"), ("tensorflow", "2.15.0.post1")])
    def test_some_releases_have_one_machine(self, project: str, version: str) -> None:
        """Source: package index."""
        assert release(project, version).machines == ("x86_64",)

    def test_a_wheel_of_two_kilobytes_is_a_stub(self) -> None:
        """Source: wheel metadata; tensorflow 2.10 to 2.15 on aarch64 pull in tensorflow-cpu-aws."""
        assert release("tensorflow", "2.15.1").wheels("aarch64")[0].stub_of == ("tensorflow-cpu-aws",)
        assert release("tensorflow", "2.15.0").wheels("aarch64")[0].stub
        assert not release("tensorflow", "2.16.1").wheels("aarch64")[0].stub


class TestCompanions:
    """A combination is an intersection."""

    @pytest.mark.parametrize(("torch", "text"), [("1.13.1", "3.11"), ("2.5.1", "3.13")])
    def test_a_companion_may_lack_the_python_of_torch(self, torch: str, text: str) -> None:
        """Source: package index."""
        leader = release("torch", torch)
        assert leader.fits(python(text), "x86_64", (2, 36)) is Known.YES

        for project in ("torchvision", "torchaudio"):
            for version in leader.companions(project):
                assert release(project, str(version)).fits(python(text), "x86_64", (2, 36)) is Known.NO

    def test_a_range_is_no_companion(self) -> None:
        """Source: wheel metadata; torchvision 0.29.2 says torch>=2.14.0 and torchaudio 2.11.0 names no torch."""
        torch = release("torch", "2.15.0")

        assert torch.companions("torchvision") == ()
        assert torch.admitting("torchvision") == (Version("0.29.2"), Version("0.29.1"))
        assert torch.companions("torchaudio") == ()
        assert torch.admitting("torchaudio") == (Version("2.11.0"),)

    @pytest.mark.parametrize(
        ("project", "version"), [("torchvision", "0.11.0"), ("torchvision", "0.15.0"), ("torchaudio", "2.0.0")]
    )
    def test_yanked_companions_are_not_offered(self, project: str, version: str) -> None:
        """Source: package index; PyTorch's install page still names torchvision 0.11.0."""
        assert release(project, version).yanked
        assert release(project, version) not in FACTS.admitted(project, f"=={version}")
        assert release(project, version) in FACTS.admitted(project, f"=={version}", yanked=True)

    def test_metadata_names_the_one_that_stayed(self) -> None:
        """Source: wheel metadata."""
        assert Version("0.11.1") in release("torch", "1.10.0").companions("torchvision")
        assert Version("0.15.1") in release("torch", "2.0.0").companions("torchvision")


class TestGlibc:
    """The base decides which wheel loads."""

    @pytest.mark.parametrize(
        ("suite", "answer"),
        [
            ("bullseye", Known.NO),
            ("ubuntu20.04", Known.NO),
            ("ubi9", Known.NO),
            ("bookworm", Known.YES),
            ("ubuntu22.04", Known.YES),
        ],
    )
    def test_vllm_0_20_needs_2_35(self, suite: str, answer: Known) -> None:
        """Source: file names on the package index; mayeut/pep600_compliance."""
        assert release("vllm", "0.20.0").fits(python("3.12"), "x86_64", glibc(suite)) is answer

    def test_without_a_known_base_that_stays_unknown(self) -> None:
        """No glibc, no answer."""
        assert release("vllm", "0.20.0").fits(python("3.12"), "x86_64") is Known.UNKNOWN

    def test_later_vllm_loads_on_less_again(self) -> None:
        """Source: file names on the package index."""
        assert {wheels.glibc for wheels in release("vllm", "0.22.0").wheels("x86_64")} == {(2, 28)}

    def test_xgboost_is_for_cpu_or_gpu_by_glibc(self) -> None:
        """Source: package index; xgboost 2.1.0 to 3.0.5 have two x86_64 wheels."""
        xgboost = release("xgboost", "3.0.5")
        old, new = xgboost.wheel(python("3.12"), "x86_64", (2, 17)), xgboost.wheel(python("3.12"), "x86_64", (2, 36))

        assert old is not None and old.size is not None and old.size < 10_000_000
        assert new is not None and new.size is not None and new.size > 90_000_000


class TestPythons:
    """Tags and Requires-Python together, both bounds of it."""

    def test_an_upper_bound_counts(self) -> None:
        """Source: package index; uv ignores the upper bound, pip obeys it."""
        vllm = release("vllm", "0.9.2")

        assert str(vllm.requires_python) == "<3.13,>=3.9"
        assert vllm.fits(python("3.12"), "x86_64", (2, 36)) is Known.YES
        assert vllm.fits(python("3.13"), "x86_64", (2, 36)) is Known.NO

    def test_without_requires_python_the_tags_answer(self) -> None:
        """Source: package index; no torchaudio has a Requires-Python."""
        torchaudio = release("torchaudio", "2.10.0")

        assert torchaudio.requires_python is None
        assert torchaudio.fits(python("3.12"), "x86_64", (2, 36)) is Known.YES
        assert torchaudio.fits(python("3.8"), "x86_64", (2, 36)) is Known.NO

    def test_a_pure_wheel_proves_little(self) -> None:
        """Source: package index; jax 0.5.3 fits Python 3.14 by its tags, the jaxlib that it needs does not."""
        assert release("jax", "0.5.3").fits(python("3.14"), "x86_64", (2, 36)) is Known.YES
        assert release("jaxlib", "0.5.3").fits(python("3.14"), "x86_64", (2, 36)) is Known.NO

    def test_a_free_threaded_build_is_not_the_usual_one(self) -> None:
        """Source: package index and pytorch/test-infra; `3.13t` is listed apart."""
        torch = release("torch", "2.9.1")
        variants = torch.variants("x86_64")
        assert variants is not None

        assert variants["cu128"].count(python("3.13")) == 1
        assert python("3.13") in torch.wheels("x86_64")[0].free_threaded


class TestOrder:
    """Releases are ordered by version, not by day."""

    def test_jax_0_8_3_came_after_0_9_0(self) -> None:
        """Source: package index."""
        older, newer = release("jax", "0.8.3"), release("jax", "0.9.0")
        order = FACTS.releases("jax")

        assert older.released > newer.released
        assert order.index(newer) < order.index(older)

    def test_gaps_in_the_numbers(self) -> None:
        """Source: package index; scikit-learn 1.4.1 exists as 1.4.1.post1 only, tensorflow has no 2.16.0."""
        assert FACTS.release("scikit-learn", "1.4.1") is None
        assert FACTS.release("scikit-learn", "1.4.1.post1") is not None
        assert FACTS.release("tensorflow", "2.16.0") is None

    def test_a_post_release_is_admitted_by_its_range(self) -> None:
        """PEP 440: `~=1.4.1` admits 1.4.1.post1."""
        assert release("scikit-learn", "1.4.1.post1") in FACTS.admitted("scikit-learn", "~=1.4.1")


class TestImages:
    """Which base images exist, and for how long."""

    @pytest.mark.parametrize(
        ("tag", "answer"),
        [
            ("12.8.1-cudnn-runtime-ubuntu24.04", Known.YES),
            ("12.3.2-cudnn9-runtime-ubuntu22.04", Known.YES),
            ("12.8.1-cudnn9-runtime-ubuntu24.04", Known.NO),  # bare label from 12.4.1 on
            ("12.4.0-cudnn-runtime-ubuntu22.04", Known.NO),
            ("12.5.0-cudnn-runtime-ubuntu22.04", Known.NO),
            ("12.8.1-cudnn-base-ubuntu24.04", Known.NO),  # never on base
            ("12.7.0-base-ubuntu22.04", Known.NO),  # there is no CUDA 12.7
            ("12.9.1-runtime-ubuntu18.04", Known.NO),
            ("13.1.0-cudnn-runtime-ubuntu24.04", Known.UNKNOWN),  # the newest when the list was read
            ("13.4.2-base-ubuntu26.04", Known.UNKNOWN),  # only seen in use
            ("11.0.3-base-centos7", Known.UNKNOWN),  # ended: it may be deleted
            ("99.9.9-base-ubuntu24.04", Known.UNKNOWN),
            ("latest", Known.UNKNOWN),
        ],
    )
    def test_cuda_tags(self, tag: str, answer: Known) -> None:
        """Source: NVIDIA's lists of tags as of 2025-12-15."""
        assert FACTS.has_cuda_image(tag) is answer

    def test_cuda_images_do_not_line_up_with_tensorflow(self) -> None:
        """Source: wheel metadata and image contents; TF 2.16 wants cuDNN 8.9, the one 12.3 image has 9.0."""
        assert FACTS.record("tensorflow==2.16.1")["and_cuda"]["cudnn"].startswith("8.9.")
        with_cudnn = {image.cudnn for image in FACTS.cuda_images(CudaVersion(12, 3)) if image.cudnn}
        assert {version.partition(".")[0] for version in with_cudnn} == {"9"}

    def test_slim_bullseye_is_not_rebuilt(self) -> None:
        """Source: docker-library/official-images; the last day was 2025-08-06."""
        image = FACTS.python_image("3.12-slim-bullseye")
        assert image is not None

        assert not image.built
        assert image.last_listed == "2025-08-06"

    def test_ends_of_life(self) -> None:
        """Source: endoflife-date/endoflife.date."""
        bookworm, python_3_10 = FACTS.suite("bookworm"), FACTS.python(python("3.10"))
        assert bookworm is not None and python_3_10 is not None

        assert (bookworm.eol, bookworm.lts_eol) == ("2026-07-11", "2028-06-30")
        assert python_3_10.eol == "2026-10-31"

    @pytest.mark.parametrize(
        ("suite", "text"),
        [
            ("bookworm", "3.11"),
            ("trixie", "3.13"),
            ("ubuntu22.04", "3.10"),
            ("ubuntu24.04", "3.12"),
            ("ubuntu26.04", "3.14"),
        ],
    )
    def test_each_suite_has_a_python_of_its_own(self, suite: str, text: str) -> None:
        """Source: package pages of python3."""
        found = FACTS.suite(suite)

        assert found is not None and found.python == python(text)


class TestDisagreement:
    """Where sources disagree, each value keeps its own."""

    def test_the_driver_of_cuda_12_8_0(self) -> None:
        """Source: release notes against the installer's name."""
        toolkit = FACTS.toolkit(CudaVersion(12, 8, 0))
        assert toolkit is not None

        assert toolkit.driver_toolkit == "570.26"
        assert toolkit.record["driver_in_installer_linux"] == "570.86.10"
        assert toolkit.source("driver_toolkit_linux") != toolkit.source("driver_in_installer_linux")

    def test_a_driver_floor_belongs_to_the_major_release(self) -> None:
        """Source: astral-sh/uv; minor-version compatibility, so 12.0 to 12.9 share one floor."""
        floors = {FACTS.driver_floor(t.version)[0] for t in FACTS.toolkits() if t.version.major == 12}

        assert floors == {"525.60.13"}
