"""What is fetched is forecast whole, and what nobody has measured is named."""

from __future__ import annotations

import pytest

from mlcontainers import Image, plan

CUDA = Image.from_cuda(python="3.12")


class TestLibrariesOfCuda:
    """They are the heaviest of all, and come as wheels of their own."""

    @pytest.mark.parametrize("image", [CUDA.add_tensorflow("2.20"), CUDA.add_keras().add_tensorflow("2.20")])
    def test_keras_beside_tensorflow_hides_none_of_them(self, image: Image) -> None:
        """tensorflow 2.20's wheel has 0.6 GB, and what `and-cuda` pins nearly 3 GB (Python index)."""
        assert plan(image).forecast.download > 3_000_000_000

    def test_they_are_counted_once_for_torch_and_what_needs_it(self) -> None:
        alone = plan(CUDA.add_torch("2.9")).forecast.download
        both = plan(CUDA.add_torch("2.9").add_framework("lightning")).forecast.download

        assert alone < both < 1.05 * alone

    def test_none_is_in_an_image_for_the_cpu(self) -> None:
        assert plan(Image.from_cpu(python="3.12").add_tensorflow("2.20")).forecast.download < 500_000_000


class TestUnknown:
    def test_extras_that_nobody_has_measured_are_named(self) -> None:
        image = Image.from_cuda("12.9", python="3.12").add_framework("cupy-cuda12x", extras=["ctk"])

        assert plan(image).forecast.unknown == ("cupy-cuda12x[ctk]",)
