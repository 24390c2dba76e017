"""Requirements files are read as pip reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers.values.requirements import RequirementsFile
from tests.strategies import LINES, REQUIREMENTS


def codes(text: str) -> list[tuple[str, str]]:
    return [(problem.code, problem.where) for problem in RequirementsFile.parse(text, "r.txt").problems]


class TestRead:
    def test_packages_files_and_indexes(self) -> None:
        text = (
            "\ufeff# a comment\n"
            "numpy>=2  # why\n"
            "\n"
            "torch==2.9.1 ; python_version >= '3.10' \\\n"
            "    --hash=sha256:aa \\\n"
            "    --hash sha256:bb\n"
            "-r deploy/more.txt\n"
            "-climits.txt\n"
            "--requirement=../up.txt\n"
            "--extra-index-url https://index.example.com/simple\n"
            "--no-binary=:all:\n"
            "--pre\n"
            "last[extra]"
        )

        file = RequirementsFile.parse(text, "a/b/r.txt")

        assert [(str(one.package), one.where) for one in file.packages] == [
            ("numpy>=2", "a/b/r.txt:2"),
            ("torch==2.9.1 ; python_version >= '3.10'", "a/b/r.txt:4"),
            ("last[extra]", "a/b/r.txt:13"),
        ]
        assert file.packages[1].hashes == ("sha256:aa", "sha256:bb")
        assert [(str(path), limits) for path, limits, _ in file.included] == [
            ("a/b/deploy/more.txt", False),
            ("a/b/limits.txt", True),
            ("a/up.txt", False),
        ]
        assert [(line.option, line.url) for line in file.indexes] == [
            ("--extra-index-url", "https://index.example.com/simple")
        ]
        assert file.problems == ()

    @given(st.lists(REQUIREMENTS))
    def test_every_package_in_its_order_and_on_its_line(self, wanted: list[str]) -> None:
        file = RequirementsFile.parse("\n".join(wanted), "r.txt")

        assert [(str(one.package), one.where) for one in file.packages] == [
            (text, f"r.txt:{number}") for number, text in enumerate(wanted, 1)
        ]

    @given(st.lists(LINES).map("\n".join))
    def test_any_text_is_read_or_refused_with_its_line(self, text: str) -> None:
        file = RequirementsFile.parse(text, "r.txt")

        assert all(problem.where.startswith("r.txt:") for problem in file.problems)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("-e .", "pip-option"),
            ("--no-index", "pip-option"),
            ("--trusted-host x", "pip-option"),
            ("--frobnicate", "pip-option"),
            ("./local", "local-package"),
            ("wheels/x-1-py3-none-any.whl", "local-package"),
            ("x @ https://example.com/x.whl", "address-requirement"),
            ("git+https://example.com/x", "address-requirement"),
            ("x==${VERSION}", "variable-in-requirements"),
            ("-r ../../etc/passwd", "outside-context"),
            ("-r https://example.com/r.txt", "not-a-file"),
            ("--pre --index-url https://example.com", "index-line"),
            ("--index-url \\\n https://example.com", "index-line"),
            ("x --global-option=y", "pip-option"),
            ("x y", "bad-requirement"),
            ("-r 'x", "bad-requirement"),
        ],
    )
    def test_what_cannot_go_into_an_image(self, text: str, code: str) -> None:
        assert codes(f"numpy\n{text}\nscipy") == [(code, "r.txt:2")]

    def test_all_at_once(self) -> None:
        assert codes("-e .\nx y\n./z") == [
            ("pip-option", "r.txt:1"),
            ("bad-requirement", "r.txt:2"),
            ("local-package", "r.txt:3"),
        ]
