"""Reading and writing data files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers.errors import UnknownFactError
from mlcontainers.facts import Catalogue
from mlcontainers.facts.store import SHIPPED, Store, decode
from mlcontainers.facts.writing import encode, order, save

if TYPE_CHECKING:
    from pathlib import Path

HEADER = {"as_of": "2026-11-23", "table": "examples"}
TEXTS = st.text(max_size=20)
RECORDS = st.lists(
    st.fixed_dictionaries({"key": TEXTS, "note": TEXTS | st.integers() | st.booleans()}),
    unique_by=lambda record: record["key"],
    max_size=6,
)


class TestEncode:
    """`decode(encode(records))` gives the same records, sorted."""

    @given(RECORDS)
    def test_reads_back(self, records: list[dict[str, Any]]) -> None:
        header, found = decode(encode(HEADER, records), "examples.jsonl")

        assert header == {**HEADER, "schema": 1}
        assert sorted(found, key=lambda record: record["key"]) == sorted(records, key=lambda record: record["key"])

    @given(RECORDS, st.randoms())
    def test_the_order_of_records_does_not_matter(self, records: list[dict[str, Any]], random: Any) -> None:
        shuffled = list(records)
        random.shuffle(shuffled)

        assert [order(r) for r in decode(encode(HEADER, shuffled), "")[1]] == sorted(map(order, records))

    def test_numbers_in_keys_are_numbers(self) -> None:
        records = [{"key": "cuda 12.10"}, {"key": "cuda 12.9"}, {"key": "cuda 9.2"}]

        assert [record["key"] for record in decode(encode(HEADER, records), "")[1]] == [
            "cuda 9.2",
            "cuda 12.9",
            "cuda 12.10",
        ]

    def test_releases_are_ordered_by_version(self) -> None:
        versions = ("1.10", "1.9.post1", "1.9")
        records = [{"key": f"x=={version}", "package": "x", "version": version} for version in versions]

        assert [record["version"] for record in decode(encode(HEADER, records), "")[1]] == ["1.9", "1.9.post1", "1.10"]


class TestDecode:
    """A file in another form is refused with its place; nothing is guessed."""

    def test_a_newer_format_says_to_upgrade(self) -> None:
        with pytest.raises(UnknownFactError) as caught:
            decode('{"schema": 2}\n', "torch.jsonl")

        assert str(caught.value) == (
            "error[data-format]: torch.jsonl has the format 2, and this version reads 1\n"
            "  where: torch.jsonl\n"
            "  hint: upgrade mlcontainers"
        )

    @pytest.mark.parametrize("line", ["", "{", "[]", "null", "\x00"])
    def test_a_broken_line_is_named(self, line: str) -> None:
        with pytest.raises(UnknownFactError, match=r"line 2 of torch\.jsonl is no record"):
            decode(f'{{"schema": 1}}\n{line}\n', "torch.jsonl")


class TestSave:
    """A file is replaced whole or stays as it was."""

    def test_writes_where_a_store_reads(self, tmp_path: Path) -> None:
        save(tmp_path, "tables", "examples", HEADER, [{"key": "a"}])

        assert Store(tmp_path).records("tables", "examples") == ({"key": "a"},)

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        path = save(tmp_path, "tables", "examples", HEADER, [{"key": "a"}])
        before = path.read_bytes()

        with pytest.raises(TypeError):
            save(tmp_path, "tables", "examples", HEADER, [{"key": "b", "odd": object()}])

        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]


class TestOverlay:
    """A user's folder wins over the shipped one, record by record."""

    def test_its_records_replace_and_add(self, tmp_path: Path) -> None:
        mine: dict[str, Any] = {
            "key": "torch==2.9.1",
            "package": "torch",
            "version": "2.9.1",
            "linux": {},
            "released": "2025-11-12",
        }
        new: dict[str, Any] = {**mine, "key": "torch==9.0", "version": "9.0"}
        header = dict(Store().header("releases", "torch"))
        save(
            tmp_path,
            "releases",
            "torch",
            header,
            [{**mine, "sources": {"*": "mine"}}, {**new, "sources": {"*": "mine"}}],
        )
        catalogue = Catalogue(Store(SHIPPED, tmp_path))

        assert str(catalogue.releases("torch")[0].version) == "9.0"
        changed = catalogue.release("torch", "2.9.1")
        assert changed is not None
        assert changed.machines == ()
        assert changed.source().title == "mine"
        assert len(catalogue.releases("torch")) == len(Catalogue().releases("torch")) + 1

    def test_a_project_may_be_there_alone(self, tmp_path: Path) -> None:
        record = {"key": "mine==1", "package": "mine", "version": "1", "linux": {}, "sources": {"*": "index"}}
        save(tmp_path, "releases", "mine", {"as_of": "2026-11-23", "pythons": ["3.11", "3.14"]}, [record])

        assert Catalogue(Store(SHIPPED, tmp_path)).knows("mine")
        assert not Catalogue().knows("mine")
