"""A wheelhouse is a folder with wheels in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlcontainers import InvalidValueError
from mlcontainers.engines.wheelhouse import wheel_names

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_sorted_and_of_wheels_alone(tmp_path: Path) -> None:
    for name in ("b-1-py3-none-any.whl", "a-1-py3-none-any.whl", "notes.txt"):
        (tmp_path / name).touch()

    assert wheel_names(tmp_path) == ("a-1-py3-none-any.whl", "b-1-py3-none-any.whl")


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError) as caught:
        wheel_names(tmp_path)

    assert str(caught.value) == (
        f"error[no-wheelhouse]: there is no wheel in {str(tmp_path)!r}\n"
        "  where: wheelhouse\n"
        "  hint: fill it: pip download --only-binary=:all: --dest FOLDER PACKAGE"
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="is no folder"):
        wheel_names(tmp_path / "missing")
