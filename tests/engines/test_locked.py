"""A locked plan: base images by digest, and layers that are the same bytes each time they are built."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from mlcontainers import EngineError, Image, build, plan
from mlcontainers.dockerfile import From
from mlcontainers.engines.attempts import attempt
from mlcontainers.engines.locking import lock
from mlcontainers.engines.options import BuildRequest
from tests.engines.containers import output, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]
SMALL = Image.from_cpu(python="3.11").add_apt("libgomp1").add_pip("iniconfig").add_files("code.py", "/app")
OWN = Image.from_base("debian:bookworm-slim").add_apt("libgomp1").add_pip("iniconfig").add_files("code.py", "/app")
"""On a base whose Python comes from the distribution, by apt."""


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


@pytest.fixture(scope="module")
def archives(context: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two builds of one locked plan."""
    request = BuildRequest.of(OWN, {"context": context, "lock": True, "host_settings": True})
    return archive(request, tmp_path_factory.mktemp("first")), archive(request, tmp_path_factory.mktemp("second"))


class TestTwoBuilds:
    """Without a cache, so that every step runs twice."""

    def test_give_equal_images(self, archives: tuple[Path, Path]) -> None:
        first, second = map(manifest, archives)

        assert len(first["Layers"]) > 5
        assert first == second

    def test_leave_packages_and_nothing_else(self, archives: tuple[Path, Path]) -> None:
        """No cache, no lock and no temporary file of an installer."""
        *_, apt, pip, _workdir, _code = list(layers(archives[0]))

        assert "var/lib/dpkg/status" in apt
        assert "opt/venv/lib/python3.11/site-packages/iniconfig/__init__.py" in pip
        # The environment's own lock lies in the environment, and is empty.
        site = "opt/venv/lib/python3.11/site-packages"
        assert [path for path in pip if not path.startswith(site) and not site.startswith(path)] == ["opt/venv/.lock"]
        paths = {path for layer in list(layers(archives[0]))[1:] for path in layer}
        assert [path for path in paths if path.startswith(("tmp/", "root/", "home/app/.cache/"))] == []


def archive(request: BuildRequest, folder: Path) -> Path:
    """The image of a build without a cache, as a file."""
    file = folder / "image.tar"
    target = f"--output=type=docker,dest={file},rewrite-timestamp=true"
    assert attempt(request, folder, ["--no-cache", target]).digest.startswith("sha256:")
    return file


def manifest(archive: Path) -> dict[str, Any]:
    """Names and digests of configuration and layers: equal for equal images."""
    with tarfile.open(archive) as image:
        (found,) = json.load(_opened(image, "manifest.json"))
    return cast("dict[str, Any]", found)


def layers(archive: Path) -> Iterator[list[str]]:
    """For each layer the paths in it, the base image's first."""
    names = manifest(archive)["Layers"]
    with tarfile.open(archive) as image:
        for name in names:
            with tarfile.open(fileobj=_opened(image, name)) as layer:
                yield layer.getnames()


def _opened(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    assert file is not None
    return file


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
