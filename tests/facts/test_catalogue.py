"""The questions, and how little is read to answer them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers.errors import UnknownFactError
from mlcontainers.facts import Catalogue, Known, catalogue
from mlcontainers.facts.store import Store
from mlcontainers.facts.writing import save
from mlcontainers.values.evidence import Fact
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from pathlib import Path

    from mlcontainers.facts import Release

FACTS = catalogue()
PROJECTS = st.sampled_from(FACTS.projects())
RELEASES = PROJECTS.flatmap(lambda project: st.sampled_from(FACTS.releases(project)))
TORCH = st.sampled_from(FACTS.releases("torch"))
MACHINES = st.sampled_from(("x86_64", "aarch64"))
PYTHONS = st.builds(PythonVersion, st.just(3), st.integers(min_value=6, max_value=15))
GLIBCS = st.tuples(st.just(2), st.integers(min_value=5, max_value=43))
CLAUSES = st.tuples(
    st.sampled_from((">=", "<", "!=", "==", "~=", "<=", ">")),
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=0, max_value=20),
).map(lambda parts: f"{parts[0]}{parts[1]}.{parts[2]}")


class TestReleases:
    """Newest first; a specifier chooses."""

    @given(PROJECTS)
    def test_the_newest_comes_first(self, project: str) -> None:
        versions = [release.version for release in FACTS.releases(project)]

        assert versions == sorted(versions, reverse=True)
        assert len(set(versions)) == len(versions)

    @given(PROJECTS, CLAUSES, CLAUSES)
    def test_a_further_clause_never_adds_a_release(self, project: str, clause: str, further: str) -> None:
        assert set(FACTS.admitted(project, f"{clause},{further}")) <= set(FACTS.admitted(project, clause))

    @given(RELEASES)
    def test_each_is_found_by_its_version_and_key(self, release: Release) -> None:
        assert FACTS.release(release.project, str(release.version)) == release
        assert FACTS.record(release.key) == release.record
        assert release.key in FACTS.keys(release.project)

    def test_equal_versions_are_one_release(self) -> None:
        assert FACTS.release("torch", "2.9") == FACTS.release("torch", "2.9.0")

    @pytest.mark.parametrize("wrong", ["", "latest", "2.9.x", "\n"])
    def test_what_is_no_version_is_not_there(self, wrong: str) -> None:
        assert FACTS.release("torch", wrong) is None

    def test_an_unknown_project_has_none(self) -> None:
        assert FACTS.releases("nobody-has-looked") == ()
        assert not FACTS.knows("nobody-has-looked")


class TestFits:
    """Does a wheel fit? Yes, no, or unknown."""

    @given(RELEASES, PYTHONS, MACHINES, GLIBCS, GLIBCS)
    def test_a_newer_glibc_never_turns_yes_into_no(
        self, release: Release, python: PythonVersion, machine: str, one: tuple[int, int], other: tuple[int, int]
    ) -> None:
        if release.fits(python, machine, min(one, other)) is Known.YES:
            assert release.fits(python, machine, max(one, other)) is Known.YES

    @given(RELEASES, PYTHONS, MACHINES, GLIBCS)
    def test_without_a_glibc_it_is_no_only_where_every_glibc_says_no(
        self, release: Release, python: PythonVersion, machine: str, glibc: tuple[int, int]
    ) -> None:
        if release.fits(python, machine) is Known.NO:
            assert release.fits(python, machine, glibc) is Known.NO

    @given(RELEASES, PYTHONS, MACHINES, GLIBCS)
    def test_there_is_a_wheel_where_it_says_so(
        self, release: Release, python: PythonVersion, machine: str, glibc: tuple[int, int]
    ) -> None:
        found = release.wheel(python, machine, glibc)

        assert (release.fits(python, machine, glibc) is Known.YES) == (found is not None)
        assert found is None or python in release.pythons(machine)

    @given(RELEASES, MACHINES)
    def test_a_python_that_nobody_asked_about_is_unknown(self, release: Release, machine: str) -> None:
        assert release.fits(PythonVersion(3, 16), machine) is Known.UNKNOWN
        assert release.fits(PythonVersion(3, 5), machine) is Known.UNKNOWN

    @given(RELEASES, PYTHONS)
    def test_a_machine_that_nobody_asked_about_is_unknown(self, release: Release, python: PythonVersion) -> None:
        assert release.fits(python, "riscv64") is Known.UNKNOWN


class TestUnknown:
    """Unknown is never reported as no."""

    def test_a_version_that_is_missing_is_denied_only_in_a_complete_list(self) -> None:
        assert FACTS.exists("torch", "2.9.1") is Known.YES
        assert FACTS.exists("torch", "2.9.99") is Known.NO
        assert FACTS.exists("torch", "2.9.0rc1") is Known.UNKNOWN
        assert FACTS.exists("torch", "99") is Known.UNKNOWN
        assert FACTS.exists("nobody-has-looked", "1.0") is Known.UNKNOWN

    @given(st.integers(min_value=1, max_value=20))
    def test_what_came_after_the_facts_is_never_denied(
        self, tmp_path_factory: pytest.TempPathFactory, later: int
    ) -> None:
        newest_first = FACTS.releases("torch")
        folder = tmp_path_factory.mktemp("facts")
        header = {**Store().header("releases", "torch"), "complete": True}
        save(folder, "releases", "torch", header, [release.record for release in newest_first[later:]])
        older = Catalogue(Store(folder))

        assert {older.exists("torch", release.version) for release in newest_first[:later]} == {Known.UNKNOWN}
        assert {older.exists("torch", release.version) for release in newest_first[later:]} == {Known.YES}

    def test_below_the_newest_of_a_complete_list_it_is_no(self, tmp_path: Path) -> None:
        header = {**Store().header("releases", "torch"), "complete": True}
        save(tmp_path, "releases", "torch", header, [release.record for release in FACTS.releases("torch")])

        assert Catalogue(Store(tmp_path)).exists("torch", "2.9.99") is Known.NO

    @given(TORCH, PYTHONS, MACHINES)
    def test_a_build_is_denied_only_where_there_is_a_list(
        self, release: Release, python: PythonVersion, machine: str
    ) -> None:
        if release.variants(machine) is None:
            for label in ("cpu", "cu126", "cu130", "rocm7.1", "xpu"):
                assert release.variant(label, python, machine) is Known.UNKNOWN

    def test_a_list_that_leaves_a_family_out_denies_none_of_it(self) -> None:
        torch = FACTS.release("torch", "2.9.1")
        assert torch is not None

        assert torch.variant("xpu", PythonVersion(3, 12), "x86_64") is Known.UNKNOWN
        assert torch.variant("cu124", PythonVersion(3, 12), "x86_64") is Known.NO
        assert torch.variant("cu128", PythonVersion(3, 12), "x86_64") is Known.YES


class TestCuda:
    """Toolkits, drivers, images and GPUs."""

    def test_a_release_means_its_newest_update(self) -> None:
        newest = FACTS.toolkit(CudaVersion(12, 8))

        assert newest is not None
        assert newest.version == max(t.version for t in FACTS.toolkits() if t.version.release == CudaVersion(12, 8))

    def test_the_driver_floor_comes_with_its_fact(self) -> None:
        assert FACTS.driver_floor(CudaVersion(12, 8)) == (
            "525.60.13",
            Fact(
                "programs built with CUDA 12.8 run on driver 525.60.13 or newer",
                "astral-sh/uv crates/uv-torch/src/backend.rs",
                "2026-08-21",
            ),
        )

    def test_a_toolkit_without_a_row_has_an_unknown_floor(self) -> None:
        assert FACTS.driver_floor(CudaVersion(99, 9)) == (None, None)

    def test_every_listed_tag_reads_back(self) -> None:
        for toolkit in FACTS.toolkits():
            for image in FACTS.cuda_images(toolkit.version):
                for tag in image.tags:
                    assert FACTS.has_cuda_image(tag) is Known.of(True if image.state == "supported" else None)

    def test_newer_code_does_not_run_on_an_older_gpu(self) -> None:
        torch = FACTS.release("torch", "2.14.0")
        assert torch is not None

        assert FACTS.runs_on(torch, "cu130", "x86_64", "8.9") is Known.YES  # as 8.6
        assert FACTS.runs_on(torch, "cu130", "x86_64", "12.1") is Known.YES  # as 12.0
        assert FACTS.runs_on(torch, "cu130", "x86_64", "13.0") is Known.YES  # as PTX of 12.0
        assert FACTS.runs_on(torch, "cu130", "x86_64", "7.0") is Known.NO
        assert FACTS.runs_on(torch, "cu999", "x86_64", "9.0") is Known.UNKNOWN


class TestEvidence:
    """Every answer can say where it was read and when."""

    def test_what_a_wheel_carries_was_read_in_its_metadata(self) -> None:
        torch = FACTS.release("torch", "2.9.1")
        assert torch is not None

        assert torch.source("linux.x86_64.cuda").name == "metadata"
        assert torch.source("linux.aarch64.nccl") == torch.source("linux.aarch64.build")
        assert torch.source("linux.x86_64.pythons").name == "index"
        assert torch.source("variants").commit == "06789010bf"
        assert torch.why("variants", "listed").date == "2025-11-11"

    @given(RELEASES, st.sampled_from(("*", "released", "linux.x86_64", "linux.aarch64.cudnn", "variants", "requires")))
    def test_there_is_always_a_title_and_a_date(self, release: Release, field: str) -> None:
        fact = release.why(field, "it is so")

        assert fact.source
        assert fact.date[:4].isdigit()

    def test_sources_can_be_listed(self) -> None:
        assert {source.name for source in FACTS.sources()} >= {"index", "metadata", "uv-drivers"}
        assert all(source.title for source in FACTS.sources())


class TestRecords:
    """Records as they stand in the data, for people and programs."""

    def test_a_copy_is_handed_out(self) -> None:
        record = FACTS.record("torch==2.9.1")
        record["linux"].clear()

        assert FACTS.record("torch==2.9.1")["linux"]

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [
            ("torhc==2.9.1", "torch==2.9.1"),
            ("torch==2.9.11", "torch==2.9.1"),
            ("torch 2.9.1", "torch==2.9.1"),
            ("torhc==2.9", "torch==2.9.1"),
            ("Torch==2.9.1", "torch==2.9.1"),
            ("scikit_learn==1.9.1", "scikit-learn==1.9.1"),
            ("cuda 12.8", "cuda 12.8.2"),
            ("python:3.12-slim-bokworm", "python:3.12-slim-bookworm"),
            ("debian12", "debian 12"),
        ],
    )
    def test_a_wrong_key_suggests_the_nearest(self, wrong: str, right: str) -> None:
        with pytest.raises(UnknownFactError) as caught:
            FACTS.record(wrong)

        assert FACTS.record(right)
        assert str(caught.value) == f"error[no-facts]: there is no record {wrong!r}\n  hint: did you mean {right!r}?"

    def test_a_wrong_name_suggests_the_nearest(self) -> None:
        with pytest.raises(UnknownFactError, match="did you mean 'toolkits'"):
            FACTS.keys("toolkit")

    def test_an_unknown_tool_is_an_error(self) -> None:
        with pytest.raises(UnknownFactError, match="there are no facts about 'conda'"):
            FACTS.tool("conda")

    def test_everything_has_a_place(self) -> None:
        keys = [key for name in (*FACTS.projects(), *FACTS.tables()) for key in FACTS.keys(name)]

        assert len(keys) == len(set(keys))
        assert len(keys) > 2000


OPENED = """
import json, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from mlcontainers.facts import catalogue
facts = catalogue()
{question}
banned = {{"pydantic", "docker", "typer", "rich", "mlcontainers.dockerfile", "packaging.specifiers", "tempfile"}}
heavy = sorted(banned & set(sys.modules))
print(json.dumps([sorted(path.rpartition("/")[2] for path in opened if path.endswith(".jsonl")), heavy]))
"""


class TestLaziness:
    """A file is read when a question needs it, once."""

    @pytest.mark.parametrize(
        ("question", "files"),
        [
            ("", []),
            ("facts.projects(); facts.tables()", []),
            ("facts.releases('torch'); facts.releases('torch'); facts.release('torch', '2.9')", ["torch.jsonl"]),
            ("facts.suite('bookworm').why('glibc', '')", ["sources.jsonl", "suites.jsonl"]),
        ],
    )
    def test_only_what_is_asked_for_is_read(self, question: str, files: list[str]) -> None:
        script = OPENED.format(question=question)
        printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout

        assert json.loads(printed) == [files, []]
