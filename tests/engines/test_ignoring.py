"""What of a folder a builder is sent."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlcontainers import Image, InvalidValueError, build, plan
from mlcontainers.engines.contents import contents
from mlcontainers.engines.ignoring import ignore_file, refuse_leaks, sent, weight
from tests.engines.containers import output, temporary_tag

if TYPE_CHECKING:
    from pathlib import Path

    from mlcontainers import Dockerfile

IMAGE = Image.from_cpu(python="3.11").add_files("src", "/app").add_files("data/labels.txt", "/app")


@pytest.fixture
def dockerfile() -> Dockerfile:
    return plan(IMAGE).dockerfile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "src/main.py",
        "src/.git/config",
        "src/__pycache__/main.pyc",
        "data/labels.txt",
        "data/train.csv",
        ".env",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


class TestWhatIsSent:
    def test_what_the_image_takes_and_nothing_else(self, dockerfile: Dockerfile, folder: Path) -> None:
        assert sent(dockerfile, folder).keys() == {"data/labels.txt", "src/main.py"}
        assert contents(dockerfile, folder).keys() == sent(dockerfile, folder).keys()

    def test_the_folders_own_file_is_respected(self, dockerfile: Dockerfile, folder: Path) -> None:
        (folder / "src/notes.md").write_text("")
        (folder / ".dockerignore").write_text("**/*.md\n")

        assert "src/notes.md" not in sent(dockerfile, folder)
        assert "\n# The folder's own .dockerignore.\n**/*.md\n" in ignore_file(dockerfile, folder)

    def test_all_of_the_folder_may_be_taken(self, folder: Path) -> None:
        everything = plan(Image.from_cpu(python="3.11").add_files(".", "/app")).dockerfile

        files = {path for path, place in sent(everything, folder).items() if place.is_file()}
        assert files == {".env", "data/labels.txt", "data/train.csv", "src/main.py"}

    def test_odd_names(self, tmp_path: Path) -> None:
        odd = "a b]"
        (tmp_path / odd).mkdir()
        (tmp_path / odd / "x.py").write_text("")

        assert list(sent(plan(Image.from_cpu(python="3.11").add_files(odd, "/app")).dockerfile, tmp_path)) == [
            "a b]/x.py"
        ]

    def test_what_it_weighs(self, dockerfile: Dockerfile, folder: Path) -> None:
        assert str(weight(dockerfile, folder)) == "2 files, 26 B, the largest data/labels.txt with 15 B"


class TestLeaks:
    @pytest.mark.parametrize(
        "name", [".env", ".env.local", "id_rsa", "tls.key", "keys/.netrc", "model.safetensors", "best.pt"]
    )
    def test_they_are_refused(self, name: str, dockerfile: Dockerfile, folder: Path) -> None:
        leak = folder / "src" / name
        leak.parent.mkdir(exist_ok=True)
        leak.write_text("")

        with pytest.raises(InvalidValueError) as caught:
            refuse_leaks(dockerfile, folder)

        (problem,) = caught.value.problems
        assert (problem.code, problem.what) == ("leak", f"src/{name} would enter the image")
        assert problem.hints[1] == f'add_files("src/{name}", ...) takes it knowingly'

    def test_what_is_asked_for_by_name_is_none(self, folder: Path) -> None:
        (folder / "src/best.pt").write_text("")
        refuse_leaks(plan(IMAGE.add_files("src/best.pt", "/app")).dockerfile, folder)

    def test_what_is_kept_out_is_none(self, dockerfile: Dockerfile, folder: Path) -> None:
        (folder / "src/.env").write_text("")
        (folder / ".dockerignore").write_text("**/.env\n")
        refuse_leaks(dockerfile, folder)

    @pytest.mark.usefixtures("engine")
    def test_a_build_refuses_them_before_anything_else(self, folder: Path) -> None:
        (folder / "src/.env").write_text("PASSWORD=1")

        with pytest.raises(InvalidValueError, match=r"src/\.env would enter the image"):
            build(IMAGE, context=folder)


@pytest.mark.usefixtures("engine")
class TestOnTheEngine:
    """The builder agrees."""

    def test_the_image_has_what_is_sent(self, folder: Path) -> None:
        with temporary_tag() as tag:
            build(IMAGE, context=folder, tags=[tag], verify=False)

            assert output(tag, "find", "/app", "-type", "f").split() == ["/app/labels.txt", "/app/main.py"]

    def test_links_on_the_way_are_followed(self, folder: Path) -> None:
        (folder / "source").symlink_to("src")
        with temporary_tag() as tag:
            linked = Image.from_cpu(python="3.11").add_files("source/main.py", "/app")
            build(linked, context=folder, tags=[tag], verify=False)

            assert output(tag, "cat", "/app/main.py") == "src/main.py"


def test_on_the_command_line(folder: Path) -> None:
    file = folder / "image.toml"
    file.write_text(IMAGE.dump(), encoding="utf-8")
    asked = (sys.executable, "-m", "mlcontainers")

    text = subprocess.run(
        (*asked, "render", str(file), "--dockerignore"), capture_output=True, text=True, check=True
    ).stdout
    told = subprocess.run(
        (*asked, "plan", str(file), "--context", str(folder)), capture_output=True, text=True, check=True
    )

    assert text == ignore_file(plan(IMAGE).dockerfile, folder)
    assert told.stdout.endswith("context: 2 files, 26 B, the largest data/labels.txt with 15 B\n")
