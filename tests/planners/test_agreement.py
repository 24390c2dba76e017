"""A sample of `tasks/agreement.py`: random questions, answered by us and by uv on the index itself."""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run

import pytest

PROGRAM = Path(__file__).parents[2] / "tasks" / "agreement.py"


@pytest.mark.index
def test_uv_agrees_with_us(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(PROGRAM),
        "--points=40",
        "--resolve=8",
        "--seed=5",
        f"--cache={tmp_path / 'uv.json'}",
    ]
    done = run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 points and 8 whole answers, 0 differ" in done.stdout
