"""What is decided about an image, from which facts, and what is refused."""

from __future__ import annotations

import pytest

from mlcontainers import Image, ImpossibleError, Plan, Sources, plan
from mlcontainers.values.accelerators import Cpu, Cuda

CPU_WHEEL = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"


def chosen(decided: Plan) -> list[str]:
    return [str(pin) for pin in decided.pins]


def refused(image: Image) -> str:
    with pytest.raises(ImpossibleError) as caught:
        plan(image)
    return str(caught.value)


class TestBase:
    """A slim Python image where the wheels bring CUDA, an nvidia/cuda image only where something needs it."""

    def test_slim_where_wheels_bring_cuda(self) -> None:
        assert (
            str(plan(Image.from_cuda("12.8", python="3.12").add_torch("2.9")).target.base)
            == "python:3.12-slim-bookworm"
        )

    def test_nvidia_where_nothing_brings_cuda(self) -> None:
        decided = plan(Image.from_cuda("12.8").add_sklearn())

        assert str(decided.target.base) == "nvidia/cuda:12.8.1-runtime-ubuntu24.04"
        assert [problem.code for problem in decided.problems] == ["cuda-from-base", "no-command"]

    def test_the_distributions_python_decides_there(self) -> None:
        assert 'Image.from_cuda("12.8", python="3.12")' in refused(Image.from_cuda("12.8", python="3.11").add_sklearn())

    def test_cuda_twice_is_told(self) -> None:
        decided = plan(Image.from_base("nvidia/cuda:12.8.1-runtime-ubuntu24.04").add_torch("2.9"))

        assert [problem.code for problem in decided.problems] == ["cuda-twice", "no-command"]

    def test_a_base_image_of_ones_own_needs_its_python_for_wheels_only(self) -> None:
        base = Image.from_base("registry.example.com/base:1")

        assert "which Python is inside" in refused(base.add_sklearn())
        assert plan(base.add_files("src", "/app")).target.python is None


class TestTorch:
    """The default wheel where its CUDA is the one asked for, else PyTorch's own index; companions of the same build."""

    def test_the_default_wheel(self) -> None:
        decided = plan(Image.from_cuda("12.8", python="3.12").add_torch("2.9", vision=True))

        assert chosen(decided) == ["torch==2.9.1", "torchvision==0.24.1"]
        assert "--default-index" not in decided.dockerfile.render()
        assert decided.driver_floor == "525.60.13"

    def test_another_cuda(self) -> None:
        decided = plan(Image.from_cuda("12.6", python="3.12").add_torch("2.9", vision=True))

        assert chosen(decided) == ["torch==2.9.1+cu126", "torchvision==0.24.1+cu126"]
        assert "--no-deps --default-index=https://download.pytorch.org/whl/cu126" in decided.dockerfile.render()

    def test_the_cpu(self) -> None:
        decided = plan(Image.from_cpu(python="3.11").add_torch("2.13.0"))

        assert chosen(decided) == ["torch==2.13.0+cpu"]
        assert decided.target.accelerator == Cpu()
        assert decided.driver_floor is None
        assert "NVIDIA" not in decided.dockerfile.render()

    def test_the_default_wheel_is_a_cpu_build_on_arm(self) -> None:
        """TRAPS.md, section 1: on aarch64 it is a CPU build through 2.10."""
        image = Image.from_cpu(python="3.12").with_platform("linux/arm64").add_torch("2.9.1")

        assert chosen(plan(image)) == ["torch==2.9.1"]

    def test_cuda_without_a_version_is_the_one_torch_is_made_for(self) -> None:
        decided = plan(Image.from_cuda(python="3.12").add_torch("2.13.0"))

        assert decided.target.accelerator == Cuda("13.0")

    def test_what_is_proved_goes_before_what_is_newer(self) -> None:
        """torch 2.15.0 has no torchvision that names it; 2.14.0 has one."""
        assert chosen(plan(Image.from_cuda().add_torch(vision=True))) == ["torch==2.14.0", "torchvision==0.29.0"]

    def test_never_an_extra_index(self) -> None:
        image = (
            Image.from_cuda("12.6", python="3.12").add_torch("2.9", vision=True).add_pip("numpy", requirements="r.txt")
        )

        assert "extra-index" not in plan(image).dockerfile.render()


class TestGpus:
    """`with_gpus`: a build runs on all of them, or another one is taken."""

    IMAGE = Image.from_cuda(python="3.12").add_torch("2.13.0")

    def test_a_build_without_code_for_one_is_passed_over(self) -> None:
        assert chosen(plan(self.IMAGE.with_gpus("RTX 4090"))) == ["torch==2.13.0"]
        assert chosen(plan(self.IMAGE.with_gpus("RTX 4090", "V100"))) == ["torch==2.13.0+cu126"]

    def test_the_reason_names_the_gpu_and_the_hint_works(self) -> None:
        text = refused(Image.from_cuda("13.0", python="3.12").add_torch("2.13.0").with_gpus("V100", "sm_89"))

        assert "torch 2.13.0 cannot be had for CUDA 13.0 on 8.9, V100 with Python 3.12" in text
        assert "compiled for compute capabilities 7.5, 8.0, 8.6, 9.0, 10.0, 12.0+PTX, not 7.0 (V100)" in text
        assert 'CUDA 12.6: Image.from_cuda("12.6", python="3.12")' in text

    def test_the_plan_says_what_they_are(self) -> None:
        (decision,) = (one for one in plan(self.IMAGE.with_gpus("h100", "9.0")).decisions if one.subject == "GPUs")

        assert (decision.choice, len(decision.because)) == ("9.0, h100", 1)
        assert "H100 has compute capability 9.0" in str(decision.because[0])

    def test_an_unknown_one_is_a_warning_with_its_neighbour(self) -> None:
        (problem, _) = plan(self.IMAGE.with_gpus("RTX 4091")).problems

        assert problem.code == "unknown-gpu"
        assert problem.hints == ("did you mean 'RTX 4090'?", "give its compute capability, as in '8.9'")

    def test_on_the_cpu_they_are_for_nothing(self) -> None:
        decided = plan(Image.from_cpu(python="3.12").add_torch("2.9").with_gpus("H100"))

        assert [problem.code for problem in decided.problems] == ["gpus-unused", "no-command"]


class TestRefusals:
    """What facts rule out, with the reason and the nearest that works."""

    def test_no_such_build(self) -> None:
        matrix = "[pytorch/test-infra tools/scripts/generate_binary_build_matrix.py, "
        builds = "is published for CPU, CUDA 12.6, CUDA 12.8, CUDA 13.0, ROCm 6.3, ROCm 6.4 on x86_64 and Python 3.12"

        assert refused(Image.from_cuda("12.4", python="3.12").add_torch("2.9")) == "\n".join(
            [
                "error[no-wheel]: torch 2.9 cannot be had for CUDA 12.4 with Python 3.12 on linux/amd64",
                "  where: layers[0] (torch)",
                f"  because: torch 2.9.1 {builds} {matrix}2025-11-11]",
                '  hint: CUDA 12.6: Image.from_cuda("12.6", python="3.12")',
                '  hint: torch 2.6.0: add_torch("2.6.0")',
            ]
        )

    def test_a_gap_between_cuda_releases(self) -> None:
        """TRAPS.md, trap 13: there is no CUDA 12.7."""
        assert refused(Image.from_cuda("12.7").add_torch()).startswith("error[no-cuda]: there is no CUDA 12.7\n")

    def test_a_companion_hole(self) -> None:
        """TRAPS.md, trap 2: torch 1.13 has a wheel for Python 3.11, torchvision 0.14 has none."""
        told = refused(Image.from_cuda("11.7", python="3.11").add_torch("1.13.1", vision=True))

        assert "torchvision 0.14.1 has wheels for Python 3.7, 3.8, 3.9, 3.10 on x86_64" in told
        assert 'python="3.10"' in told

    def test_a_machine_without_it(self) -> None:
        """TRAPS.md, trap 4: torch 2.5 on Python 3.13 is x86_64 only."""
        image = Image.from_cpu(python="3.13").add_torch("2.5.1")

        assert chosen(plan(image)) == ["torch==2.5.1+cpu"]
        assert "on aarch64" in refused(image.with_platform("linux/arm64"))

    def test_a_version_that_does_not_exist(self) -> None:
        told = refused(Image.from_cpu(python="3.12").add_torch("2.9.7"))

        assert "there is no torch 2.9.7; near it are 2.9.1 and 2.10.0" in told

    def test_a_framework_hidden_among_packages(self) -> None:
        told = refused(Image.from_cpu(python="3.12").add_pip("torch>=2", "torchvision"))

        assert told.count("error[framework-in-pip]") == 2
        assert "use add_torch(vision=True)" in told

    def test_a_package_that_contradicts_a_framework(self) -> None:
        told = refused(Image.from_cpu(python="3.12").add_sklearn("1.7").add_pip("scikit-learn<1.5"))

        assert told.startswith("error[contradiction]: scikit-learn<1.5 contradicts scikit-learn 1.7.2")

    def test_a_framework_twice(self) -> None:
        assert refused(Image.from_cpu().add_torch("2.9").add_torch("2.8")).startswith(
            "error[twice]: torch is added 2 times"
        )


class TestUnknown:
    """What facts do not know is a warning that the user can answer, and never a dead end."""

    @pytest.mark.parametrize(
        ("image", "code"),
        [
            (Image.from_cpu(python="3.12").add_torch("2.99"), "unknown-release"),
            (Image.from_cpu(python="3.12").add_torch("2.15"), "unknown-wheel"),
            (Image.from_cuda("13.2", python="3.12").add_torch("2.15", vision=True), "unknown-companion"),
            (Image.from_cuda("99.9", python="3.12").add_torch("2.15"), "unknown-cuda"),
            (Image.from_base("registry.example.com/x:1", python="3.12").add_sklearn(), "unknown-base"),
        ],
    )
    def test_is_told_and_can_be_answered(self, image: Image, code: str) -> None:
        warned = {problem.code: problem.severity for problem in plan(image).problems}
        answered = plan(image.with_assumption(code, "seen by hand"))

        assert warned[code] == "warning"
        assert {problem.code: problem.severity for problem in answered.problems}[code] == "info"
        assert "you said: seen by hand" in answered.explain()


class TestSources:
    """Where packages come from changes addresses, and nothing that was decided."""

    def test_a_wheel_of_just_this_build_is_taken_from_the_wheelhouse(self) -> None:
        image = Image.from_cpu(python="3.11").add_torch("2.13.0")
        usual, local = plan(image), plan(image, sources=Sources(wheelhouse=(CPU_WHEEL,)))

        assert chosen(usual) == chosen(local)
        assert local.contexts == ("wheelhouse",)
        assert "--no-deps --no-index --find-links=/wheelhouse" in local.dockerfile.render()
        assert local.decisions == usual.decisions

    def test_a_wheel_for_another_python_is_not(self) -> None:
        image = Image.from_cpu(python="3.12").add_torch("2.13.0")

        assert plan(image, sources=Sources(wheelhouse=(CPU_WHEEL,))).contexts == ()

    def test_a_mirror_stands_for_the_frameworks_index(self) -> None:
        mirrored = Sources(mirrors=(("pytorch", "https://index.example.com/pytorch"),))
        decided = plan(Image.from_cpu(python="3.11").add_torch("2.13.0"), sources=mirrored)

        assert "--default-index=https://index.example.com/pytorch" in decided.dockerfile.render()
        assert "download.pytorch.org" not in decided.dockerfile.render()

    def test_host_settings_are_optional_secrets_of_install_steps(self) -> None:
        image = Image.from_cpu(python="3.12").add_sklearn()
        lent = plan(image, sources=Sources(host_settings=True))

        assert lent.secrets == ("pip.conf", "uv.toml", "ca-certificates")
        assert lent.dockerfile.render().count("--mount=type=secret") == 6
        assert "required" not in lent.dockerfile.render()
        assert plan(image).secrets == ()


class TestRemarks:
    """What a careful reader would say."""

    def test_a_cpu_image_that_would_pull_cuda(self) -> None:
        decided = plan(Image.from_cpu(python="3.12").add_pip("accelerate"))

        assert next(problem.code for problem in decided.problems) == "pulls-cuda"

    def test_root(self) -> None:
        assert "root-user" in [problem.code for problem in plan(Image.from_cpu().with_user(0)).problems]

    def test_the_escape_hatch_is_loud(self) -> None:
        decided = plan(Image.from_cpu().add_run("curl x | sh"))

        assert "info[unchecked-command]: nothing is known about 'curl x | sh'" in decided.explain()


def test_what_a_release_imports_and_does_not_name_is_installed_with_it() -> None:
    image = Image.from_cpu(python="3.11")
    before, after = (plan(image.add_framework("spacy", version)) for version in ("3.8.11", "3.8.13"))
    reasons = [fact.claim for decision in before.decisions if decision.subject == "spacy" for fact in decision.because]

    assert "    spacy==3.8.11 \\\n    click \\\n" in before.dockerfile.render()
    assert "spacy 3.8.11: it imports click, which it does not name: typer 0.29 no longer brings it" in reasons
    assert "click" not in after.dockerfile.render()
