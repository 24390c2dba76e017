"""Many images in one run of the builder: what each comes to, and what is told of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import BuildFailedError, EngineNotFoundError, Image, ImpossibleError, InvalidValueError, Matrix
from mlcontainers.cli.bake import read_matrix
from mlcontainers.engines import BuiltCell, CellEvent, build_all
from mlcontainers.engines.attesting import in_engine
from mlcontainers.engines.cells import filled, slugs
from mlcontainers.engines.events import Output, StepCached, StepDone, StepFailed, StepStarted
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.planners.matrices import Cell
from tests.engines.private import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.private import PrivateEngine

WORD = uuid4().hex


def cells() -> list[Cell]:
    """Two that are good, one that fails while they are built, and one that cannot be."""
    good = Image.from_cpu(python="3.11").add_run(f"echo shared {WORD}")
    matrix = Matrix(good.add_run("sleep 1"), {"user": ["1001", "1002"]})
    bad = Matrix(good.add_run("echo last words; exit 7"), {"platform": ["linux/amd64"]})
    impossible = Matrix(Image.from_cpu(python="3.14").add_torch(), {"torch.version": ["2.0"]})
    return [*matrix.plan(), *bad.plan(), *impossible.plan()]


@dataclass(frozen=True)
class Baked:
    answers: tuple[BuiltCell, ...]
    events: tuple[CellEvent, ...]


def names(cell: Cell) -> list[str]:
    return [f"baked-{WORD}:{cells().index(cell)}"]


@pytest.fixture(scope="module")
def baked(engine: str) -> Iterator[Baked]:
    events: list[CellEvent] = []
    answers = build_all(cells(), tags=names, verify=False, progress=events.append)
    yield Baked(answers, tuple(events))
    docker("image", "rm", "--force", *(name for answer in answers if answer.built for name in answer.built.references))


def docker(*arguments: str) -> str:
    return subprocess.run(("docker", *arguments), capture_output=True, text=True, check=False).stdout


@pytest.mark.engine
class TestBaked:
    """One run for all: each has its own answer, and no failure costs another its image."""

    def test_each_has_its_own_answer(self, baked: Baked) -> None:
        assert [answer.state for answer in baked.answers] == ["built", "built", "failed", "impossible"]

    def test_what_is_built_is_in_the_engine_under_its_names(self, baked: Baked) -> None:
        for number, answer in enumerate(baked.answers[:2]):
            assert answer.built is not None
            assert answer.built.tags == (f"baked-{WORD}:{number}",)
            assert docker("image", "inspect", "--format", "{{.Id}}", answer.built.tags[0]).strip() == answer.built.id
            assert not answer.built.reused
            assert f"RUN echo shared {WORD}" in " ".join(step.step for step in answer.built.steps)

    def test_what_failed_says_where_and_has_no_name(self, baked: Baked) -> None:
        error = baked.answers[2].error

        assert isinstance(error, BuildFailedError)
        assert (error.layer, error.process_exit_code) == ("layers[1] (run)", 7)
        assert error.instruction == "RUN echo last words; exit 7"
        assert error.log_tail == ("last words",)
        assert docker("image", "ls", "--quiet", f"baked-{WORD}:2") == ""

    def test_what_is_impossible_says_why(self, baked: Baked) -> None:
        assert isinstance(baked.answers[3].error, ImpossibleError)
        assert "torch 2.0" in str(baked.answers[3].error)

    def test_a_shared_step_is_told_to_each(self, baked: Baked) -> None:
        """The builder takes it once, and who is told later hears that another has heard it."""
        said = [
            told for told in baked.events if told.event == Output(f"[4/5] RUN echo shared {WORD}", f"shared {WORD}\n")
        ]

        assert {told.cell for told in said} == {"user=1001", "user=1002", "platform=linux/amd64"}
        assert [told.shared for told in said][:3] == [False, True, True]

    def test_what_another_failure_has_ended_is_not_told_as_failed(self, baked: Baked) -> None:
        failures = [told for told in baked.events if isinstance(told.event, StepFailed)]

        assert len(failures) == 1

    def test_again_nothing_is_built(self, baked: Baked) -> None:
        events: list[CellEvent] = []
        good = [answer.cell for answer in baked.answers[:2]]

        again = build_all(good, tags=names, verify=False, progress=events.append)

        assert [answer.built and answer.built.id for answer in again] == [
            answer.built and answer.built.id for answer in baked.answers[:2]
        ]
        assert not [told for told in events if isinstance(told.event, StepDone | StepCached)]

    def test_no_temporary_file_stays(self, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        build_all([Image.from_cpu(python="3.11").add_run("true")], load=False, verify=False, host_settings=True)

        assert list(tmp_path.iterdir()) == []


@pytest.mark.engine
class TestFailures:
    """Each run of the builder costs time: nothing that is known to fail is tried again."""

    def test_a_step_that_many_share_fails_them_all_at_once(self, engine: str) -> None:
        image = Image.from_cpu(python="3.11").add_run(f"echo {uuid4()}; exit 3")
        events: list[CellEvent] = []

        answers = build_all(
            [image.add_run("true"), image.add_run("false")], load=False, verify=False, progress=events.append
        )

        assert [answer.state for answer in answers] == ["failed", "failed"]
        started = [told.cell for told in events if isinstance(told.event, StepStarted) and "exit 3" in told.event.step]
        assert len(started) == len(set(started))

    def test_two_that_fail_on_their_own(self, engine: str) -> None:
        image = Image.from_cpu(python="3.11")
        answers = build_all(
            [image.add_run(f"echo {number}; exit {number}") for number in (4, 5)], load=False, verify=False
        )
        codes = [getattr(answer.error, "process_exit_code", None) for answer in answers]

        assert codes == [4, 5]

    def test_every_option_of_a_build_reaches_it(self, engine: str, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("x")
        image = Image.from_cpu(python="3.11").add_run(f"test -s /run/secrets/token # {WORD}", secrets=["token"])

        (answer,) = build_all(
            [image],
            secrets={"token": tmp_path / "token"},
            host_settings=True,
            cache=f"folder:{tmp_path / 'cache'}",
            compression="zstd",
            lock=True,
            verify=False,
            tags=[f"all-{WORD}:1"],
        )

        assert answer.built is not None, answer.problems
        docker("image", "rm", "--force", *answer.built.references)
        assert answer.built.plan.lock is not None
        assert [folder.name for folder in (tmp_path / "cache").iterdir()] == ["1-image-1"]

    def test_no_engine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")

        with pytest.raises(EngineNotFoundError):
            build_all([Image.from_cpu(python="3.11")])


@pytest.mark.engine
class TestElsewhere:
    """On any builder that buildx knows: here an engine of its own, reached as a remote one."""

    @pytest.fixture
    def builder(self, private: PrivateEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        private.start()
        name, bridge = f"far-{uuid4().hex[:12]}", private.folder / "bridge.sock"
        monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
        command = (sys.executable, SCRIPTS / "bridge.py", private.folder / "docker.sock", bridge)
        with subprocess.Popen(command) as serving:
            while not bridge.exists():
                time.sleep(0.05)
            docker("buildx", "create", "--name", name, "--driver", "remote", f"unix://{bridge}")
            yield name
            docker("buildx", "rm", name)
            serving.terminate()
        bridge.unlink()

    def test_a_remote_builder(self, builder: str, tmp_path: Path) -> None:
        """What it has built is in the engine that answers."""
        context = tmp_path / "a${b}%{c} d"
        context.mkdir()
        (context / "said").write_text(WORD)
        image = Image.from_cpu(python="3.11").add_files("said", "/srv")
        names = [f"far-{WORD}:{number}" for number in (1, 2)]

        answers = build_all(
            [image, image.with_labels({"of": "${HOME} %{x} $${y}"})],
            context=context,
            tags=[f"far-{WORD}:{{image}}"],
            builder=builder,
            attest="provenance",
            verify=False,
        )

        with docker_sdk() as client:
            attested = [in_engine(client, name) for name in names]
        said = docker("run", "--rm", "--network=none", names[0], "cat", "/srv/said")
        label = docker("image", "inspect", "--format", '{{index .Config.Labels "of"}}', names[1])
        docker(
            "image", "rm", "--force", *(name for answer in answers if answer.built for name in answer.built.references)
        )
        assert [answer.problems for answer in answers] == [(), ()]
        assert attested == [{"provenance"}] * 2
        assert (said, label.strip()) == (WORD, "${HOME} %{x} $${y}")


@pytest.mark.engine
def test_the_page(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its example runs, and its matrix is one."""
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "many-images.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```py\n(.*?)```", page, re.DOTALL)
    (matrix,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "matrix.toml").write_text(matrix)

    exec(compile(example.replace("my-app", f"page-{WORD}"), "page", "exec"), {"__name__": "page"})

    tagged = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"page-{WORD}").split()
    docker("image", "rm", "--force", *tagged)
    assert {f"page-{WORD}:sklearn1.6", f"page-{WORD}:sklearn1.7"} <= set(tagged)
    assert len(read_matrix(Image.from_cpu(python="3.11").add_torch(), str(tmp_path / "matrix.toml"))) == 4


class TestNames:
    """They are made of the fields of the matrix."""

    CELL = Cell((("base.python", "3.12"), ("platform", "linux/amd64"), ("torch.version", None)), None, None, ())

    def test_fields_are_filled_in(self) -> None:
        assert filled("app:py{base.python}-{platform}-{torch.version}", self.CELL) == "app:py3.12-linux-amd64-none"

    def test_a_field_that_is_no_axis(self) -> None:
        with pytest.raises(InvalidValueError, match=r"base\.pyhton") as caught:
            filled("app:{base.pyhton}", self.CELL)

        assert "base.python" in str(caught.value.problems[0].hints)

    def test_two_images_cannot_have_one_name(self) -> None:
        images = [Image.from_cpu(python="3.11"), Image.from_cpu(python="3.12")]

        with pytest.raises(InvalidValueError, match="2 images would be called app:1"):
            build_all(images, tags=["app:1"])

    @given(st.lists(st.text(max_size=100), max_size=20))
    def test_targets_are_words_and_no_two_alike(self, names: list[str]) -> None:
        words = slugs(names)

        assert len(set(words)) == len(names)
        assert all(re.fullmatch("[a-z0-9-]+", word) for word in words)
