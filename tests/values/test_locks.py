"""Locks as text and as values: read back equal, equal for equal answers, and refused where they were edited wrongly."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import InvalidValueError, Lock
from mlcontainers.values.locks import LockedPackage, LockedPackages, LockedStep
from tests.strategies import PRINTABLE

NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
VERSIONS = st.sampled_from(["1", "0.1.0", "2026.9.1", "2!1.0", "1.0rc1", "1.0.post1", "2.9.1+cpu"])
DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"sha256:{number:064x}")
DIGEST = f"sha256:{'ab' * 32}"


@st.composite
def packages(draw: st.DrawFn) -> LockedPackage:
    name, version = draw(NAMES), draw(VERSIONS)
    stem = f"{name.replace('-', '_')}-{version}"
    names = [f"{stem}-py3-none-any.whl", f"{stem}-cp311-cp311-manylinux_2_17_x86_64.whl", f"{stem}.tar.gz"]
    files = draw(st.dictionaries(st.sampled_from(names), DIGESTS, min_size=1))
    return LockedPackage.of(name, version, files, draw(st.sampled_from([None, "https://index.example.com/a_b/~c"])))


STEPS = st.builds(
    LockedStep.of,
    st.lists(PRINTABLE.filter(lambda text: text.strip() == text != ""), max_size=4),
    st.lists(packages(), max_size=4, unique_by=lambda package: package.name),
)
PACKAGES = st.builds(
    LockedPackages,
    st.sampled_from(["linux/amd64", "linux/arm64"]),
    st.sampled_from(["3.12", ""]),
    st.lists(STEPS, max_size=3).map(tuple),
)
LOCKS = st.builds(
    Lock.of,
    st.dates().map(str),
    st.dictionaries(st.sampled_from(["python:3.12", "host:5000/a/b:c", "debian"]), DIGESTS),
    st.none() | PACKAGES,
)


def package(name: str, version: str, digest: str = DIGEST, index: str | None = None) -> LockedPackage:
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return LockedPackage.of(name, version, {file: digest}, index)


def locked(*steps: tuple[list[str], list[LockedPackage]], python: str = "3.12") -> Lock:
    held = LockedPackages("linux/amd64", python, tuple(LockedStep.of(*step) for step in steps))
    return Lock.of("2026-11-25", {"python:3.12-slim-bookworm": DIGEST}, held)


class TestText:
    @given(LOCKS)
    def test_is_read_back_equal(self, lock: Lock) -> None:
        text = lock.dump()

        assert Lock.parse(text) == lock
        assert Lock.parse(text).dump() == text

    @given(st.lists(packages(), max_size=5, unique_by=lambda one: one.name), st.randoms(use_true_random=False))
    def test_equal_answers_are_equal_texts(self, found: list[LockedPackage], random: Any) -> None:
        """Whatever order they come in."""
        other, asked = list(found), [one.name for one in found]
        random.shuffle(other)

        assert locked((asked[::-1], other)).dump() == locked((asked, found)).dump()

    def test_one_line_for_each_package(self) -> None:
        lock = locked((["httpx>=0.27"], [package("httpx", "0.28.1"), package("anyio", "4.1")]))

        lines = lock.dump().splitlines()
        (line,) = [line for line in lines if '"httpx"' in line]
        assert line == (
            f'    {{ name = "httpx", version = "0.28.1", files = {{ "httpx-0.28.1-py3-none-any.whl" = "{DIGEST}" }} }},'
        )


WHOLE = tomllib.loads(
    locked((["httpx>=0.27"], [package("httpx", "0.28.1", index="https://index.example.com/simple")])).dump()
)
STEP, PACKAGE = ("steps", 0), ("steps", 0, "packages", 0)


def changed(place: tuple[str | int, ...], value: object) -> str:
    """The lock with another value in that place; without it where the value is None."""
    data: Any = tomllib.loads(tomli_w.dumps(WHOLE))
    within = data
    for step in place[:-1]:
        within = within[step]
    if value is None:
        del within[place[-1]]
    else:
        within[place[-1]] = value
    return tomli_w.dumps(data)


class TestEdited:
    """A lock is a file that people may edit, and merge."""

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (("schema",), 1),
            (("schema",), None),
            (("date",), "soon"),
            (("date",), 7),
            (("more",), "x"),
            (("platform",), "windows/amd64"),
            (("platform",), None),
            (("python",), "three"),
            (("python",), None),
            (("bases", "python:3.12-slim-bookworm"), "sha256:12"),
            (("bases", "Not A Reference"), DIGEST),
            (("bases",), ["python"]),
            (("steps",), "none"),
            ((*STEP, "asked"), ["httpx\nRUN evil"]),
            ((*STEP, "asked"), [1]),
            ((*STEP, "more"), "x"),
            ((*STEP, "packages"), None),
            ((*PACKAGE, "name"), "HTTPX"),
            ((*PACKAGE, "name"), "httpx --index-url=http://evil"),
            ((*PACKAGE, "name"), "other"),
            ((*PACKAGE, "version"), "0.28.2"),
            ((*PACKAGE, "version"), "0.28.01"),
            ((*PACKAGE, "version"), "0.28.1 --pre"),
            ((*PACKAGE, "version"), 1.0),
            ((*PACKAGE, "files"), {}),
            ((*PACKAGE, "files"), {"httpx-0.28.1-py3-none-any.whl": "md5:12"}),
            ((*PACKAGE, "files"), {"../httpx-0.28.1-py3-none-any.whl": DIGEST}),
            ((*PACKAGE, "files"), {"httpx-0.28.1.exe": DIGEST}),
            ((*PACKAGE, "index"), "https://name:password@index.example.com"),
            ((*PACKAGE, "index"), "file:///etc"),
            ((*PACKAGE, "index"), 7),
        ],
    )
    def test_is_refused(self, place: tuple[str | int, ...], value: object) -> None:
        with pytest.raises(InvalidValueError) as caught:
            Lock.parse(changed(place, value))

        assert all(problem.what.isprintable() for problem in caught.value.problems)

    @pytest.mark.parametrize("text", ["", "= 1", "schema = 2", "[[steps]]", "<<<<<<< ours\nschema = 2\n======="])
    def test_what_is_no_lock_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidValueError, match="bad-lock"):
            Lock.parse(text)

    def test_the_unchanged_one_is_none_of_them(self) -> None:
        assert Lock.parse(tomli_w.dumps(WHOLE)).packages is not None


class TestChanges:
    """What has moved, in words."""

    BEFORE = locked((["httpx>=0.27", "numpy"], [package("httpx", "0.28.0"), package("numpy", "2.3.1")]))

    def test_nothing(self) -> None:
        other = Lock.of("2027-01-01", dict(self.BEFORE.bases), self.BEFORE.packages)

        assert other.changes(self.BEFORE) == ()

    def test_packages(self) -> None:
        after = locked(
            (["httpx>=0.27", "numpy"], [package("httpx", "0.28.1"), package("numpy", "2.3.1", f"sha256:{'cd' * 32}")]),
            ([], [package("idna", "3.11")]),
        )

        assert after.changes(self.BEFORE) == (
            "httpx: 0.28.0 -> 0.28.1",
            "idna: new, 3.11",
            "numpy: 2.3.1 in another file",
            "what is asked for has changed",
        )

    def test_what_is_gone_and_what_it_stands_on(self) -> None:
        after = Lock.of(
            "2026-11-25",
            {"python:3.13-slim-bookworm": DIGEST},
            LockedPackages(
                "linux/arm64", "3.13", (LockedStep.of(["httpx>=0.27", "numpy"], [package("numpy", "2.3.1")]),)
            ),
        )

        assert after.changes(self.BEFORE) == (
            "python:3.12-slim-bookworm: gone",
            "python:3.13-slim-bookworm: new",
            "platform: linux/amd64 -> linux/arm64",
            "Python: 3.12 -> 3.13",
            "httpx: gone",
        )

    def test_another_base_image(self) -> None:
        after = Lock.of("2026-11-25", {"python:3.12-slim-bookworm": f"sha256:{'cd' * 32}"}, self.BEFORE.packages)

        assert after.changes(self.BEFORE) == ("python:3.12-slim-bookworm: another image",)

    def test_bases_alone(self) -> None:
        alone = Lock.of("2026-11-25", dict(self.BEFORE.bases))

        assert alone.changes(self.BEFORE) == ("packages: not locked any more",)
        assert self.BEFORE.changes(alone) == ("packages: locked now",)
