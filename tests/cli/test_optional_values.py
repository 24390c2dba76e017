"""`--cuda` with and without a version."""

from __future__ import annotations

import pytest

from mlcontainers.cli.optional_values import spelled_out

LINES = (
    ("pin torch --cuda", "pin torch --cuda=newest"),
    ("pin --cuda torch", "pin --cuda=newest torch"),
    ("pin --cuda 12.8 torch", "pin --cuda=12.8 torch"),
    ("pin --cuda=12.8 torch", "pin --cuda=12.8 torch"),
    ("pin --cuda newest torch", "pin --cuda=newest torch"),
    ("pin --cuda cu128 torch", "pin --cuda=cu128 torch"),
    ("pin --cuda cupy-cuda12x", "pin --cuda=newest cupy-cuda12x"),
    ("pin --rocm --python 3.12 torch", "pin --rocm=newest --python 3.12 torch"),
    ("pin torch -- --cuda", "pin torch -- --cuda"),
    ("render --cuda", "render --cuda"),
)


@pytest.mark.parametrize(("written", "read"), LINES)
def test_a_version_may_be_left_out(written: str, read: str) -> None:
    assert spelled_out(written.split()) == read.split()
