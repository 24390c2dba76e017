"""`mlcontainers fmt`: files are written whole or not at all, and say the same as before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_program import mlcontainers

if TYPE_CHECKING:
    from pathlib import Path

UGLY = """\
from  x   as Base\r
#why
run a \\
  # the reason

  && b   \\
 && c
ENV a b c
"""
TIDY = """\
FROM x AS base
# why
# the reason
RUN a \\
  && b   \\
 && c
ENV a=b\\ c
"""


def test_a_file_is_put_into_canonical_form(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_bytes(UGLY.encode())
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)

    first = mlcontainers("fmt", str(link))

    assert (first.returncode, first.stdout, first.stderr) == (0, "", f"{link}: changed\n")
    assert file.read_text() == TIDY
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["Dockerfile", "link"]
    assert mlcontainers("fmt", str(file)).stderr == f"{file}: in canonical form already\n"


def test_check_changes_nothing(tmp_path: Path) -> None:
    ugly, tidy = tmp_path / "ugly", tmp_path / "tidy"
    ugly.write_bytes(UGLY.encode())
    tidy.write_text(TIDY)

    answer = mlcontainers("fmt", "--check", str(ugly), str(tidy))

    assert answer.returncode == 1
    assert answer.stderr == f"{ugly}: would be changed\n{tidy}: in canonical form already\n"
    assert ugly.read_bytes() == UGLY.encode()
    assert mlcontainers("fmt", "--check", str(tidy)).returncode == 0


def test_standard_input_goes_to_standard_output() -> None:
    answer = mlcontainers("fmt", "-", given=UGLY)

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, TIDY, "")
    (document,) = json.loads(mlcontainers("fmt", "-", "--json", given=UGLY).stdout)
    assert document == {"file": "-", "changed": True, "problems": [], "dockerfile": TIDY}


def test_a_file_that_cannot_be_read_stays_and_the_others_are_written(tmp_path: Path) -> None:
    wrong, ugly = tmp_path / "wrong", tmp_path / "ugly"
    wrong.write_text("FROM x\n  RNU true\n")
    ugly.write_bytes(UGLY.encode())

    answer = mlcontainers("fmt", str(wrong), str(ugly))

    assert answer.returncode == 1
    assert (
        answer.stderr
        == f"""\
error[unknown-instruction]: there is no instruction 'RNU'
  where: {wrong}:2
     2 |   RNU true
       |   ^^^
  hint: did you mean 'RUN'?
{wrong}: cannot be formatted
{ugly}: changed
"""
    )
    assert wrong.read_text() == "FROM x\n  RNU true\n"
    assert ugly.read_text() == TIDY


@pytest.mark.parametrize("missing", ("nowhere/Dockerfile", "."))
def test_what_is_no_file_is_wrong_use(missing: str) -> None:
    answer = mlcontainers("fmt", missing)

    assert answer.returncode == 2
    assert answer.stderr.startswith("error[unreadable]: cannot read ")
