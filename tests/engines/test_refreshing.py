"""`facts refresh` on recorded pages; and once on the index itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlcontainers import RefreshError
from mlcontainers.engines.refreshing import refresh
from mlcontainers.facts import Catalogue
from mlcontainers.facts.deriving.files import IndexFile
from mlcontainers.facts.store import Store

if TYPE_CHECKING:
    from typing import Self

RECORDED = Path(__file__).parents[1] / "facts" / "recorded"


class RecordedIndex:
    """The pages and wheels that were recorded; what is asked of it is counted."""

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0
        self.data: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def page(self, project: str) -> tuple[IndexFile, ...]:
        self.requests += 1
        recorded: dict[str, Any] = json.loads((RECORDED / f"{project}.json").read_text(encoding="utf-8"))
        self.data = {"metadata": {}, "content": {}, **self.data}
        for kind in ("metadata", "content"):
            self.data[kind] |= recorded[kind]
        return tuple(IndexFile(**file) for file in recorded["files"])

    def metadata(self, file: IndexFile) -> str:
        self.requests += 1
        return str(self.data["metadata"][file.name])

    def content(self, file: IndexFile, path: str) -> str:
        self.requests += 1
        return str(self.data["content"][f"{file.name}:{path}"])


class WithAnotherWheel(RecordedIndex):
    """One release has been built again, with another size."""

    def page(self, project: str) -> tuple[IndexFile, ...]:
        return tuple(
            replace(file, size=file.size + 1) if "-3.4.1-" in file.name else file for file in super().page(project)
        )


class WithoutCuda(RecordedIndex):
    """A large wheel of torch in which no CUDA can be found."""

    def content(self, file: IndexFile, path: str) -> str:
        return "__version__ = '1.7.1'\n"


class Interrupted(RecordedIndex):
    """Somebody presses Ctrl-C in the middle."""

    def metadata(self, file: IndexFile) -> str:
        if self.requests > 3:
            raise KeyboardInterrupt
        return super().metadata(file)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    first = refresh(["xgboost"], into=tmp_path, index=RecordedIndex(), today="2026-12-01")
    again = RecordedIndex()
    second = refresh(["xgboost"], into=tmp_path, index=again, today="2026-12-02")
    third = refresh(["xgboost"], into=tmp_path, index=WithAnotherWheel(), today="2026-12-03")

    assert "xgboost==3.4.1" not in first.changed  # It is what is shipped.
    assert (second.changed, again.requests) == ((), 1)
    assert third.changed == ("xgboost==3.4.1",)


def test_a_folder_of_ones_own_wins_over_what_is_shipped(tmp_path: Path) -> None:
    refresh(["xgboost"], into=tmp_path, index=WithAnotherWheel(), today="2026-12-01")
    mine, shipped = Catalogue(Store.with_overlay(tmp_path)), Catalogue()

    assert mine.record("xgboost==3.4.1") != shipped.record("xgboost==3.4.1")
    assert mine.record("torch==2.9.1") == shipped.record("torch==2.9.1")


def test_what_the_index_does_not_tell_stays(tmp_path: Path) -> None:
    class Changed(RecordedIndex):
        def page(self, project: str) -> tuple[IndexFile, ...]:
            return tuple(replace(file, size=file.size + 1) for file in super().page(project))

    refresh(["torch"], into=tmp_path, index=Changed(), today="2026-12-01")
    mine, shipped = (c.record("torch==2.9.1") for c in (Catalogue(Store.with_overlay(tmp_path)), Catalogue()))

    assert mine["linux"] != shipped["linux"]
    assert mine["variants"] == shipped["variants"]
    assert mine["sources"]["variants"] == shipped["sources"]["variants"]


def test_progress_is_told(tmp_path: Path) -> None:
    lines: list[str] = []
    refresh(["xgboost", "cupy-cuda12x"], into=tmp_path, index=RecordedIndex(), told=lines.append)

    assert [line.partition(":")[0] for line in lines] == ["[1/2] xgboost", "[2/2] cupy-cuda12x"]


@pytest.mark.parametrize(("index", "error"), [(WithoutCuda(), RefreshError), (Interrupted(), KeyboardInterrupt)])
def test_what_fails_in_the_middle_leaves_everything_as_it_was(
    index: RecordedIndex, error: type[BaseException], tmp_path: Path
) -> None:
    (tmp_path / "pages").mkdir()
    header: dict[str, object] = {"as_of": "2026-01-01", "files": {}, "project": "torch", "schema": 1}
    (tmp_path / "pages" / "torch.jsonl").write_text(json.dumps(header) + "\n")
    before = files(tmp_path)

    with pytest.raises(error):
        refresh(["torch"], into=tmp_path, index=index)

    assert files(tmp_path) == before


@pytest.mark.index
def test_the_index_itself_gives_what_is_shipped_or_newer(tmp_path: Path) -> None:
    """A week's refresh reads the pages and a few wheels."""
    done = refresh(["torchvision", "scikit-learn"], into=tmp_path / "own", today="2026-12-01")

    assert done.requests < 60
    assert done.gone == ()
