"""A locked plan: base images by digest, and layers that are the same bytes each time they are built."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlcontainers import EngineError, Image, build, plan
from mlcontainers.dockerfile import From
from mlcontainers.engines.attempts import attempt
from mlcontainers.engines.locking import lock
from mlcontainers.engines.options import BuildRequest
from tests.engines.containers import output, temporary_tag

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]
SMALL = Image.from_cpu(python="3.11").add_apt("libgomp1").add_pip("iniconfig").add_files("code.py", "/app")


def test_the_lock_has_what_the_builder_takes() -> None:
    held = lock(SMALL)

    assert [name for name, _ in held.bases] == ["python:3.11-slim-bookworm"]
    images = [part.image for part in plan(SMALL, lock=held).dockerfile.instructions if isinstance(part, From)]
    assert set(images) == {f"python:3.11-slim-bookworm@{held.bases[0][1]}"}


def test_a_base_that_nobody_knows() -> None:
    with pytest.raises(EngineError, match="nobody tells which image localhost:9/nobody/nothing:1 is"):
        lock(Image.from_base("localhost:9/nobody/nothing:1", python="3.11").add_run("true"))


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    (folder / "code.py").write_text("print('hello')\n", encoding="utf-8")
    return folder


def test_two_builds_without_a_cache_give_equal_images(context: Path, tmp_path: Path) -> None:
    request = BuildRequest.of(SMALL, {"context": context, "lock": True, "host_settings": True})
    digests: list[str] = []
    for name in ("first", "second"):
        scratch = tmp_path / name
        scratch.mkdir()
        target = f"--output=type=docker,dest={scratch / 'image.tar'},rewrite-timestamp=true"
        digests.append(attempt(request, scratch, ["--no-cache", target]).digest)

    assert digests[0].startswith("sha256:")
    assert digests[0] == digests[1]


def test_a_locked_image_is_loaded_and_runs(context: Path) -> None:
    """Its bytecode holds although every file has another time than when it was compiled."""
    asked = "import iniconfig as m, os; print(os.path.getmtime(m.__file__) == os.path.getmtime(m.__cached__))"
    with temporary_tag() as tag:
        built = build(SMALL, context=context, tags=[tag], lock=True, host_settings=True)

        assert built.plan.lock is not None
        assert output(tag, "python", "-c", asked) == "True"
        assert output(tag, "python", "-c", HASHED) == "1"
        assert output(tag, "python", "/app/code.py") == "hello"
        assert build(built.plan, context=context, tags=[tag], host_settings=True).reused


HASHED = """\
import iniconfig
flags = int.from_bytes(open(iniconfig.__cached__, "rb").read(8)[4:], "little")
print(flags & 1)
"""
"""PEP 552: the lowest bit says that the hash of the source is in the file, not its time."""


def test_the_command_line_writes_a_lock_and_takes_it(tmp_path: Path) -> None:
    file = tmp_path / "image.toml"
    file.write_text(Image.from_cpu(python="3.11").add_pip("iniconfig").dump(), encoding="utf-8")

    before = mlcontainers("render", str(file), "--locked")
    locked = mlcontainers("lock", str(file))
    after = mlcontainers("render", str(file), "--locked")

    assert (before.returncode, "error[no-lock]" in before.stderr) == (2, True)
    assert locked.stdout.startswith(f"written: {tmp_path / 'image.lock.toml'}\npython:3.11-slim-bookworm: sha256:")
    assert "FROM python:3.11-slim-bookworm@sha256:" in after.stdout


def mlcontainers(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "mlcontainers", *arguments), capture_output=True, text=True, check=False
    )
