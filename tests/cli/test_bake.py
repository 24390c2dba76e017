"""`bake`: each cell has its line, and the exit code is that of the worst."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.main import get_group

from mlcontainers.cli.program import program

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = (sys.executable, "-m", "mlcontainers", "bake")
DESCRIPTION = """\
schema = 1
[base]
kind = "cpu"
python = "3.11"
[[layers]]
kind = "run"
commands = ['test "$PWD" = /good']
"""


def run(folder: Path, matrix: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "image.toml").write_text(DESCRIPTION)
    (folder / "matrix.toml").write_text(matrix)
    command = (*PROGRAM, str(folder / "image.toml"), str(folder / "matrix.toml"), *options)
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
class TestWithAnEngine:
    AXES = 'schema = 1\n[axes]\nworkdir = ["/good", "/bad"]\n'

    def test_a_cell_that_fails_costs_no_other(self, tmp_path: Path) -> None:
        done = run(tmp_path, self.AXES, "--no-load", "--no-verify", "--tag", "app:of{workdir}")

        assert done.returncode == 3
        assert done.stdout == "built: workdir=/good: app:of-good\nfailed: workdir=/bad\n"
        assert "error[step-failed]" in done.stderr
        assert "Traceback" not in done.stderr

    def test_the_same_as_data(self, tmp_path: Path) -> None:
        done = run(tmp_path, self.AXES, "--no-load", "--no-verify", "--json")

        cells = json.loads(done.stdout)["cells"]
        events = [json.loads(line) for line in done.stderr.splitlines()]
        assert [(cell["cell"], cell["state"], cell["layer"]) for cell in cells] == [
            ("workdir=/good", "built", None),
            ("workdir=/bad", "failed", "layers[0] (run)"),
        ]
        assert {event["cell"] for event in events} == {"workdir=/good", "workdir=/bad"}
        assert done.returncode == 3


def test_impossible_ones_alone_are_an_answer(tmp_path: Path) -> None:
    done = run(tmp_path, 'schema = 1\n[axes]\nplatform = ["linux/s390x"]\n')

    assert (done.returncode, done.stdout) == (1, "impossible: platform=linux/s390x\n")


@pytest.mark.parametrize(
    ("matrix", "what"),
    [
        ("schema = 1\n", "a matrix has schema = 1 and [axes], and nothing else"),
        ("schema = 2\n[axes]\nplatform = []\n", "a matrix has schema = 1 and [axes], and nothing else"),
        ('schema = 1\n[axes]\nbase.python = ["3.11"]\n', "the axis 'base' is no list of values"),
        ("schema = ", "cannot be read as TOML"),
        ("schema = 1\n[axes]\nplatfrom = [1]\n", "the image has no field 'platfrom'"),
    ],
)
def test_what_is_no_matrix_is_wrong_use(tmp_path: Path, matrix: str, what: str) -> None:
    done = run(tmp_path, matrix)

    assert (done.returncode, done.stdout) == (2, "")
    assert what in done.stderr


def test_it_has_the_options_of_build() -> None:
    """But for those that are one image's: a platform is an axis, and each cell's events say what has changed."""
    build, bake = (
        {option for parameter in get_group(program()).commands[name].params for option in parameter.opts}
        for name in ("build", "bake")
    )

    assert build - bake == {"--platform", "--explain"}
    assert bake - build == {"matrix"}


def test_locked_without_a_lock_is_wrong_use(tmp_path: Path) -> None:
    done = run(tmp_path, 'schema = 1\n[axes]\nworkdir = ["/good"]\n', "--locked")

    assert (done.returncode, done.stdout) == (2, "")
    assert "error[no-lock]" in done.stderr


def test_a_base_that_the_lock_has_not_makes_its_cell_impossible(tmp_path: Path) -> None:
    """Before an engine is asked for anything."""
    (tmp_path / "image.lock.toml").write_text(
        f'schema = 2\ndate = "2026-11-20"\n[bases]\n"x:1" = "sha256:{"0" * 64}"\n'
    )
    done = run(tmp_path, 'schema = 1\n[axes]\nworkdir = ["/good"]\n', "--locked")

    assert (done.returncode, done.stdout) == (1, "impossible: workdir=/good\n")
    assert "error[not-locked]" in done.stderr
