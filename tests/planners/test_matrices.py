"""Many images at once."""

from __future__ import annotations

import pytest

from mlcontainers import Image, InvalidImageError, Matrix, plan

TORCH = Image.from_cuda("12.8", python="3.12").add_torch("2.9").with_entrypoint("python", "-m", "serve")


def test_every_combination_is_planned_or_refused_with_its_reason() -> None:
    matrix = Matrix(TORCH, {"base.version": ["12.8", "12.4"], "base.python": ["3.11", "3.12"]})
    cells = matrix.plan()

    assert len(matrix) == len(cells) == 4
    assert [cell.name for cell in cells if cell.plan is None] == [
        "base.version=12.4 base.python=3.11",
        "base.version=12.4 base.python=3.12",
    ]
    assert "is published for CPU, CUDA 12.6" in cells[2].problems[0].because[0]


def test_a_cell_is_the_image_that_one_would_have_written() -> None:
    (cell,) = Matrix(TORCH, {"torch.version": ["2.8.0"], "platform": ["linux/arm64"], "base": [{"kind": "cpu"}]}).plan()
    image = Image.from_cpu().with_platform("linux/arm64").add_torch("2.8.0").with_entrypoint("python", "-m", "serve")

    assert cell.image == image
    assert cell.plan is not None
    assert cell.plan.dockerfile.render() == plan(image).dockerfile.render()


def test_none_leaves_a_field_out() -> None:
    (cell,) = Matrix(TORCH, {"base.python": [None]}).plan()

    assert cell.name == "base.python=none"
    assert cell.image is not None
    assert cell.image.base.python is None


def test_a_value_that_no_image_can_have_is_a_cell_of_its_own() -> None:
    good, bad = Matrix(TORCH, {"base.python": ["3.12", "three"]}).plan()

    assert good.plan is not None
    assert (bad.image, bad.plan) == (None, None)
    assert bad.problems


@pytest.mark.parametrize("field", ["pythn", "torch", "tensorflow.version", "layers[0].version"])
def test_an_axis_that_is_no_field_is_refused(field: str) -> None:
    with pytest.raises(InvalidImageError, match="no-field"):
        Matrix(TORCH, {field: ["1"]})


def test_an_axis_without_values_is_refused() -> None:
    with pytest.raises(InvalidImageError, match="empty-axis"):
        Matrix(TORCH, {"platform": []})
