"""Layers are written by how often they change, so that a change of code leaves everything heavy cached."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import Image, ImpossibleError, plan
from mlcontainers.layers import Volatility
from mlcontainers.planners.ordering import written_order
from tests.strategies import IMAGES, PATHS

if TYPE_CHECKING:
    from collections.abc import Callable


class TestOrder:
    """Sorted by volatility between shell commands, past which nothing moves."""

    @given(IMAGES)
    def test_it_is_a_permutation(self, image: Image) -> None:
        assert sorted(written_order(image.layers)) == list(range(len(image.layers)))

    @given(IMAGES)
    def test_nothing_moves_past_a_shell_command(self, image: Image) -> None:
        written = written_order(image.layers)
        for barrier, layer in enumerate(image.layers):
            if layer.volatility is Volatility.BARRIER:
                place = written.index(barrier)
                assert set(written[:place]) == set(range(barrier))

    @given(IMAGES)
    def test_between_them_the_steady_stand_before_the_restless(self, image: Image) -> None:
        written = [image.layers[position].volatility for position in written_order(image.layers)]
        for before, after in itertools.pairwise(written):
            assert before <= after or Volatility.BARRIER in {before, after}


class TestNeeds:
    """Who needs a framework is installed after it, in whichever order they were added."""

    @pytest.mark.parametrize("name", ["lightning", "sentence-transformers", "accelerate"])
    @pytest.mark.parametrize("start", [Image.from_cpu(python="3.12"), Image.from_cuda("12.8", python="3.12")])
    def test_torch_comes_first(self, start: Image, name: str) -> None:
        """Else the installer brings whichever build of torch it likes, and gigabytes of CUDA with it."""
        one = plan(start.add_framework(name).add_torch("2.9")).dockerfile.render()
        other = plan(start.add_torch("2.9").add_framework(name)).dockerfile.render()

        assert one == other
        assert one.index(" torch==2.9") < one.index(f" {name}==")

    def test_a_chain_of_needs_is_followed(self) -> None:
        start = Image.from_cpu(python="3.12")
        steps: list[Callable[[Image], Image]] = [
            lambda image: image.add_framework("sentence-transformers"),
            lambda image: image.add_transformers(),
            lambda image: image.add_torch(),
            lambda image: image.add_sklearn(),
        ]
        for one, two, three, four in itertools.permutations(steps):
            text = plan(four(three(two(one(start))))).dockerfile.render()
            places = [text.index(f" {name}==") for name in ("torch", "sentence-transformers")]
            assert places == sorted(places)
            assert text.index(" transformers==") < places[1]
            assert text.index(" scikit-learn==") < places[1]

    def test_behind_a_command_it_is_refused(self) -> None:
        image = Image.from_cpu(python="3.12").add_framework("lightning").add_run("true").add_torch()

        with pytest.raises(ImpossibleError) as caught:
            plan(image)

        assert str(caught.value) == (
            "error[needed-earlier]: layers[0] (framework) needs torch, which layers[2] (torch) installs behind a shell command\n"
            "  where: layers[0] (framework)\n"
            "  because: nothing moves past a command that nobody knows\n"
            "  because: without it the first brings another torch\n"
            "  hint: add torch before the command"
        )


class TestCachedPrefix:
    """Changing what comes late leaves every byte above it as it was."""

    @given(IMAGES, PATHS, PATHS, st.text("abc", max_size=3))
    def test_files_come_after_all_that_is_heavy(self, image: Image, one: str, other: str, name: str) -> None:
        steady = Image(base=image.base, layers=tuple(x for x in image.layers if x.volatility < Volatility.CODE))
        first = plan(steady.add_files(one, "/app")).dockerfile.render()
        second = plan(steady.add_files(other, "/app")).dockerfile.render()

        assert first.partition("COPY ")[0] == second.partition("COPY ")[0]
        assert "uv pip install" not in first.partition("COPY ")[2]

    def test_system_packages_come_in_one_instruction(self) -> None:
        image = (
            Image.from_cpu(python="3.12").add_apt("zlib1g").add_sklearn().add_files("x", "/x").add_apt("curl", "zlib1g")
        )
        text = plan(image).dockerfile.render()

        assert text.count("apt-get install") == 1
        assert text.index("curl \\\n") < text.index("zlib1g \\\n") < text.index("scikit-learn")
        assert "layers[0] (apt), layers[3] (apt)" in plan(image).origins

    def test_one_more_small_package_leaves_the_framework(self) -> None:
        image = Image.from_cpu(python="3.12").add_torch("2.9").add_pip("numpy")
        one = plan(image).dockerfile.render()
        other = plan(Image.from_cpu(python="3.12").add_pip("numpy", "pandas").add_torch("2.9")).dockerfile.render()
        framework = one.index("ENV PIP_CONSTRAINT")

        assert one[:framework] == other[:framework]
