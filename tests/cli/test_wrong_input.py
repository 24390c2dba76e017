"""Wrong input, and the whole of what is said about it. Exit code 2, nothing on standard output, no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from mlcontainers.cli.program import run

if TYPE_CHECKING:
    from pathlib import Path


class Wrong(NamedTuple):
    """A description that somebody might write, and what they are told."""

    name: str
    toml: str
    told: str


BASE = '[base]\nkind = "cpu"\npython = "3.11"\n'
DESCRIPTIONS = (
    Wrong(
        "a text where a list is meant",
        'schema = 1\n[base]\nkind = "cpu"\n[[layers]]\nkind = "apt"\npackages = "ffmpeg"\n',
        """\
error[list-expected]: a list is meant, got the text 'ffmpeg'
  where: image.toml: layers[0].packages
  hint: write ["ffmpeg"]
""",
    ),
    Wrong(
        "a kind of layer that does not exist",
        'schema = 1\n[base]\nkind = "cpu"\n[[layers]]\nkind = "torhc"\n',
        """\
error[unknown-kind]: there is no kind 'torhc'
  where: image.toml: layers[0]
  hint: did you mean 'torch'?
""",
    ),
    Wrong(
        "a field that does not exist",
        'schema = 1\nport = [8080]\n[base]\nkind = "cpu"\n',
        """\
error[unknown-field]: there is no field 'port'
  where: image.toml: port
  hint: did you mean 'ports'?
""",
    ),
    Wrong(
        "a line break in a package name",
        'schema = 1\n[base]\nkind = "cpu"\n[[layers]]\nkind = "apt"\npackages = ["ffmpeg\\nUSER root"]\n',
        r"""error[control-character]: apt package 'ffmpeg\nUSER root' holds the character '\n'
  where: image.toml: layers[0].packages[0]
  because: a line break or control character could start a new Dockerfile instruction
  hint: write apt package on one line, without control characters
""",
    ),
    Wrong(
        "a patch release of Python",
        'schema = 1\n[base]\nkind = "cpu"\npython = "3.11.4"\n',
        """\
error[bad-python]: Python '3.11.4' names a patch release
  where: image.toml: base.python
  because: the base image brings the newest patch, and wheels do not depend on it
  hint: write "3.11"
""",
    ),
    Wrong(
        "text that is no TOML",
        "schema = 1\n[base\n",
        """\
error[bad-toml]: this is no TOML: Expected ']' at the end of a table declaration (at line 2, column 6)
  where: image.toml
""",
    ),
    Wrong(
        "a number for a version, and a port too high: both are told",
        'schema = 1\nports = [80800]\n[base]\nkind = "cuda"\nversion = 12.8\n',
        """\
error[bad-cuda]: 12.8 is no CUDA version
  where: image.toml: base.version
  hint: write "12.8" in quotes
error[bad-port]: 80800 is no port
  where: image.toml: ports[0]
  hint: as in 8080 or '53/udp'
""",
    ),
    Wrong(
        "nothing at all",
        "",
        """\
error[missing-field]: the field 'base' is missing
  where: image.toml: base
""",
    ),
    Wrong(
        "a user by name",
        'schema = 1\nuser = "root"\n[base]\nkind = "cpu"\n',
        """\
error[bad-user]: 'root' is no numeric user
  where: image.toml: user
  because: a name has to exist in the base image, and Kubernetes' runAsNonRoot only trusts numbers
  hint: "0" is root
""",
    ),
    Wrong(
        "an option of pip among the packages",
        'schema = 1\n[base]\nkind = "cpu"\n[[layers]]\nkind = "pip"\npackages = ["--extra-index-url=x"]\n',
        """\
error[pip-option]: '--extra-index-url=x' is an option of pip, not a package
  where: image.toml: layers[0].packages[0]
  because: an option could change where every package comes from
  hint: put package names in packages, and a file in requirements=
""",
    ),
    Wrong(
        "files from outside the build context",
        'schema = 1\n[base]\nkind = "cpu"\n[[layers]]\nkind = "files"\nsource = "../x"\ndestination = "/app"\n',
        """\
error[outside-context]: '../x' lies outside the build context
  where: image.toml: layers[0].source
  because: a builder only sees the files below its context
  hint: name it relative to the folder that is built, and build from a folder that holds it
""",
    ),
)


@pytest.mark.parametrize("wrong", DESCRIPTIONS, ids=lambda wrong: wrong.name)
@pytest.mark.parametrize("command", ["plan", "render", "build"])
def test_a_wrong_description_is_told_whole(
    command: str,
    wrong: Wrong,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.toml").write_text(wrong.toml)

    code = run([command, "image.toml"])

    out, err = capsys.readouterr()
    assert (code, out, err) == (2, "", wrong.told)


COMMAND_LINES = (
    (
        "plan nowhere.toml",
        """\
error[unreadable]: cannot read 'nowhere.toml': no such file or directory
  where: nowhere.toml
""",
    ),
    (
        "check nowhere",
        """\
error[unreadable]: cannot read 'nowhere': no such file or directory
  where: nowhere
""",
    ),
    (
        "pin torch --cpu --cuda",
        """\
error[one-accelerator]: --cpu, --cuda and --rocm exclude each other
  hint: keep one of them
""",
    ),
    (
        "pin torch --cuda cu128",
        """\
error[bad-cuda]: 'cu128' is the label of a wheel
  hint: write "12.8"
""",
    ),
    (
        "pin torch --python 3.12.1",
        """\
error[bad-python]: Python '3.12.1' names a patch release
  because: the base image brings the newest patch, and wheels do not depend on it
  hint: write "3.12"
""",
    ),
    (
        "pin torch --platform windows/amd64",
        """\
error[bad-platform]: 'windows/amd64' is no platform that wheels of ML frameworks exist for
  hint: did you mean 'linux/amd64'?
""",
    ),
)


@pytest.mark.parametrize(("line", "told"), COMMAND_LINES)
def test_a_wrong_argument_is_told_whole(line: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(line.split())

    out, err = capsys.readouterr()
    assert (code, out, err) == (2, "", told)


@pytest.mark.parametrize("line", ["plan", "nonsense", "plan a b", "plan --jsn a", "pin", "facts show"])
def test_a_wrong_command_line_is_wrong_use(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(line.split())

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert "Traceback" not in err


class TestAnswersThatAreNo:
    """Exit code 1: the question was right, and the answer is no."""

    def test_an_unknown_record_suggests_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        code = run(["facts", "list", "torhc"])

        out, err = capsys.readouterr()
        assert (code, out) == (1, "")
        assert err == "error[no-facts]: there are no facts about 'torhc'\n  hint: did you mean 'torch'?\n"

    def test_an_impossible_image_names_facts_and_ways_out(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "image.toml"
        file.write_text(
            'schema = 1\n[base]\nkind = "cuda"\nversion = "12.4"\n[[layers]]\nkind = "torch"\nversion = "2.9"\n'
        )

        code = run(["plan", str(file)])

        out, err = capsys.readouterr()
        assert (code, out) == (1, "")
        assert err.startswith("error[no-wheel]: torch 2.9 cannot be had for CUDA 12.4")
        assert "\n  because: " in err
        assert "\n  hint: " in err
