"""What is let through as a conda package is one to those who install it: rattler, the library of pixi and of conda."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from hypothesis import example, given

from mlcontainers.errors import InvalidValueError
from mlcontainers.values.conda import CondaPackage, conda_channel, file_name, package_name, python_version
from tests.strategies import CONDA_CHANNELS, CONDA_PACKAGES, HOSTILE_TEXTS, LINES

rattler: Any = import_module("rattler")


def theirs(text: str) -> str | None:
    """The name that rattler reads; None where it reads none."""
    try:
        return str(rattler.MatchSpec(text).name.normalized)
    except import_module("rattler.exceptions").InvalidMatchSpecError:
        return None


class TestPackages:
    @given(CONDA_PACKAGES)
    @example("r-base 4.4.*")
    def test_they_read_the_same_name(self, text: str) -> None:
        assert CondaPackage.parse(text).name == theirs(text)

    @given(LINES)
    @example("a=1,")
    @example("a |1")
    def test_whatever_is_let_through_has_no_other_name(self, text: str) -> None:
        try:
            name = CondaPackage.parse(text).name
        except InvalidValueError:
            return
        assert theirs(text) in {name, None}

    @pytest.mark.parametrize("text", HOSTILE_TEXTS)
    def test_attacks_are_refused(self, text: str) -> None:
        with pytest.raises(InvalidValueError):
            CondaPackage.parse(text)
        with pytest.raises(InvalidValueError):
            conda_channel(text)

    @pytest.mark.parametrize(
        ("text", "name", "python"),
        [
            ("python=3.12", "python", "3.12"),
            ("python 3.12.*", "python", "3.12"),
            ("conda-forge::python==3.12.4", "python", "3.12"),
            ("python >=3.11,<3.13", "python", None),
            ("python[version='3.12.*']", "python", None),
            ("python-dateutil=3.12", "python-dateutil", None),
            ("Python=3.9", "python", "3.9"),
        ],
    )
    def test_names_and_pythons_of_files(self, text: str, name: str, python: str | None) -> None:
        assert (package_name(text), python_version(text)) == (name, python)
        assert theirs(text) in {name, None}

    @given(CONDA_CHANNELS)
    def test_channels(self, text: str) -> None:
        assert conda_channel(text) == text

    @pytest.mark.parametrize("suffix", [".conda", ".tar.bz2", ".conda#0123", ".tar.bz2#sha256:0123"])
    def test_files(self, suffix: str) -> None:
        assert file_name(f"https://conda.example.com/forge/linux-64/a-b-1.2-h1_0{suffix}") == ("a-b", "1.2")
