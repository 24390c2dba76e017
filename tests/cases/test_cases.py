"""The gallery: an image.toml, the Dockerfile it becomes, the plan that says why; and what other readers say of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from mlcontainers import Dockerfile, Image, Lock, Plan, check, plan
from mlcontainers.dockerfile.second_reader import differences
from mlcontainers.engines import read_context
from mlcontainers.engines.client import docker_program
from mlcontainers.engines.intent import base_images

HERE = Path(__file__).parent
FILES = {"description": "image.toml", "Dockerfile": "Dockerfile", "plan": "plan.txt"}
CASES = sorted(file.parent.name for file in HERE.glob("*/image.toml"))
HADOLINT = Path(sysconfig.get_path("scripts")) / "hadolint"


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Path:
    return HERE / str(request.param)


def planned(case: Path) -> Plan:
    """The plan of a case; a folder `context` holds the files that it names, and a lock lies beside it."""
    image = Image.load(case / "image.toml")
    context, held = case / "context", case / "image.lock.toml"
    lock = Lock.parse(held.read_text(encoding="utf-8")) if held.is_file() else None
    return plan(image, context=read_context(image, context) if context.is_dir() else None, lock=lock)


class TestExpected:
    """What an image becomes is written down, so that a change of it can be reviewed."""

    @pytest.mark.parametrize("name", ["Dockerfile", "plan.txt"])
    def test_equals_the_file(self, case: Path, name: str, pytestconfig: pytest.Config) -> None:
        decided = planned(case)
        text = decided.dockerfile.render() if name == "Dockerfile" else decided.explain()
        if pytestconfig.getoption("--write-goldens"):
            (case / name).write_text(text, encoding="utf-8")

        assert text == (case / name).read_text(encoding="utf-8")

    def test_every_origin_names_a_part_of_the_image(self, case: Path) -> None:
        decided = planned(case)

        assert len(decided.origins) == len(decided.dockerfile.instructions)
        assert all(decided.origins)

    def test_is_the_same_in_another_process(self, case: Path) -> None:
        """No order of a set, no hash seed, no clock enters."""
        program = (
            "import pathlib, sys; from tests.cases.test_cases import planned;"
            "print(end=planned(pathlib.Path(sys.argv[1])).dockerfile.render())"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", program, str(case)],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }

        assert outputs == {(case / "Dockerfile").read_bytes()}


GALLERY = HERE.parents[1] / "docs" / "gallery.md"
HEAD = """\
# Gallery

Images as they are described, the Dockerfile that each becomes, and the plan that says why. The tests write every one of
them again and compare; `hadolint` and BuildKit's own checks find nothing in any of them.

| image | shows | files |
|---|---|---|
"""


class TestGallery:
    """The page that leads through the cases is made from them."""

    def test_the_page_equals_the_file(self, pytestconfig: pytest.Config) -> None:
        text = HEAD + "".join(map(_row, CASES))
        if pytestconfig.getoption("--write-goldens"):
            GALLERY.write_text(text, encoding="utf-8")

        assert text == GALLERY.read_text(encoding="utf-8")


def _row(name: str) -> str:
    """A case says at its top what it shows."""
    first = (HERE / name / "image.toml").read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ") and first.endswith("."), name
    folder = f"../tests/cases/{name}"
    files = ", ".join(f"[{label}]({folder}/{file})" for label, file in FILES.items())
    return f"| {name} | {first.removeprefix('# ')} | {files} |\n"


class TestOtherReaders:
    """What others say of the files: nothing."""

    def test_the_libraries_that_wheels_bring_are_not_outranked(self, case: Path) -> None:
        """And a GPU is seen where one is asked for, on bases that do not say so themselves."""
        text = (case / "Dockerfile").read_text(encoding="utf-8")
        cuda = planned(case).driver_floor is not None

        assert "LD_LIBRARY_PATH" not in text
        assert ('NVIDIA_VISIBLE_DEVICES="all"' in text, 'NVIDIA_DRIVER_CAPABILITIES="compute,utility"' in text) == (
            cuda,
            cuda,
        )

    def test_our_own_parser_reads_it_back(self, case: Path) -> None:
        text = (case / "Dockerfile").read_text(encoding="utf-8")
        decided = planned(case)

        assert Dockerfile.parse(text).render() == text
        assert Dockerfile.parse(text).instructions == decided.dockerfile.instructions

    def test_our_own_checks_find_nothing(self, case: Path) -> None:
        assert check((case / "Dockerfile").read_text(encoding="utf-8")) == ()

    def test_dockerfile_parse_reads_the_same(self, case: Path) -> None:
        assert differences(Dockerfile.parse((case / "Dockerfile").read_text(encoding="utf-8"))) == ()

    def test_hadolint_finds_nothing(self, case: Path) -> None:
        command = [str(HADOLINT), "--no-color", str(case / "Dockerfile")]
        found = subprocess.run(command, capture_output=True, text=True, check=False)

        assert (found.stdout + found.stderr, found.returncode) == ("", 0)

    def test_the_builder_accepts_it_without_a_warning(self, case: Path, engine: str, tmp_path: Path) -> None:
        """BuildKit's own checks, with a local image in the place of each base."""
        bases = base_images(Dockerfile.parse((case / "Dockerfile").read_bytes()))
        platform = Image.load(case / "image.toml").platform
        stand_ins = [f"--build-context={base}=docker-image://python:3.11-slim-bookworm" for base in sorted(bases)]
        command = [docker_program(), "buildx", "build", "--call=check,format=json", *stand_ins]
        command += [f"--file={case / 'Dockerfile'}", str(tmp_path)]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        report = json.loads(said.stdout)

        assert said.returncode == 0, said.stderr
        assert [w["ruleName"] for w in report.get("warnings") or () if platform.arch == "amd64"] == []
