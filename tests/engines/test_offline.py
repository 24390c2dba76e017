"""A build without a network: everything comes from a folder of wheels, the installer included."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import pytest

from mlcontainers import Image, ImpossibleError, InvalidValueError, Sources, build, catalogue, plan
from tests.engines.containers import output, temporary_tag
from tests.packages import digest, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

CPU = Image.from_cpu(python="3.11")


class TestPlanned:
    WHEELS = (f"uv-{catalogue().tool('uv').version}-py3-none-manylinux_2_17_x86_64.whl",)

    def codes(self, image: Image, *wheels: str) -> list[tuple[str, str]]:
        with pytest.raises(ImpossibleError) as caught:
            plan(image, sources=Sources(wheelhouse=wheels, offline=True))
        return [(problem.code, problem.where) for problem in caught.value.problems]

    def test_what_the_wheelhouse_lacks_is_told_at_once(self) -> None:
        with pytest.raises(ImpossibleError) as caught:
            plan(CPU.add_sklearn("1.7"), sources=Sources(wheelhouse=("six-1-py3-none-any.whl",), offline=True))

        (problem,) = caught.value.problems
        assert problem.code == "not-in-wheelhouse"
        assert "scikit-learn==1.7" in problem.hints[0]
        assert f"uv=={catalogue().tool('uv').version}" in problem.hints[0]

    def test_what_no_wheelhouse_has(self) -> None:
        image = CPU.add_apt("libgomp1").add_pip(lock="pylock.toml")

        assert self.codes(image, *self.WHEELS) == [
            ("needs-network", "layers[0] (apt)"),
            ("needs-network", "layers[1] (pip)"),
        ]

    def test_no_command_asks_an_index(self) -> None:
        image = CPU.with_index("company", "https://index.example.com", ["acme"]).add_pip("acme", "six")

        text = plan(image, sources=Sources(wheelhouse=self.WHEELS, offline=True)).dockerfile.render()

        assert "https://" not in text
        assert text.count("pip install") == text.count("--no-index --find-links=/wheelhouse") == 3

    def test_a_folder_is_needed(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidValueError, match="no-wheelhouse"):
            build(CPU, context=tmp_path, network="none")


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_built_without_a_network(installer: Literal["uv", "pip"], tmp_path: Path) -> None:
    wheels, context = tmp_path / "wheels", tmp_path / "context"
    context.mkdir()
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    tool = f"{installer}=={catalogue().tool(installer).version}"
    subprocess.run([*download, f"--dest={wheels}", tool], check=True)
    make_wheel(wheels, "alpha", "1.0", ["beta"])
    make_wheel(wheels, "beta", "2.0")
    locked = make_wheel(wheels, "gamma", "3.0")
    (context / "requirements.lock").write_text(f"gamma==3.0 --hash={digest(locked).replace('=', ':')}\n")
    image = CPU.with_installer(installer, bytecode=False).add_pip("alpha").add_pip(lock="requirements.lock")
    image = image.add_run("! python -c 'import urllib.request as u; u.urlopen(\"http://192.0.2.1\", timeout=3)'")
    with temporary_tag() as tag:
        build(image, context=context, tags=[tag], wheelhouse=wheels, network="none")

        program = "import alpha, beta, gamma; print(alpha.version, beta.version, gamma.version)"
        assert output(tag, "python", "-c", program) == "1.0 2.0 3.0"

        word = uuid4().hex  # No earlier run has left an image of it.
        make_wheel(wheels, "beta", "2.0", says=word)
        again = build(image, context=context, tags=[tag], wheelhouse=wheels, network="none")

        assert not again.reused
        assert output(tag, "python", "-c", program) == f"1.0 {word} 3.0"
