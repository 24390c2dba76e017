"""Records are derived from pages and metadata that the index gave on 2026-11-23, cut down to a few releases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from mlcontainers.facts import catalogue
from mlcontainers.facts.deriving.files import IndexFile, releases
from mlcontainers.facts.deriving.projects import PROJECTS
from mlcontainers.facts.deriving.rules import derive, with_companions
from mlcontainers.facts.deriving.shapes import UnknownShapeError

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))
HAND = {"documented", "tested", "variants", "variants_named"}
SEEN_FROM_TORCH = {"torchvision", "torchaudio", "torchvision_admitting", "torchaudio_admitting"}


class Recorded:
    """An index that has what a file holds."""

    def __init__(self, path: Path) -> None:
        self.project = path.stem
        self.data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.files = tuple(IndexFile(**file) for file in self.data["files"])

    def metadata(self, file: IndexFile) -> str:
        return str(self.data["metadata"][file.name])

    def content(self, file: IndexFile, path: str) -> str:
        return str(self.data["content"][f"{file.name}:{path}"])

    def derived(self) -> dict[Version, dict[str, Any]]:
        project = PROJECTS[self.project]
        return {
            version: derive(project, release, self) for version, release in releases(self.project, self.files).items()
        }


def recorded(project: str) -> Recorded:
    return next(Recorded(path) for path in RECORDED if path.stem == project)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_what_is_derived_is_what_is_shipped(path: Path) -> None:
    left_out = HAND | (SEEN_FROM_TORCH if path.stem == "torch" else set[str]())
    for version, record in Recorded(path).derived().items():
        shipped = catalogue().record(f"{path.stem}=={version}")
        assert {k: v for k, v in shipped.items() if k not in left_out | {"sources"}} == {
            k: v for k, v in record.items() if k != "sources"
        }


class TestTraps:
    """`TRAPS` of the facts: each a release where a plain reading goes wrong."""

    def test_cuda_of_old_wheels_is_inside_them(self) -> None:
        wheels = recorded("torch").derived()[Version("1.7.1")]["linux"]["x86_64"]

        assert (wheels["build"], wheels["cuda"]) == ("cuda", "10.2")

    def test_the_same_release_is_a_cpu_build_on_another_machine(self) -> None:
        machines = recorded("torch").derived()[Version("2.9.1")]["linux"]

        assert (machines["x86_64"]["build"], machines["aarch64"]["build"]) == ("cuda", "cpu")

    def test_triton_was_late_for_a_python(self) -> None:
        wheels = recorded("torch").derived()[Version("2.2.2")]["linux"]["x86_64"]

        assert wheels["triton_pythons"] == ["3.8", "3.9", "3.10", "3.11"]
        assert "3.12" in wheels["pythons"]

    def test_stubs_are_told_by_their_size(self) -> None:
        record = recorded("tensorflow").derived()[Version("2.15.1")]

        assert record["linux"]["aarch64"]["via"] == {"tensorflow-cpu-aws": "==2.15.1"}
        assert "via" not in record["linux"]["x86_64"]

    def test_an_extra_that_needs_a_local_version_cannot_come_from_the_index(self) -> None:
        extras = recorded("jax").derived()[Version("0.4.23")]["extras"]

        assert extras["cuda12-pip"]["local_version"] is True
        assert "local_version" not in extras["cuda12"]

    def test_one_release_with_wheels_for_two_glibcs_keeps_them_apart(self) -> None:
        builds = recorded("xgboost").derived()[Version("2.1.0")]["linux"]["x86_64"]["builds"]

        assert [(build["glibc"], build["bytes"] > 100_000_000) for build in builds] == [("2.17", False), ("2.28", True)]

    def test_the_upper_bound_of_requires_python_counts(self) -> None:
        record = recorded("vllm").derived()[Version("0.9.2")]

        assert record["requires_python"] == "<3.13,>=3.9"
        assert record["linux"]["x86_64"]["pythons"][-1] == "3.12"

    def test_a_requirement_from_before_the_standard_is_unknown_and_not_guessed(self) -> None:
        derived = recorded("lightning").derived()

        assert "requires" not in derived[Version("1.8.1")]
        assert "torch" in derived[Version("2.6.6")]["requires"]

    def test_companions_name_one_torch_or_only_admit_it(self) -> None:
        torch = recorded("torch").derived()
        with_companions(torch, "torchvision", recorded("torchvision").derived())
        with_companions(torch, "torchaudio", recorded("torchaudio").derived())

        assert torch[Version("2.9.1")]["torchvision"] == ["0.24.1"]
        assert torch[Version("2.15.0")]["torchvision_admitting"] == ["0.29.1", "0.29.2"]
        assert torch[Version("2.15.0")]["torchaudio_admitting"] == ["2.11.0"]
        assert "torchaudio_admitting" not in torch[Version("2.9.1")]


def test_a_large_torch_wheel_that_names_no_cuda_is_told_and_not_guessed() -> None:
    index = recorded("torch")
    index.files = tuple(file for file in index.files if "-1.7.1-" in file.name)
    index.data["content"] = dict.fromkeys(index.data["content"], "__version__ = '1.7.1'\n")

    with pytest.raises(UnknownShapeError, match=r"torch 1\.7\.1: its wheel .* names no CUDA"):
        index.derived()


def test_files_that_are_no_release_count_for_nothing() -> None:
    file = recorded("scikit-learn").files[0]
    odd = [
        replace(file, name=name)
        for name in ("x.exe", "scikit_learn-1.zip.sig", "broken.whl", "scikit-learn-2.0rc1.tar.gz")
    ]

    assert releases("scikit-learn", odd) == {}
