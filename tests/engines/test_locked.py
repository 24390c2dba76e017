"""A locked plan: base images by digest, and layers that are the same bytes each time they are built."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from mlcontainers import EngineError, Image, Lock, Sources, build, catalogue, plan
from mlcontainers.dockerfile import From
from mlcontainers.engines.attempts import attempt
from mlcontainers.engines.client import docker_program
from mlcontainers.engines.interiors import Interior, interior
from mlcontainers.engines.locking import lock
from mlcontainers.engines.options import BuildRequest
from mlcontainers.engines.profiles import Profile
from mlcontainers.engines.sdk import docker_sdk
from tests.engines.containers import docker, output, temporary_tag
from tests.packages import make_index, make_wheel, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlcontainers.engines.options import BuildOptions


pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]
SMALL = Image.from_cpu(python="3.11").add_apt("libgomp1").add_pip("iniconfig").add_files("code.py", "/app")
OWN = Image.from_base("debian:bookworm-slim").add_framework("pyyaml").add_pip("iniconfig").add_files("code.py", "/app")
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
def installer_base(engine: str) -> Iterator[None]:
    """Where the base is no Python image, pip of this one installs the installer: of any Python, on an engine of one."""
    assert engine
    name = "python:3.13-slim-bookworm"
    absent = docker("image", "inspect", name).returncode != 0
    if absent:
        assert docker("tag", "python:3.11-slim-bookworm", name).returncode == 0
    yield
    if absent:
        docker("rmi", name)


@pytest.fixture(scope="module")
def archives(installer_base: None, context: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
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
        *_, apt, _threads, framework, pip, _workdir, _code = list(layers(archives[0]))

        assert "var/lib/dpkg/status" in apt
        assert "opt/venv/lib/python3.11/site-packages/iniconfig/__init__.py" in pip
        assert "opt/venv/lib/python3.11/site-packages/yaml/__init__.py" in framework
        site = "opt/venv/lib/python3.11/site-packages"
        beside = {path for path in (*framework, *pip) if not path.startswith(site) and not site.startswith(path)}
        # The environment's own lock lies in the environment, and is empty; the constraints are the seal.
        assert beside == {"opt/venv/.lock", "etc", "etc/python-constraints.txt"}
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


class TestNewerPackages:
    """An index has moved on between two builds. Here it is a folder of wheels: the builds have no network."""

    @pytest.fixture
    def wheels(self, tmp_path: Path) -> Path:
        folder = tmp_path / "wheels"
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*download, f"--dest={folder}", f"uv=={catalogue().tool('uv').version}"], check=True)
        make_wheel(folder, "alpha", "1.0", ["beta"])
        make_wheel(folder, "beta", "2.0")
        return folder

    def test_with_the_lock_the_layers_stay_and_without_it_the_newer_comes(
        self, wheels: Path, context: Path, tmp_path: Path
    ) -> None:
        image = Image.from_cpu(python="3.11").add_pip("alpha").add_pip("beta>=1").add_files("code.py", "/app")
        options: BuildOptions = {"context": context, "wheelhouse": wheels, "network": "none"}
        first = BuildRequest.of(image, {**options, "lock": True})
        before = archive(first, folder(tmp_path / "before"))
        make_wheel(wheels, "alpha", "1.1", ["beta"])
        make_wheel(wheels, "beta", "3.0")

        locked = BuildRequest.of(image, {**options, "lock": first.plan.lock or False})
        newer = BuildRequest.of(image, {**options, "lock": True})

        assert manifest(archive(locked, folder(tmp_path / "after"))) == manifest(before)
        assert first.plan.lock and newer.plan.lock
        assert newer.plan.lock.changes(first.plan.lock) == ("alpha: 1.0 -> 1.1", "beta: 2.0 -> 3.0")
        paths = {path for layer in layers(archive(newer, folder(tmp_path / "newer"))) for path in layer}
        site = "usr/local/lib/python3.11/site-packages"
        assert {f"{site}/alpha-1.1.dist-info", f"{site}/beta-3.0.dist-info"} <= paths
        assert f"{site}/alpha-1.0.dist-info" not in paths


def folder(path: Path) -> Path:
    path.mkdir()
    return path


NO_BYTECODE = Image.from_cpu(python="3.11").with_installer("uv", bytecode=False)


@pytest.mark.parametrize(
    "image",
    [
        NO_BYTECODE.add_sklearn("1.7").add_pip("setuptools-scm", "rich>=13"),
        NO_BYTECODE.with_installer("pip", bytecode=False).add_pip("setuptools-scm"),
    ],
    ids=["uv", "pip"],
)
def test_a_locked_image_has_what_an_unlocked_one_would_have_today(image: Image) -> None:
    listed = "import importlib.metadata as m; print(sorted((d.name, d.version) for d in m.distributions()))"
    with temporary_tag() as plain, temporary_tag() as held:
        build(image, tags=[plain], host_settings=True, verify=False)
        build(image, tags=[held], host_settings=True, lock=True, verify=False)

        assert output(held, "python", "-c", listed) == output(plain, "python", "-c", listed)


@pytest.mark.usefixtures("installer_base")
class TestTheBase:
    """What packages are chosen by, told by the base image itself."""

    def test_its_python_its_glibc_and_what_it_holds(self) -> None:
        decided = plan(Image.from_cpu(python="3.11").add_pip("iniconfig"))
        with docker_sdk() as client:
            found = interior(client, decided, dict(lock(decided, packages=False).bases), Profile())

        assert found.python.startswith("3.11.")
        assert found.glibc == (2, 36)
        assert "pip" in {dict(fields)["Name"] for fields in found.packages}

    def test_a_package_that_only_the_base_has_stays(self, tmp_path: Path) -> None:
        """A build of a vendor's own, in a base of one's own: installers leave it, and so does a lock."""
        make_index(tmp_path / "index", ("vendored", "2.0", ()), ("wants", "1.0", ("vendored>=1",)))
        info = "/usr/local/lib/python3.11/site-packages/vendored-1.7+ours.dist-info"
        text = f"RUN mkdir {info} && printf 'Metadata-Version: 2.1\\nName: vendored\\nVersion: 1.7+ours\\n' > {info}/METADATA"
        (tmp_path / "Dockerfile").write_text(f"FROM python:3.11-slim-bookworm\n{text}\n", encoding="utf-8")
        with temporary_tag() as tag, served(tmp_path / "index") as url:
            subprocess.run(
                (docker_program(), "buildx", "build", "--quiet", "--load", f"--tag={tag}", tmp_path), check=True
            )
            image = Image.from_base(tag, python="3.11").add_pip("wants")

            held = lock(plan(image, sources=Sources(index=url)))

        assert held.packages is not None
        assert list(held.packages.installed) == ["wants"]

    def test_another_machine_is_known_by_its_name(self) -> None:
        decided = plan(Image.from_cpu(python="3.11").add_pip("iniconfig").with_platform("linux/arm64"))
        with docker_sdk() as client:
            assert interior(client, decided, {}, Profile()) == Interior("3.11", (2, 36))


@pytest.mark.usefixtures("installer_base")
def test_a_base_that_cannot_be_asked() -> None:
    image = Image.from_base("debian:bookworm-slim", python="3.12").add_pip("iniconfig")

    with pytest.raises(EngineError, match="silent-base") as caught:
        lock(image)

    assert "mlcontainers lock --bases-only FILE" in str(caught.value)
    assert lock(image, packages=False).packages is None


def test_the_command_line_writes_a_lock_and_takes_it(tmp_path: Path) -> None:
    file, held = tmp_path / "image.toml", tmp_path / "image.lock.toml"
    file.write_text(Image.from_cpu(python="3.11").add_pip("iniconfig<2").dump(), encoding="utf-8")

    before = mlcontainers("render", str(file), "--locked")
    absent = mlcontainers("lock", str(file), "--check")
    written = mlcontainers("lock", str(file))
    text = held.read_text(encoding="utf-8")
    again = mlcontainers("lock", str(file), "--check")
    after = mlcontainers("render", str(file), "--locked")

    assert (before.returncode, "error[no-lock]" in before.stderr) == (2, True)
    assert (absent.returncode, absent.stdout.startswith(f"would be written: {held}\n")) == (1, True)
    assert written.stdout.startswith(f"written: {held}\npython:3.11-slim-bookworm: sha256:")
    assert written.stdout.endswith("packages: 1\n")
    assert (again.returncode, again.stdout) == (0, f"nothing has moved since {Lock.parse(text).date}: {held}\n")
    assert "FROM python:3.11-slim-bookworm@sha256:" in after.stdout
    assert "'iniconfig==1.1.1 --hash=sha256:" in after.stdout

    file.write_text(Image.from_cpu(python="3.11").add_pip("iniconfig<2.0.1").dump(), encoding="utf-8")
    stale = mlcontainers("render", str(file), "--locked")
    asked = mlcontainers("lock", str(file), "--check")
    unwritten = held.read_text(encoding="utf-8")
    moved = mlcontainers("lock", str(file), "--json")

    assert (stale.returncode, "iniconfig<2.0.1 is asked for, and it has iniconfig<2" in stale.stderr) == (1, True)
    assert (asked.returncode, unwritten) == (1, text)
    assert json.loads(moved.stdout)["changes"] == ["iniconfig: 1.1.1 -> 2.0.0", "what is asked for has changed"]
    assert sorted(tmp_path.iterdir()) == sorted([file, held])


def mlcontainers(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "mlcontainers", *arguments), capture_output=True, text=True, check=False
    )
