"""Packages that are published as source only: told before a build, wherever they are asked for."""

from __future__ import annotations

import pytest

from mlcontainers import Image, ImpossibleError, Sources, pin, plan
from mlcontainers.facts import catalogue

CPU = Image.from_cpu(python="3.12")


def refused(image: Image, files: dict[str, str] | None = None) -> str:
    with pytest.raises(ImpossibleError) as caught:
        plan(image, context=files)
    return str(caught.value)


def codes(image: Image, sources: Sources | None = None) -> list[str]:
    return [problem.code for problem in plan(image, sources=sources).problems]


class TestAskedFor:
    """By name, in a file, as a framework, or without an image: the answer is the same."""

    def test_by_name(self) -> None:
        assert refused(CPU.add_torch("2.13.0").add_pip("Flash_Attn==2.8.3")) == (
            "error[source-only]: flash-attn has no wheel for Linux: it is compiled, against torch\n"
            "  where: layers[1] (pip)\n"
            "  because: no release of flash-attn up to 2.8.3.post2 has a wheel for Linux"
            " [Python index, page and newest sdist, 2026-11-25]\n"
            "  because: its authors have wheels at https://github.com/Dao-AILab/flash-attention/releases,"
            " each for one torch, CUDA and Python\n"
            '  hint: add_extension("flash-attn") compiles it in a stage of its own'
        )

    def test_in_a_file_to_the_line(self) -> None:
        text = refused(CPU.add_pip(requirements="requirements.txt"), {"requirements.txt": "fastapi\nmamba-ssm\n"})

        assert "where: requirements.txt:2" in text

    def test_as_a_framework(self) -> None:
        assert 'add_extension("causal-conv1d")' in refused(CPU.add_framework("causal-conv1d"))

    def test_without_an_image(self) -> None:
        answer = pin("torch", "flash-attn")

        assert answer.verdict == "impossible"
        assert [problem.code for problem in answer.problems] == ["source-only"]
        assert [fact.source for fact in answer.because] == ["Python index, page and newest sdist"]

    def test_under_a_marker_that_does_not_hold_without_an_image(self) -> None:
        assert pin("numpy", "annoy; python_version < '3.9'").verdict == "works"

    def test_several_at_once(self) -> None:
        assert refused(CPU.add_pip("annoy", "torch-scatter")).count("error[source-only]") == 2

    def test_under_a_marker_that_does_not_hold(self) -> None:
        assert codes(CPU.add_pip("annoy; python_version < '3.9'")) == ["no-command"]


class TestWaysOut:
    """Nobody is stopped who has a wheel or a compiler, or knows more than the facts."""

    def test_a_release_that_nobody_has_looked_at_is_a_warning(self) -> None:
        image = CPU.add_pip("annoy>=1.18")

        assert codes(image) == ["source-only", "no-command"]
        assert plan(image).problems[0].severity == "warning"
        assert plan(image.with_assumption("source-only", "on its page")).problems[0].severity == "info"
        assert pin("annoy>=1.18").verdict == "unknown"

    def test_an_index_of_ones_own(self) -> None:
        image = CPU.with_index("company", "https://index.example.com/simple", ["flash-attn"]).add_pip("flash-attn")

        assert "source-only" not in codes(image)

    def test_a_wheelhouse(self) -> None:
        sources = Sources(wheelhouse=("flash_attn-2.8.3-cp312-cp312-linux_x86_64.whl", "no wheel"))

        assert "source-only" not in codes(CPU.add_pip("flash-attn"), sources)

    def test_a_compiler_is_enough_for_what_needs_nothing_else(self) -> None:
        image = CPU.add_apt("g++=4:12.*").add_pip("annoy")

        assert "source-only" not in codes(image)
        assert "source-only" not in codes(
            Image.from_base("registry.example.com/base:1", python="3.12").add_pip("annoy")
        )
        assert "flash-attn has no wheel" in refused(image.add_pip("flash-attn"))


class TestFacts:
    """What the records say can be acted on."""

    @pytest.mark.parametrize("key", catalogue().keys("compiled"))
    def test_each_is_complete(self, key: str) -> None:
        row = catalogue().compiled(key.removeprefix("compiled "))

        assert row is not None
        assert row.against is None or row.build_requires, "what is compiled against torch is built in its environment"
        assert row.architectures is None or row.families
        assert row.cuda in {"only", "also", None}
