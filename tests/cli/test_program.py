"""The program as other programs meet it: streams, exit codes, pipes and signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CUDA = str(EXAMPLES / "pytorch-cuda" / "image.toml")
PROGRAM = (sys.executable, "-m", "mlcontainers")


def mlcontainers(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the real program to its end."""
    return subprocess.run((*PROGRAM, *arguments), input=given, capture_output=True, text=True, timeout=60, check=False)


class TestStreams:
    """Results on standard output, everything else on standard error."""

    def test_render_prints_the_dockerfile_and_nothing_else(self) -> None:
        done = mlcontainers("render", CUDA)

        assert done.returncode == 0
        assert done.stdout.startswith("# Written by mlcontainers")
        assert done.stdout.endswith('ENTRYPOINT ["dumb-init", "--", "python", "serve.py"]\n')
        assert "info[" not in done.stdout

    def test_plan_gives_reasons(self) -> None:
        done = mlcontainers("plan", CUDA)

        assert (done.returncode, done.stderr) == (0, "")
        assert "accelerator: CUDA 12.8\n  because " in done.stdout

    def test_problems_of_a_dockerfile_are_the_result(self) -> None:
        done = mlcontainers("check", "-", given="RUN true\n")

        assert done.returncode == 1
        assert done.stdout.startswith("error[")
        assert done.stderr.startswith("standard input: 1 error")

    def test_a_good_dockerfile_is_quiet(self) -> None:
        done = mlcontainers("check", "-", given="FROM python:3.12-slim\nUSER 1000\n")

        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "standard input: no problems\n"

    def test_what_is_rendered_checks_well(self) -> None:
        done = mlcontainers("check", "-", given=mlcontainers("render", CUDA).stdout)

        assert (done.returncode, done.stdout) == (0, "")


class TestJson:
    """`--json`: one document on standard output, whatever the answer."""

    def test_plan(self) -> None:
        plan = json.loads(mlcontainers("plan", CUDA, "--json").stdout)

        assert plan["accelerator"] == "CUDA 12.8"
        assert {"subject", "choice", "because"} == set(plan["decisions"][0])

    def test_render(self) -> None:
        document = json.loads(mlcontainers("render", CUDA, "--json").stdout)

        assert document["dockerfile"] == mlcontainers("render", CUDA).stdout

    def test_check_lists_problems_with_their_lines(self) -> None:
        (problem,) = json.loads(mlcontainers("check", "-", "--json", given="\nRUN true\n").stdout)

        assert set(problem) == {"code", "severity", "where", "what", "because", "hints", "line", "end_line", "point"}
        assert problem["severity"] == "error"

    def test_check_of_a_good_file_is_an_empty_list(self) -> None:
        assert json.loads(mlcontainers("check", "-", "--json", given="FROM python:3.12-slim\n").stdout) == []

    def test_check_knows_what_the_context_keeps_out(self, tmp_path: Path) -> None:
        (tmp_path / ".dockerignore").write_text("*.yaml\n")
        given = "FROM scratch\nCOPY a.yaml /\n"

        (problem,) = json.loads(mlcontainers("check", "-", "--context", str(tmp_path), "--json", given=given).stdout)
        assert problem["code"] == "copy-ignored-file"
        (tmp_path / "Dockerfile").write_text(given)
        (tmp_path / "Dockerfile.dockerignore").write_text("*.txt\n")
        file = str(tmp_path / "Dockerfile")
        assert json.loads(mlcontainers("check", file, "--context", str(tmp_path), "--json").stdout) == []

    def test_a_context_that_is_no_folder(self) -> None:
        done = mlcontainers("check", "-", "--context", "nowhere", given="FROM scratch\n")

        assert done.returncode == 2
        assert "'nowhere' is no folder" in done.stderr

    def test_pin(self) -> None:
        answer = json.loads(mlcontainers("pin", "torch", "--cuda", "12.8", "--python", "3.12", "--json").stdout)

        assert answer["verdict"] == "works"
        assert [package["project"] for package in answer["packages"]] == ["torch"]

    def test_facts(self) -> None:
        assert json.loads(mlcontainers("facts", "show", "torch==2.9.1", "--json").stdout)["version"] == "2.9.1"
        assert "torch==2.9.1" in json.loads(mlcontainers("facts", "list", "torch", "--json").stdout)

    def test_files_of_the_context_are_compared(self, tmp_path: Path) -> None:
        """Beside the image's own file, or in the folder that is named."""
        layer = '[[layers]]\nkind = "pip"\nrequirements = "requirements.txt"\n'
        (tmp_path / "image.toml").write_text(f'schema = 1\n[base]\nkind = "cpu"\n{layer}')
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "requirements.txt").write_text("torch\n")
        file = str(tmp_path / "image.toml")

        def codes(*options: str) -> list[str]:
            answer = json.loads(mlcontainers("plan", file, "--json", *options).stdout)
            return [problem["code"] for problem in answer.get("problems", ())]

        assert "unread-file" in codes()
        assert codes("--context", str(tmp_path / "other")) == ["framework-in-pip"]
        assert codes("--context", str(tmp_path)) == ["no-such-file"]
        (tmp_path / "requirements.txt").write_text("six\n")
        assert codes() == ["no-command"]

    def test_problems_of_wrong_input(self, tmp_path: Path) -> None:
        file = tmp_path / "image.toml"
        file.write_text("")

        done = mlcontainers("plan", str(file), "--json")

        assert done.returncode == 2
        assert [problem["code"] for problem in json.loads(done.stdout)["problems"]] == ["missing-field"]
        assert "error[missing-field]" in done.stderr


class TestEnds:
    """However it ends, it ends quietly."""

    def test_a_reader_that_leaves_early(self) -> None:
        with subprocess.Popen(
            (*PROGRAM, "facts", "list", "vllm"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program:
            assert program.stdout is not None
            assert program.stderr is not None
            program.stdout.close()
            complaints = program.stderr.read()

        assert complaints == b""
        assert program.returncode == 141

    def test_an_interrupt(self) -> None:
        with subprocess.Popen(
            (*PROGRAM, "check", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program:
            time.sleep(1.5)
            program.send_signal(signal.SIGINT)
            _, complaints = program.communicate(timeout=10)

        assert program.returncode == 130
        assert b"Traceback" not in complaints

    @pytest.mark.parametrize("absent", ["typer", "rich"])
    def test_without_the_extra_it_names_what_to_install(self, absent: str) -> None:
        without = f"import sys; sys.modules[{absent!r}] = None; from mlcontainers.cli import main; main()"

        done = subprocess.run((sys.executable, "-c", without), capture_output=True, text=True, timeout=60, check=False)

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"error[no-cli]: the command line needs {absent}, which is not installed: pip install 'mlcontainers[cli]'\n"
        )

    def test_output_that_the_terminal_cannot_show(self, tmp_path: Path) -> None:
        file = tmp_path / "image.toml"
        file.write_text('schema = 1\n[base]\nkind = "cpu"\n[labels]\ntitle = "Zürich"\n', encoding="utf-8")
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

        done = subprocess.run(
            (*PROGRAM, "render", str(file)), capture_output=True, env=environment, timeout=60, check=False
        )

        assert done.returncode == 0
        assert "Zürich".encode() in done.stdout


class TestHelp:
    """Every command explains itself."""

    @pytest.mark.parametrize(
        "command", ["plan", "render", "check", "pin", "facts", "facts show", "facts list", "build"]
    )
    def test_every_command_has_help(self, command: str) -> None:
        done = mlcontainers(*command.split(), "--help")

        assert (done.returncode, done.stderr) == (0, "")
        assert "--json" in done.stdout or command == "facts"

    def test_the_version_is_printed(self) -> None:
        from mlcontainers import __version__

        assert mlcontainers("--version").stdout == f"mlcontainers {__version__}\n"
