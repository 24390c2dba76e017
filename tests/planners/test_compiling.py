"""Extensions: which stage, which nvcc, which GPUs, and what stands against compiling one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlcontainers import Dockerfile, Image, ImpossibleError, InvalidImageError, Plan, Sources, plan
from mlcontainers.dockerfile import Copy, Run
from mlcontainers.values.locks import Lock

if TYPE_CHECKING:
    from mlcontainers.dockerfile.document import Stage


CPU = Image.from_cpu(python="3.12")
CUDA_13 = Image.from_cuda("13.0", python="3.12").add_torch("2.13.0")
CUDA_12 = Image.from_cuda("12.8", python="3.12").add_torch("2.9")


def stage(decided: Plan, name: str) -> str:
    """The text of one stage."""
    (found,) = (stage for stage in decided.dockerfile.stages if stage.name == name)
    return text_of(found)


def text_of(stage: Stage) -> str:
    return Dockerfile.of(*stage.instructions).render()


def refused(image: Image) -> list[str]:
    with pytest.raises(ImpossibleError) as caught:
        plan(image)
    return [problem.code for problem in caught.value.problems]


class TestDoors:
    """Python and TOML say the same."""

    def test_round_trip(self) -> None:
        image = CUDA_13.with_gpus("H100").add_extension(
            "Zz_Kernels",
            ">=1,<3",
            source="native",
            build_requires=["ninja", "setuptools"],
            apt=["libopenblas-dev"],
            cuda=True,
            env={"NVCC_THREADS": "2"},
            jobs=4,
        )

        assert Image.parse(image.dump()) == image
        assert Image.parse(image.dump("json"), "json") == image

    def test_nothing_to_import_is_not_the_same_as_nothing_said(self) -> None:
        image = CPU.add_extension("zz-plain", build_requires=[])

        assert Image.parse(image.dump()) == image != CPU.add_extension("zz-plain")
        assert "--no-build-isolation" in stage(plan(image), "build-zz-plain")
        assert "--no-build-isolation" not in stage(plan(CPU.add_extension("zz-plain")), "build-zz-plain")

    def test_a_version_in_the_name_is_told(self) -> None:
        with pytest.raises(InvalidImageError) as caught:
            CPU.add_extension("flash-attn==2.8")

        assert caught.value.problems[0].hints == ("give the version as version=",)


class TestStages:
    """One stage for each extension, on top of all that is there by then; the image goes on from the same."""

    IMAGE = CPU.add_sklearn().add_extension("annoy").add_extension("zz-one").add_pip("six").add_files("src", "/app")

    def test_side_by_side_they_stand_on_the_same(self) -> None:
        names = [(one.base.image, one.name) for one in plan(self.IMAGE).dockerfile.stages[2:]]

        assert names == [
            ("python:3.12-slim-bookworm", "before-annoy"),
            ("before-annoy", "build-annoy"),
            ("before-annoy", "build-zz-one"),
            ("before-annoy", None),
        ]

    def test_behind_a_command_they_see_what_it_did(self) -> None:
        image = CPU.add_extension("annoy").add_run("make-something").add_extension("zz-two")
        names = [(one.base.image, one.name) for one in plan(image).dockerfile.stages[3:]]

        assert names == [
            ("before-annoy", "build-annoy"),
            ("before-annoy", "before-zz-two"),
            ("before-zz-two", "build-zz-two"),
            ("before-zz-two", None),
        ]

    def test_compilers_are_in_no_layer_of_the_image(self) -> None:
        decided = plan(self.IMAGE)
        chain = [one for one in decided.dockerfile.stages if one.name in {None, "before-annoy"}]

        assert not any("g++" in text_of(one) or "pip wheel" in text_of(one) for one in chain)
        assert not any(isinstance(node, Copy) and node.from_ for node in decided.dockerfile.instructions)

    def test_frameworks_are_installed_once_and_in_the_same_layer_as_without_one(self) -> None:
        def framework(image: Image) -> list[Run]:
            found = plan(image).dockerfile.instructions
            return [node for node in found if isinstance(node, Run) and "scikit-learn==" in str(node.command)]

        assert len(framework(self.IMAGE)) == 1
        assert framework(self.IMAGE) == framework(CPU.add_sklearn().add_pip("six"))

    def test_the_forecast_counts_the_layers_below_too(self) -> None:
        without = plan(CPU.add_sklearn().add_pip("six").add_files("src", "/app"))

        assert plan(self.IMAGE).forecast.layers == without.forecast.layers + 2

    def test_variables_of_the_image_come_behind(self) -> None:
        decided = plan(self.IMAGE.with_env(HF_HUB_OFFLINE="1"))

        assert "HF_HUB_OFFLINE" in text_of(decided.dockerfile.stages[-1])
        assert "HF_HUB_OFFLINE" not in stage(decided, "before-annoy")

    def test_what_comes_later_keeps_it(self) -> None:
        *_, last = plan(CPU.add_extension("annoy").add_pip("six")).dockerfile.stages
        _, extension, pip = (node for node in (*last.instructions, None) if node is None or isinstance(node, Run))

        assert ">> /etc/python-constraints.txt" in text_of(last)
        assert pip is None and extension is not None
        assert "--constraint=/etc/python-constraints.txt" in str(extension)

    def test_pip_as_installer_needs_no_second_one(self) -> None:
        names = [one.name for one in plan(CPU.with_installer("pip").add_extension("annoy")).dockerfile.stages]

        assert names == ["pip", "before-annoy", "build-annoy", None]

    def test_equal_layers_for_equal_locks_name_every_base(self) -> None:
        image = CUDA_12.add_extension("torch-scatter")
        bases = ("python:3.12-slim-bookworm", "nvidia/cuda:12.8.1-devel-ubuntu22.04")
        locked = plan(image, lock=Lock.of("2026-11-25", dict.fromkeys(bases, f"sha256:{'0' * 64}")))

        starts = [one.base.image for one in locked.dockerfile.stages]
        assert all("@sha256:" in start or start.startswith("before-") for start in starts)


class TestToolkit:
    """nvcc is of the CUDA release that the frameworks are made for, from where it can be had."""

    def test_wheels_of_cuda_13_have_it(self) -> None:
        decided = plan(CUDA_13.add_extension("flash-attn"))

        assert "cuda-toolkit[nvcc]==13.0.*" in stage(decided, "build-flash-attn")
        assert "CUDA_HOME=/usr/local/cuda-13.0" in stage(decided, "build-flash-attn")
        assert "nvidia/cuda" not in decided.dockerfile.render()

    def test_for_cuda_12_it_is_mounted_from_an_image_that_is_not_newer_than_the_base(self) -> None:
        decided = plan(CUDA_12.add_extension("torch-scatter"))
        text = stage(decided, "build-torch-scatter")

        assert stage(decided, "cuda") == "FROM nvidia/cuda:12.8.1-devel-ubuntu22.04 AS cuda\n"
        assert "from=cuda,source=/usr/local/cuda-12.8,target=/usr/local/cuda-12.8" in text
        assert "cuda-toolkit" not in text

    def test_on_an_nvidia_base_it_is_that_of_the_same_release_and_distribution(self) -> None:
        image = Image.from_cuda("13.0", python="3.12").add_extension("zz-kernels", build_requires=["setuptools"])
        decided = plan(image.with_gpus("H100"))

        assert str(decided.target.base).endswith("-runtime-ubuntu24.04")
        assert stage(decided, "cuda").endswith("-devel-ubuntu24.04 AS cuda\n")
        assert "python3-dev" in stage(decided, "build-zz-kernels")

    def test_a_gcc_that_nvcc_does_not_take_is_told(self) -> None:
        image = Image.from_cuda("11.8", python="3.11").add_torch("2.7").add_extension("flash-attn")

        with pytest.raises(ImpossibleError) as caught:
            plan(image)

        (problem,) = caught.value.problems
        assert problem.code == "no-compiler"
        assert [fact.partition(" [")[0] for fact in problem.because] == [
            "it takes gcc up to 11",
            "Debian 12 has gcc 12",
        ]
        assert problem.hints == ("that of CUDA 12.0 and newer does",)

    def test_a_cuda_that_the_facts_do_not_know_is_as_its_series(self) -> None:
        image = Image.from_base("python:3.12-slim-bookworm", cuda="13.9").with_gpus("H100")
        decided = plan(image.add_extension("zz-kernels", build_requires=["setuptools"]))

        assert "cuda-toolkit[nvcc]==13.9.*" in stage(decided, "build-zz-kernels")

    def test_what_is_not_built_beside_the_frameworks_gets_none(self) -> None:
        assert "CUDA_HOME" not in plan(CUDA_13.add_extension("zz-plain")).dockerfile.render()
        assert "CUDA_HOME" not in plan(CUDA_13.add_extension("annoy")).dockerfile.render()
        assert "CUDA_HOME" in plan(CUDA_13.add_extension("annoy", cuda=True)).dockerfile.render()
        assert "CUDA_HOME" not in plan(CUDA_13.add_extension("flash-attn", cuda=False)).dockerfile.render()


class TestGpus:
    """Compiled for the GPUs that are named, else for those of torch's own build."""

    def test_those_that_are_named(self) -> None:
        decided = plan(CUDA_13.add_extension("torch-scatter").with_gpus("RTX 4090", "H100"))

        assert "'TORCH_CUDA_ARCH_LIST=8.9;9.0'" in stage(decided, "build-torch-scatter")

    def test_else_what_torch_has_and_the_plan_says_so(self) -> None:
        decided = plan(CUDA_13.add_extension("torch-scatter"))

        assert "'TORCH_CUDA_ARCH_LIST=7.5;8.0;8.6;9.0;10.0;12.0+PTX'" in stage(decided, "build-torch-scatter")
        assert "so it is compiled for what torch itself is compiled for" in decided.explain()

    def test_in_the_words_of_the_package(self) -> None:
        decided = plan(CUDA_13.add_extension("flash-attn").with_gpus("RTX 4090", "B300"))

        assert "'FLASH_ATTN_CUDA_ARCHS=80;100'" in stage(decided, "build-flash-attn")
        assert "TORCH_CUDA_ARCH_LIST" not in decided.dockerfile.render()

    def test_one_that_asks_nobody_is_told_nothing(self) -> None:
        decided = plan(CUDA_13.add_extension("mamba-ssm").with_gpus("H100"))

        assert "ARCH" not in stage(decided, "build-mamba-ssm")
        assert "for its own list of GPUs with CUDA 13.0" in decided.explain()

    def test_a_gpu_that_it_has_no_code_for(self) -> None:
        assert refused(CUDA_13.add_extension("flash-attn").with_gpus("T4")) == ["no-code"]

    def test_a_gpu_that_this_cuda_does_not_compile_for(self) -> None:
        image = Image.from_cuda("12.6", python="3.12").add_extension("zz-kernels", build_requires=["setuptools"])

        assert refused(image.with_gpus("RTX 5090")) == ["no-code"]

    def test_where_nobody_knows(self) -> None:
        image = Image.from_cuda("12.8", python="3.12").add_extension("zz-kernels", build_requires=["setuptools"])
        codes = [problem.code for problem in plan(image).problems]

        assert "unknown-gpus" in codes
        assert "unknown-gpus" not in [problem.code for problem in plan(image.with_gpus("H100")).problems]

    def test_the_users_own_word_wins(self) -> None:
        decided = plan(CUDA_13.add_extension("torch-scatter", env={"TORCH_CUDA_ARCH_LIST": "9.0a"}))

        assert "TORCH_CUDA_ARCH_LIST=9.0a" in stage(decided, "build-torch-scatter")


class TestRefusals:
    """What can be known before a compiler runs for half an hour."""

    def test_without_what_it_is_compiled_against(self) -> None:
        image = Image.from_cuda("13.0", python="3.12").add_jax().add_extension("flash-attn")

        assert refused(image) == ["needs-framework"]
        assert refused(CPU.add_extension("torch-scatter").add_run("true").add_torch("2.9")) == ["needs-framework"]

    def test_kernels_for_gpus_in_an_image_for_the_cpu(self) -> None:
        assert refused(CPU.add_torch("2.9").add_extension("flash-attn")) == ["needs-gpu"]

    def test_twice(self) -> None:
        assert refused(CPU.add_extension("annoy").add_extension("Annoy")) == ["twice"]
        assert refused(CPU.add_sklearn().add_extension("scikit-learn")) == ["framework-twice"]

    def test_one_that_is_to_come_from_an_index_of_ones_own(self) -> None:
        image = CPU.with_index("company", "https://index.example.com/simple", ["annoy"])

        assert refused(image.add_extension("annoy")) == ["extension-elsewhere"]

    def test_without_a_network(self) -> None:
        with pytest.raises(ImpossibleError) as caught:
            plan(CPU.add_extension("annoy"), sources=Sources(offline=True))

        assert "needs-network" in [problem.code for problem in caught.value.problems]

    def test_a_folder_of_that_name_may_hold_anything(self) -> None:
        decided = plan(CPU.add_extension("flash-attn", source="native"))

        assert "pip wheel" in stage(decided, "build-flash-attn")
        assert "FORCE_BUILD" not in decided.dockerfile.render()
