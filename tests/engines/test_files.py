"""Packages from files of the build context, installed on a real engine by both installers."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from mlcontainers import BuildFailedError, Image, InvalidValueError, build
from tests.engines.containers import output, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]
PYPROJECT = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.11"
dependencies = ["iniconfig>=2"]

[project.optional-dependencies]
more = ["six"]

[dependency-groups]
tools = ["sniffio", {include-group = "paths"}]
paths = ["pathspec"]
"""


def uv(folder: Path, *arguments: str) -> None:
    program = str(Path(sysconfig.get_path("scripts")) / "uv")
    subprocess.run([program, *arguments, "--quiet"], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every kind of file; the locks are made here, so that their addresses are those of this host."""
    folder = tmp_path_factory.mktemp("context")
    (folder / "deploy").mkdir()
    (folder / "locked").mkdir()
    (folder / "deploy/requirements.txt").write_text("-r ../base.txt\n-c limits.txt\nzipp; python_version < '3'\n")
    (folder / "base.txt").write_text("toolz  # from here\n")
    (folder / "deploy/limits.txt").write_text("toolz<1\n")
    for name in ("pyproject.toml", "locked/pyproject.toml"):
        (folder / name).write_text(PYPROJECT)
    uv(folder / "locked", "lock")
    shared = ("export", "--frozen", "--no-emit-project", "--no-default-groups")
    uv(folder / "locked", *shared, "--format=pylock.toml", "--output-file=pylock.toml")
    uv(folder / "locked", *shared, "--extra=more", "--format=requirements-txt", "--output-file=requirements.lock")
    return folder


@pytest.fixture
def tag() -> Iterator[str]:
    with temporary_tag() as name:
        yield name


def names(tag: str) -> set[str]:
    program = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    return set(output(tag, "python", "-c", program).split()) - {"pip", "setuptools", "wheel"}


class TestInstalled:
    @pytest.mark.parametrize("installer", ["uv", "pip"])
    def test_nested_requirements_and_locks(self, installer: Literal["uv", "pip"], context: Path, tag: str) -> None:
        image = (
            Image.from_cpu(python="3.11")
            .with_installer(installer, bytecode=False)
            .add_pip(requirements="deploy/requirements.txt")
            .add_pip(lock="locked/pylock.toml")
            .add_pip(lock="locked/requirements.lock")
        )

        build(image, context=context, tags=[tag], host_settings=True)

        assert names(tag) == {"toolz", "iniconfig", "six"}
        assert not {"requirements", "routed"} & set(output(tag, "ls", "-A", "/tmp").split())
        site = "/usr/local/lib/python3.11/site-packages"
        assert output(tag, "find", f"{site}/iniconfig", f"{site}/toolz", "-name", "*.pyc") == ""

    def test_a_pyproject_and_its_lock_without_the_project(self, context: Path, tag: str) -> None:
        image = (
            Image.from_cpu(python="3.11")
            .add_pip(pyproject="pyproject.toml", extras=["more"], groups=["tools"])
            .add_pip(lock="locked/uv.lock", extras=["more"])
        )

        build(image, context=context, tags=[tag], host_settings=True)

        assert names(tag) == {"iniconfig", "six", "sniffio", "pathspec"}
        site = "/usr/local/lib/python3.11/site-packages"
        assert output(tag, "find", f"{site}/iniconfig", "-name", "*.pyc") != ""


class TestRefused:
    def test_a_wrong_hash(self, context: Path, tmp_path: Path) -> None:
        (tmp_path / "requirements.lock").write_text(f"toolz==1.0.0 --hash=sha256:{'0' * 64}\n")

        with pytest.raises(BuildFailedError) as caught:
            build(Image.from_cpu(python="3.11").add_pip(lock="requirements.lock"), context=tmp_path, host_settings=True)

        assert caught.value.problems[0].code == "wrong-hash"
        assert "toolz" in caught.value.problems[0].what

    def test_another_version_of_a_framework_is_told_before_the_build(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_text("-r more.txt\n")
        (tmp_path / "more.txt").write_text("\ntorch==2.8.0\n")
        image = Image.from_cpu(python="3.11").add_torch("2.9").add_pip(requirements="requirements.txt")

        with pytest.raises(Exception, match="contradiction") as caught:
            build(image, context=tmp_path)

        assert "more.txt:2" in str(caught.value)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidValueError, match=r"there is no file requirements\.txt in the build context"):
            build(Image.from_cpu(python="3.11").add_pip(requirements="requirements.txt"), context=tmp_path)
