"""What files ask for is compared with what was decided, before anything is built."""

from __future__ import annotations

import pytest

from mlcontainers import Image, ImpossibleError, InvalidValueError, MlcontainersError, Plan, plan

CPU = Image.from_cpu(python="3.12")
TORCH = CPU.add_torch("2.9")


def codes(image: Image, files: dict[str, str] | None) -> list[tuple[str, str, str]]:
    """Severity, code and place of all but the remarks that every plan has."""
    try:
        problems = plan(image, context=files).problems
    except MlcontainersError as error:
        problems = error.problems
    return [(one.severity, one.code, one.where) for one in problems if one.code != "no-command"]


def planned(image: Image, **files: str) -> Plan:
    return plan(image, context={name.replace("_txt", ".txt"): text for name, text in files.items()})


class TestRequirements:
    IMAGE = TORCH.add_pip(requirements="r.txt")

    def test_a_framework_by_name_is_told_wherever_it_stands(self) -> None:
        found = codes(CPU.add_pip(requirements="r.txt"), {"r.txt": "-r more.txt\n", "more.txt": "\n\ntorch\n"})

        assert found == [("error", "framework-in-pip", "more.txt:3")]

    def test_one_in_the_version_that_was_decided_is_fine(self) -> None:
        assert codes(self.IMAGE, {"r.txt": "torch>=2.8\n"}) == []

    def test_another_version_is_a_contradiction_also_as_a_constraint(self) -> None:
        files = {"r.txt": "-c limits.txt\n", "limits.txt": "torch<2.9\nnumpy<9\n"}

        assert codes(self.IMAGE, files) == [("error", "contradiction", "limits.txt:1")]

    def test_what_a_marker_excludes_is_not_asked_for(self) -> None:
        text = "torch==1.0; python_version < '3'\ntorch==1.1; sys_platform == 'win32'\n"

        assert codes(self.IMAGE, {"r.txt": text}) == []

    def test_files_that_name_each_other(self) -> None:
        found = planned(CPU.add_pip(requirements="a.txt"), a_txt="-r b.txt\nsix\n", b_txt="-r a.txt\n")

        assert found.dockerfile.render().count("type=bind,source=b.txt") == 1

    def test_a_file_that_is_not_there_is_told_with_the_line_that_names_it(self) -> None:
        assert codes(self.IMAGE, {"r.txt": "six\n-r gone.txt\n"}) == [("error", "no-such-file", "r.txt:2")]

    def test_files_that_were_not_read_are_told(self) -> None:
        assert codes(self.IMAGE, None) == [("info", "unread-file", "layers[1] (pip)")]

    def test_an_index_that_nothing_stands_for(self) -> None:
        text = "--extra-index-url https://user:s3cr3t@other.example.com/simple\nsix\n"

        with pytest.raises(ImpossibleError) as caught:
            planned(self.IMAGE, r_txt=text)

        assert [(one.code, one.where) for one in caught.value.problems] == [("index-line", "r.txt:1")]
        assert "s3cr3t" not in str(caught.value)
        assert 'with_index("company", "other.example.com/simple"' in caught.value.problems[0].hints[0]

    @pytest.mark.parametrize("url", ["https://download.pytorch.org/whl/cu128", "https://index.example.com/simple/"])
    def test_an_index_that_the_image_has(self, url: str) -> None:
        image = self.IMAGE.with_index("company", "https://index.example.com/simple", ["acme"])

        found = planned(image, r_txt=f"--extra-index-url {url}\nsix\n")

        assert found.problems[-1].code != "index-line"
        assert "sed -i -E" in found.dockerfile.render()

    def test_a_framework_under_its_other_name(self) -> None:
        image = CPU.add_tensorflow().add_pip(requirements="r.txt")

        assert codes(image, {"r.txt": "tensorflow>=2\n"}) == [("error", "framework-twice", "r.txt:1")]

    def test_a_framework_in_several_builds(self) -> None:
        image = Image.from_cuda("12.8", python="3.12").add_torch("2.9").add_pip(requirements="r.txt")

        assert codes(image, {"r.txt": "jax\n"}) == [("warning", "framework-by-name", "r.txt:1")]


class TestPyproject:
    TEXT = """
[project]
name = "demo"
dependencies = ["torch<2"]
[project.optional-dependencies]
Serve_It = ["torch>=99"]
[dependency-groups]
dev = [{include-group = "Test_Group"}, "six"]
test-group = ["torch==3", {include-group = "dev"}]
"""

    def test_dependencies_extras_and_groups_that_include_groups(self) -> None:
        image = TORCH.add_pip(pyproject="pyproject.toml", extras=["serve-it"], groups=["dev"])

        with pytest.raises(ImpossibleError) as caught:
            plan(image, context={"pyproject.toml": self.TEXT})

        told = [one.what.split(" contradicts")[0] for one in caught.value.problems]
        assert told == ["torch<2", "torch>=99", "torch==3"]

    def test_no_such_extra_and_group(self) -> None:
        image = TORCH.add_pip(pyproject="pyproject.toml", extras=["serv"], groups=["tests"])

        assert codes(image, {"pyproject.toml": self.TEXT}) == [
            ("error", "no-extra", "layers[1] (pip)"),
            ("error", "no-group", "layers[1] (pip)"),
        ]

    def test_dynamic_dependencies(self) -> None:
        files = {"pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n'}

        assert codes(CPU.add_pip(pyproject="pyproject.toml"), files) == [
            ("error", "dynamic-dependencies", "layers[0] (pip)")
        ]

    def test_no_toml(self) -> None:
        assert codes(CPU.add_pip(pyproject="pyproject.toml"), {"pyproject.toml": "= 1"}) == [
            ("error", "bad-toml", "pyproject.toml")
        ]


class TestLock:
    UV = '[[package]]\nname = "torch"\nversion = "2.8.0"\nsource = { registry = "https://index.example.com" }\n'
    PYLOCK = 'lock-version = "1.0"\n[[packages]]\nname = "torch"\nversion = "2.8.0"\n'

    @pytest.mark.parametrize(
        ("name", "text"), [("uv.lock", UV), ("pylock.toml", PYLOCK), ("r.lock.txt", "torch==2.8.0 --hash=sha256:aa\n")]
    )
    def test_another_version_of_a_framework(self, name: str, text: str) -> None:
        files = {name: text, "pyproject.toml": "[project]\nname='x'\n"}

        assert [code for _, code, _ in codes(TORCH.add_pip(lock=name), files)] == ["contradiction"]

    def test_packages_that_lie_in_the_project(self) -> None:
        mine = '[[package]]\nname = "me"\nversion = "1"\nsource = { editable = "." }\n'
        other = '[[package]]\nname = "other"\nversion = "1"\nsource = { directory = "../other" }\n'
        files = {"uv.lock": mine + other, "pyproject.toml": ""}

        assert codes(CPU.add_pip(lock="uv.lock"), files) == [("error", "local-package", "uv.lock")]

    def test_a_package_without_a_hash(self) -> None:
        assert codes(CPU.add_pip(lock="r.txt"), {"r.txt": "six==1.17.0\n"}) == [("error", "unhashed", "r.txt:1")]

    def test_locks_of_other_tools(self) -> None:
        with pytest.raises(InvalidValueError, match="unknown-lock"):
            CPU.add_pip(lock="poetry.lock")

    def test_what_pip_cannot(self) -> None:
        with pytest.raises(InvalidValueError, match="needs-uv"):
            CPU.with_installer("pip").add_pip(lock="uv.lock")


class TestIndexes:
    def test_a_package_has_one_home(self) -> None:
        image = CPU.with_index("one", "https://one.example.com/simple", ["acme"])

        with pytest.raises(InvalidValueError, match="acme is to come from one and from two"):
            image.with_index("two", "https://two.example.com/simple", ["Acme"])

    def test_no_password_in_an_address(self) -> None:
        with pytest.raises(InvalidValueError, match="credentials-in-index") as caught:
            CPU.with_index("one", "https://reader:s3cr3t@one.example.com/simple", ["acme"])

        assert "s3cr3t" not in str(caught.value)

    def test_a_mirror_stands_for_it(self) -> None:
        from mlcontainers import Sources

        image = CPU.with_index("one", "https://one.example.com/simple", ["acme"]).add_pip("acme")
        text = plan(image, sources=Sources(mirrors=(("one", "https://mirror.example.com/x"),))).dockerfile.render()

        assert "--default-index=https://mirror.example.com/x" in text
        assert "one.example.com" not in text

    def test_order_does_not_matter(self) -> None:
        one = ("one", "https://one.example.com/simple", ["a"])
        two = ("two", "https://two.example.com/simple", ["b"])

        assert CPU.with_index(*one).with_index(*two) == CPU.with_index(*two).with_index(*one)
        assert CPU.with_index("one", "https://old.example.com", ["z"]).with_index(*one) == CPU.with_index(*one)
