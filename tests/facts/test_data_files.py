"""The data files themselves: a refresh that breaks their form does not pass."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from mlcontainers.facts.store import SHIPPED, decode
from mlcontainers.facts.writing import encode
from mlcontainers.values.versions import CudaVersion, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlcontainers.facts.store import Record

ALL_FILES = sorted(SHIPPED.glob("*/*.jsonl"))
FILES = [path for path in ALL_FILES if path.parent.name != "pages"]
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
DAYS = ("released", "eol", "lts_eol", "first_listed", "last_listed", "uploaded")
MACHINES = {"x86_64", "aarch64"}


def read(path: Path) -> tuple[Record, tuple[Record, ...]]:
    return decode(path.read_text(encoding="utf-8"), path.name)


def releases() -> Iterator[Record]:
    for path in FILES:
        if path.parent.name == "releases":
            yield from read(path)[1]


def wheels(release: Record) -> Iterator[dict[str, Any]]:
    for record in release["linux"].values():
        yield from record.get("builds", [record])


class TestForm:
    """A header, then one record a line, sorted, in one way of writing JSON: a diff shows facts and nothing else."""

    @EACH_FILE
    def test_writing_a_file_again_changes_no_byte(self, path: Path) -> None:
        assert encode(*read(path)) == path.read_text(encoding="utf-8")

    @EACH_FILE
    def test_the_header_names_the_file_and_its_day(self, path: Path) -> None:
        header, records = read(path)

        assert header["project" if path.parent.name == "releases" else "table"] == path.stem
        assert date.fromisoformat(header["as_of"])
        assert records

    def test_keys_are_unique_over_all_files(self) -> None:
        counted = Counter(record["key"] for path in FILES for record in read(path)[1])

        assert [key for key, times in counted.items() if times > 1] == []

    def test_it_is_small_enough_to_ship(self) -> None:
        assert sum(path.stat().st_size for path in ALL_FILES) < 1_500_000

    def test_nothing_but_data_lies_there(self) -> None:
        assert sorted(path for path in SHIPPED.rglob("*") if path.is_file()) == ALL_FILES


class TestSources:
    """Every record names where it was read; every name is explained."""

    @EACH_FILE
    def test_every_source_is_known(self, path: Path) -> None:
        known = {record["key"] for record in read(SHIPPED / "tables" / "sources.jsonl")[1]}
        records = [record for record in read(path)[1] if path.stem != "sources"]
        used = {name.partition("@")[0] for record in records for name in record["sources"].values()}

        assert used <= known

    @EACH_FILE
    def test_every_record_has_one(self, path: Path) -> None:
        assert [r["key"] for r in read(path)[1] if path.stem != "sources" and not r["sources"]] == []

    @EACH_FILE
    def test_every_field_with_a_source_of_its_own_is_there(self, path: Path) -> None:
        for record in read(path)[1]:
            for field in record.get("sources", {}):
                assert field == "*" or _at(record, field), (record["key"], field)

    def test_a_source_says_what_it_is(self) -> None:
        for record in read(SHIPPED / "tables" / "sources.jsonl")[1]:
            assert record["title"] and record["what"] and record["date"], record["key"]
            assert "as_of" not in record or _is_day_month_or_year(record["as_of"]), record["key"]

    def test_they_name_nothing_that_others_cannot_look_up(self) -> None:
        text = (SHIPPED / "tables" / "sources.jsonl").read_text(encoding="utf-8")

        assert "stored" not in text
        assert "://" not in text


class TestValues:
    """What is written can be read as what it claims to be."""

    @EACH_FILE
    def test_days_are_days(self, path: Path) -> None:
        for record in read(path)[1]:
            for field in DAYS:
                assert field not in record or date.fromisoformat(record[field]), record["key"]

    def test_releases_are_named_by_package_and_version(self) -> None:
        for release in releases():
            assert release["key"] == f"{release['package']}=={release['version']}"
            assert release["package"] == canonicalize_name(release["package"])
            assert str(Version(release["version"])) == release["version"]
            assert not Version(release["version"]).is_prerelease

    def test_releases_hold_what_the_catalogue_reads(self) -> None:
        for release in releases():
            assert set(release["linux"]) <= MACHINES, release["key"]
            assert SpecifierSet(release.get("requires_python", "")) is not None
            for build in wheels(release):
                assert [PythonVersion.parse(text) for text in build["pythons"]]
                assert build["bytes"] > 0
                assert build.get("build", "cpu") in {"cpu", "cuda"}
                assert "cuda" not in build or CudaVersion.parse(build["cuda"]).patch is None

    def test_a_wheel_has_pythons_that_requires_python_admits(self) -> None:
        for release in releases():
            admitted = SpecifierSet(release.get("requires_python", ""))
            for build in wheels(release):
                for python in build["pythons"]:
                    # A bound on patches (!=3.14.1) still leaves other patches of that Python.
                    patches = (f"{python}.{patch}" for patch in (0, 1, 2, 8, 99))
                    assert any(admitted.contains(patch) for patch in patches), release["key"]

    def test_companions_name_releases(self) -> None:
        for release in releases():
            for project in ("torchvision", "torchaudio") if release["package"] == "torch" else ():
                for version in (*release.get(project, ()), *release.get(f"{project}_admitting", ())):
                    assert Version(version)

    def test_the_tables_hold_what_the_catalogue_reads(self) -> None:
        for record in read(SHIPPED / "tables" / "cuda-images.jsonl")[1]:
            assert CudaVersion.parse(record["cuda"]).patch is not None
            assert record.get("flavours") or record.get("flavours_seen")
        for record in read(SHIPPED / "tables" / "tools.jsonl")[1]:
            assert all(len(digest) == 64 and int(digest, 16) for digest in record["sha256"].values())
        for record in read(SHIPPED / "tables" / "torch-capabilities.jsonl")[1]:
            assert all(float(text.removesuffix("+PTX")) >= 3 for text in record["capabilities"])


def _at(record: Record, path: str) -> bool:
    """`linux.x86_64.build` may stand in each of several builds."""
    found: Any = record
    for name in path.split("."):
        if name not in found:
            return any(name in build for build in found.get("builds", ()))
        found = found[name]
    return True


def _is_day_month_or_year(text: str) -> bool:
    return bool(date.fromisoformat(f"{text}-01-01"[:10]))


def test_a_line_is_one_json_object() -> None:
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)
