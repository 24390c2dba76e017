"""A fingerprint differs wherever the image would differ, and nowhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import Image, Plan, Sources, catalogue, plan
from mlcontainers.engines.contents import contents
from mlcontainers.engines.fingerprints import LONGEST, Fingerprint, encoded
from mlcontainers.engines.intent import changed, fingerprint
from mlcontainers.engines.wheelhouse import wheel_names, wheels_taken
from mlcontainers.values.locks import Lock
from tests.packages import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(max_size=6)
PARTS = st.dictionaries(TEXTS, TEXTS, max_size=5)
BASES = {"python:3.11-slim-bookworm": f"sha256:{'0' * 64}"}


class TestEncoding:
    """No two sequences of texts have the same bytes."""

    @given(st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5))
    def test_different_texts_have_different_bytes(self, one: list[str], other: list[str]) -> None:
        assert (encoded(one) == encoded(other)) == (one == other)

    def test_where_a_text_ends_matters(self) -> None:
        assert encoded(("ab", "c")) != encoded(("a", "bc"))

    @given(PARTS, PARTS)
    def test_different_parts_have_different_fingerprints(self, one: dict[str, str], other: dict[str, str]) -> None:
        assert (Fingerprint.of(one).digest == Fingerprint.of(other).digest) == (one == other)

    @given(PARTS, st.data())
    def test_the_order_of_parts_does_not_matter(self, parts: dict[str, str], data: st.DataObject) -> None:
        names = data.draw(st.permutations(list(parts)))

        assert Fingerprint.of({name: parts[name] for name in names}) == Fingerprint.of(parts)

    def test_a_name_and_its_value_do_not_trade_places(self) -> None:
        assert Fingerprint.of({"a": "b"}).digest != Fingerprint.of({"b": "a"}).digest


class TestWords:
    """Two fingerprints are compared part by part."""

    @given(PARTS)
    def test_nothing_changed(self, parts: dict[str, str]) -> None:
        intent = Fingerprint.of(parts)

        assert intent.changes(intent.dump()) == ()

    def test_each_change_is_told(self) -> None:
        before = Fingerprint.of({"platform": "linux/amd64", "file a": f"0644 sha256:{'1' * 64}", "file b": "x"})
        after = Fingerprint.of({"platform": "linux/arm64", "file a": f"0644 sha256:{'2' * 64}", "file c": "x"})

        assert after.changes(before.dump()) == (
            "file a: changed",
            "file b: gone",
            "file c: new",
            "platform: linux/arm64, was linux/amd64",
        )

    def test_of_many_files_the_folders_are_told(self) -> None:
        files = {f"file src/{number}": f"0644 sha256:{number:064}" for number in range(LONGEST // 20)}
        before, after = Fingerprint.of(files), Fingerprint.of({**files, "file src/7": f"0755 sha256:{7:064}"})

        assert before.digest != after.digest
        assert after.changes(before.dump()) == ("file src/: changed",)
        assert len(after.dump()) < 100

    def test_of_many_files_beside_each_other_that_some_have_changed(self) -> None:
        files = {f"file {number}": f"0644 sha256:{number:064}" for number in range(LONGEST // 20)}
        before, after = Fingerprint.of(files), Fingerprint.of({**files, "file 7": f"0755 sha256:{7:064}"})

        assert after.changes(before.dump()) == ("files: changed",)
        assert len(after.dump()) < 100

    @pytest.mark.parametrize("label", ["", "no json", "[]", "1"])
    def test_an_image_without_a_readable_label(self, label: str) -> None:
        assert Fingerprint.of({"a": "b"}).changes(label) == ("how it was built before is not known",)


IMAGE = Image.from_cpu(python="3.11").add_pip("six").add_files("src", "/app").add_run("one").add_run("two")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build context with a file that enters and one that does not."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("print()")
    (tmp_path / "README.md").write_text("about")
    return tmp_path


def taken(image: Image | Plan, folder: Path, bases: dict[str, str] = BASES) -> Fingerprint:
    return fingerprint(image if isinstance(image, Plan) else plan(image), folder, bases)


class TestWhatMatters:
    """Each of these is another image, so another fingerprint, and the words say which part it is."""

    @pytest.mark.parametrize(
        ("other", "words"),
        [
            (IMAGE.with_platform("linux/arm64"), "platform: linux/arm64, was linux/amd64"),
            (IMAGE.with_env(A="b"), "env: new"),
            (IMAGE.with_labels({"a.b": "c"}), "labels: changed"),
            (IMAGE.with_workdir("/srv"), "workdir: changed"),
            (Image.from_cpu(python="3.11").add_pip("six==1.16").add_files("src", "/app").add_run("one").add_run("two"), "layer pip: changed"),
            (Image.from_cpu(python="3.11").add_pip("six").add_files("src", "/app").add_run("one"), "layer run (2): gone"),
        ],
        ids=lambda given: given if isinstance(given, str) else "",
    )  # fmt: skip
    def test_the_plan(self, folder: Path, other: Image, words: str) -> None:
        before, after = taken(IMAGE, folder), taken(other, folder)

        assert before.digest != after.digest
        assert words in changed(after, before.dump())

    def test_a_wheel_of_the_wheelhouse_that_holds_something_else(self, folder: Path) -> None:
        wheels = folder / "wheels"
        tools = make_wheel(wheels, "uv", str(catalogue().tool("uv").version)), make_wheel(wheels, "six", "1.17.0")
        decided = plan(IMAGE, sources=Sources(offline=True, wheelhouse=wheel_names(wheels)))
        before = fingerprint(decided, folder, BASES, wheelhouse=wheels)
        tools[1].touch()
        same = fingerprint(decided, folder, BASES, wheelhouse=wheels)
        make_wheel(wheels, "six", "1.17.0", says="another")
        after = fingerprint(decided, folder, BASES, wheelhouse=wheels)

        assert same.digest == before.digest
        assert changed(after, before.dump()) == ("wheel six-1.17.0-py3-none-any.whl: changed",)

    def test_a_wheel_of_a_decided_package_is_read_and_what_is_no_wheel_is_not(self, folder: Path) -> None:
        wheels = folder / "wheels"
        version = str(plan(Image.from_cpu(python="3.11").add_framework("keras")).pins[0].version)
        make_wheel(wheels, "keras", version)
        (wheels / "no-name.whl").write_text("no wheel")
        sources = Sources(wheelhouse=wheel_names(wheels))

        assert list(
            wheels_taken(plan(Image.from_cpu(python="3.11").add_framework("keras"), sources=sources), wheels)
        ) == [f"keras-{version}-py3-none-any.whl"]

    def test_the_order_of_layers(self, folder: Path) -> None:
        start = Image.from_cpu(python="3.11").add_files("src", "/app")
        before = taken(start.add_run("true").add_files("src", "/srv"), folder)
        after = taken(start.add_files("src", "/srv").add_run("true"), folder)

        assert before.digest != after.digest
        assert changed(after, before.dump()) == ("order of instructions: changed",)

    def test_python(self, folder: Path) -> None:
        other = {"python:3.12-slim-bookworm": BASES["python:3.11-slim-bookworm"]}
        after = taken(Image.from_cpu(python="3.12").add_pip("six"), folder, other)

        assert "Python: 3.12, was 3.11" in changed(after, taken(IMAGE, folder).dump())

    def test_the_base_image_under_the_same_name(self, folder: Path) -> None:
        other = dict.fromkeys(BASES, f"sha256:{'1' * 64}")
        words = changed(taken(IMAGE, folder, other), taken(IMAGE, folder).dump())

        told = "base image python:3.11-slim-bookworm: sha256:1111111111111111, was sha256:0000000000000000"
        assert words == (told,)

    def test_the_content_of_a_file(self, folder: Path) -> None:
        before = taken(IMAGE, folder)
        (folder / "src" / "app.py").write_text("print( )")

        assert changed(taken(IMAGE, folder), before.dump()) == ("file src/app.py: changed",)

    def test_the_mode_of_a_file(self, folder: Path) -> None:
        before = taken(IMAGE, folder)
        (folder / "src" / "app.py").chmod(0o755)

        assert changed(taken(IMAGE, folder), before.dump()) == ("file src/app.py: changed",)

    def test_a_new_file_an_empty_folder_and_a_link(self, folder: Path) -> None:
        before = taken(IMAGE, folder)
        (folder / "src" / "new.py").write_text("")
        (folder / "src" / "empty").mkdir()
        (folder / "src" / "link").symlink_to("app.py")

        assert changed(taken(IMAGE, folder), before.dump()) == (
            "file src/empty: new",
            "file src/link: new",
            "file src/new.py: new",
        )

    def test_what_a_requirements_file_says(self, folder: Path) -> None:
        image = Image.from_cpu(python="3.11").add_pip(requirements="requirements.txt")
        (folder / "requirements.txt").write_text("six")
        before = taken(image, folder)
        (folder / "requirements.txt").write_text("six<2")

        assert changed(taken(image, folder), before.dump()) == ("file requirements.txt: changed",)

    def test_the_time_of_a_lock(self, folder: Path) -> None:
        locks = [Lock.of(day, BASES) for day in ("2026-11-24", "2026-11-25")]
        before, after = (taken(plan(IMAGE, lock=lock), folder) for lock in locks)

        assert changed(after, before.dump()) == ("times up to: 2026-11-25, was 2026-11-24",)


class TestWhatDoesNot:
    """The image is the same, and so is the fingerprint."""

    def test_times(self, folder: Path) -> None:
        before = taken(IMAGE, folder)
        os.utime(folder / "src" / "app.py", (1, 1))

        assert taken(IMAGE, folder) == before

    def test_files_that_do_not_enter(self, folder: Path) -> None:
        before = taken(IMAGE, folder)
        (folder / "README.md").write_text("more")

        assert taken(IMAGE, folder) == before

    def test_files_that_are_ignored(self, folder: Path) -> None:
        (folder / ".dockerignore").write_text("**/*.pyc\n")
        before = taken(IMAGE, folder)
        (folder / "src" / "app.pyc").write_text("")

        assert taken(IMAGE, folder) == before

    def test_the_mode_of_the_folder_that_is_copied(self, folder: Path) -> None:
        before = taken(IMAGE, folder)
        (folder / "src").chmod(0o700)

        assert taken(IMAGE, folder) == before

    def test_what_a_host_lends(self, folder: Path) -> None:
        """Secrets are in no layer, no history and no cache key."""
        lent = plan(IMAGE, sources=Sources(host_settings=True))

        assert lent.dockerfile != plan(IMAGE).dockerfile
        assert taken(lent, folder) == taken(IMAGE, folder)

    def test_the_order_in_which_values_were_given(self, folder: Path) -> None:
        one, other = IMAGE.with_env(A="1", B="2"), IMAGE.with_env(B="2", A="1")

        assert taken(one, folder) == taken(other, folder)

    def test_the_day_of_the_facts(self, folder: Path) -> None:
        """They stand in a comment of the Dockerfile."""
        decided = plan(IMAGE)
        comments = [item for item in decided.dockerfile.items if type(item).__name__ == "Comment"]

        assert decided.facts_date in str(comments[0])
        assert not any(decided.facts_date in value for _, value in taken(IMAGE, folder).parts)


class TestContents:
    """What a builder is sent of a context, and nothing else."""

    def test_an_exception_lets_something_in_again(self, folder: Path) -> None:
        (folder / ".dockerignore").write_text("src\n!src/app.py\n")
        (folder / "src" / "other.py").write_text("")

        assert list(contents(plan(IMAGE).dockerfile, folder)) == ["src/app.py"]

    def test_all_of_a_context(self, folder: Path) -> None:
        (folder / ".dockerignore").write_text("*.md\n")
        image = Image.from_cpu(python="3.11").add_files(".", "/app")

        assert sorted(contents(plan(image).dockerfile, folder)) == [".dockerignore", "src", "src/app.py"]

    def test_a_file_that_is_not_there(self, folder: Path) -> None:
        image = Image.from_cpu(python="3.11").add_files("missing", "/app")

        assert contents(plan(image).dockerfile, folder) == {}

    def test_a_link_that_leads_outside_is_not_followed(
        self, folder: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        outside = tmp_path_factory.mktemp("outside")
        (outside / "secret").write_text("s3cr3t")
        (folder / "out").symlink_to(outside)
        image = Image.from_cpu(python="3.11").add_files("out", "/app")

        assert contents(plan(image).dockerfile, folder) == {"out": f"link to {outside}"}
