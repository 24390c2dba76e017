"""Each package from one index, tried with the real installers: the generated commands run here, on small indexes.

The index of the company has the packages that the image names for it. The other stands for the Python index, and offers
newer packages of the same names.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pip
import pytest

from mlcontainers import Image, Lock, Sources, plan
from mlcontainers.dockerfile import Run
from mlcontainers.dockerfile.forms import ShellForm
from mlcontainers.engines.closures import Lent, closure
from mlcontainers.engines.intent import base_images
from mlcontainers.engines.interiors import Interior
from tests.packages import digest, make_index, served

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ["acme-core", "acme-app"]
LOGIN = "reader:s3cr3t"


@dataclass
class Place:
    """An environment to install into, and the indexes it is installed from."""

    folder: Path
    company: str
    public: str
    program: Literal["uv", "pip"]

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    def image(self, *asked: str, credentials: str | None = None) -> Image:
        image = Image.from_cpu(python="3.11").with_installer(self.program, bytecode=False)
        image = image.with_index("company", self.company, PACKAGES, credentials=credentials)
        return image.add_pip(*asked) if asked else image

    def install(
        self, image: Image, files: dict[str, str] | None = None, lock: Lock | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run what the image's install steps run."""
        done = None
        mounted = self.folder / "requirements"
        for path, text in (files or {}).items():
            (mounted / path).parent.mkdir(parents=True, exist_ok=True)
            (mounted / path).write_text(text, encoding="utf-8")
        for run, origin in self._steps(image, files, lock):
            if "(pip)" in origin and (done is None or done.returncode == 0):
                done = subprocess.run(
                    ["/bin/sh", "-c", run], env=self._environment(), capture_output=True, text=True, check=False
                )
        assert done is not None
        return done

    def _steps(self, image: Image, files: dict[str, str] | None, lock: Lock | None) -> Iterator[tuple[str, str]]:
        decided = plan(image, context=files, lock=lock)
        moved = {
            "/usr/local/bin/python3": str(self.python),
            "/opt/uv/bin/": f"{sysconfig.get_path('scripts')}/",
            "/opt/pip/pip": str(Path(pip.__file__).parent),
            "/etc/python-constraints.txt": str(self.folder / "constraints.txt"),
            "/dev/shm/": f"{self.folder}/",
            "/root/.cache/": f"{self.folder}/cache-",
            "/run/secrets/": f"{self.folder}/secret-",
            "/tmp/requirements": str(self.folder / "requirements"),
        }
        for node, origin in zip(decided.dockerfile.instructions, decided.origins, strict=True):
            if isinstance(node, Run) and isinstance(node.command, ShellForm):
                text = node.command.command.replace("\\\n", " ")
                for there, here in moved.items():
                    text = text.replace(there, here)
                yield text, origin or ""

    def _environment(self) -> dict[str, str]:
        """The other index in the place of the Python index; nothing else of this host's settings."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_", "NETRC"))}
        index = {"UV_DEFAULT_INDEX": self.public, "PIP_INDEX_URL": self.public}
        return {**kept, **index, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "HOME": str(self.folder)}

    @property
    def installed(self) -> dict[str, str]:
        program = "import importlib.metadata as m; print(*(f'{d.name}={d.version}' for d in m.distributions()))"
        said = subprocess.run([self.python, "-Bc", program], capture_output=True, text=True, check=True)
        return dict(word.split("=") for word in said.stdout.split())


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    none: tuple[str, ...] = ()
    core = ("acme-core", "1.0", ("shared>=1",))
    make_index(folder / "company", core, ("acme-app", "1.0", ("acme-core",)), ("shared", "9.0", none))
    make_index(folder / "public", ("acme-core", "9.0", none), ("acme-app", "9.0", none), ("shared", "1.5", none))
    make_index(folder / "public", ("wants-newer", "1.0", ("acme-core>=2",)), ("plain", "1.0", none))
    return folder


@pytest.fixture(params=["uv", "pip"])
def place(request: pytest.FixtureRequest, wheels: Path, tmp_path: Path) -> Iterator[Place]:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    with served(wheels / "company") as company, served(wheels / "public") as public:
        yield Place(tmp_path, company, public, request.param)


def told(done: subprocess.CompletedProcess[str]) -> str:
    return re.sub(r"\s+", " ", done.stdout + done.stderr)


class TestOneIndex:
    def test_a_decoy_with_a_higher_version_never_wins(self, place: Place) -> None:
        done = place.install(place.image("acme-core", "plain"))

        assert done.returncode == 0, told(done)
        assert place.installed == {"acme-core": "1.0", "plain": "1.0", "shared": "1.5"}

    def test_nor_as_a_dependency_that_nobody_asked_for(self, place: Place) -> None:
        done = place.install(place.image("acme-app"))

        assert done.returncode != 0
        assert "acme-core==0+comes.from.company" in told(done)
        assert "acme-core" not in place.installed

    def test_a_dependency_that_is_asked_for_comes_from_there_too(self, place: Place) -> None:
        done = place.install(place.image("acme-app", "acme-core"))

        assert done.returncode == 0, told(done)
        assert place.installed == {"acme-core": "1.0", "acme-app": "1.0", "shared": "1.5"}

    def test_no_later_layer_swaps_it(self, place: Place) -> None:
        done = place.install(place.image("acme-core").add_pip("wants-newer"))

        assert done.returncode != 0
        assert "acme-core==1.0" in told(done)
        assert place.installed == {"acme-core": "1.0", "shared": "1.5"}

    def test_what_a_file_asks_for_comes_from_there(self, place: Place) -> None:
        image = place.image().add_pip(requirements="requirements.txt")

        done = place.install(image, {"requirements.txt": "acme-core\nplain\nacme-app; sys_platform == 'win32'\n"})

        assert done.returncode == 0, told(done)
        assert place.installed == {"acme-core": "1.0", "plain": "1.0", "shared": "1.5"}

    def test_a_file_that_was_not_read_fails_rather_than_take_the_decoy(self, place: Place) -> None:
        image = place.image().add_pip(requirements="requirements.txt")
        (place.folder / "requirements").mkdir()
        (place.folder / "requirements/requirements.txt").write_text("acme-core\n")

        done = place.install(image)

        assert done.returncode != 0
        assert place.installed == {}

    @pytest.mark.parametrize("right", [True, False], ids=["right hash", "wrong hash"])
    def test_what_a_lock_chose_comes_from_there_by_its_hash(self, place: Place, wheels: Path, right: bool) -> None:
        chosen = [wheels / "company/acme-core/acme_core-1.0-py3-none-any.whl"]
        chosen += [wheels / "public" / name for name in ("shared/shared-1.5-py3-none-any.whl",)]
        hashes = [digest(wheel).replace("=", ":") for wheel in chosen]
        if not right:
            hashes[0] = f"sha256:{'0' * 64}"
        lock = f"acme-core==1.0 --hash={hashes[0]}\nshared==1.5 --hash={hashes[1]}\n"
        image = place.image().add_pip(lock="requirements.lock")

        done = place.install(image, {"requirements.lock": lock})

        assert (done.returncode == 0) is right, told(done)
        assert place.installed == ({"acme-core": "1.0", "shared": "1.5"} if right else {})


class TestCredentials:
    """The index asks who is there; the answer is in a file that only the step sees."""

    @pytest.mark.parametrize("right", [True, False], ids=["right password", "wrong password"])
    def test_a_netrc_of_the_build(self, place: Place, wheels: Path, right: bool) -> None:
        name, password = LOGIN.split(":") if right else ("reader", "wrong")
        (place.folder / "secret-netrc").write_text(f"machine 127.0.0.1 login {name} password {password}\n")
        with served(wheels / "company", LOGIN) as company:
            place.company = company
            image = place.image("acme-core", credentials="netrc")

            done = place.install(image)

        assert (done.returncode == 0) is right, told(done)
        assert place.installed == ({"acme-core": "1.0", "shared": "1.5"} if right else {})
        assert plan(image).secrets == ("netrc",)


class TestLocked:
    """What a lock has is installed, each from its own index, whatever is newest by then."""

    @pytest.fixture
    def held(self, place: Place) -> Lock:
        """Of the day before newer ones were published."""
        decided = plan(self.image(place), sources=Sources(index=place.public))
        found = closure(decided, Interior("3.11.9", (2, 36)), Lent())
        return Lock.of("2026-11-25", dict.fromkeys(base_images(decided.dockerfile), f"sha256:{'0' * 64}"), found)

    def image(self, place: Place) -> Image:
        return place.image("acme-app", "acme-core", "shared<2").add_pip("plain")

    def test_newer_ones_do_not_matter(self, place: Place, held: Lock, tmp_path: Path) -> None:
        make_index(tmp_path / "newer", ("shared", "1.9", ()), ("shared", "1.5", ()), ("plain", "2.0", ()))
        make_index(tmp_path / "newer", ("plain", "1.0", ()), ("acme-core", "9.0", ()))
        with served(tmp_path / "newer") as place.public:
            done = place.install(self.image(place), lock=held)
            assert done.returncode == 0, told(done)
            assert place.installed == {"acme-app": "1.0", "acme-core": "1.0", "plain": "1.0", "shared": "1.5"}

    def test_what_came_from_an_index_of_ones_own_is_kept(self, place: Place, held: Lock) -> None:
        assert place.install(self.image(place), lock=held).returncode == 0

        kept = (place.folder / "constraints.txt").read_text(encoding="utf-8").split()
        assert kept == ["acme-app==1.0", "acme-core==1.0"]

    def test_another_file_of_the_same_name_is_refused(self, place: Place, held: Lock, tmp_path: Path) -> None:
        make_index(tmp_path / "forged", ("shared", "1.5", ("plain",)), ("plain", "1.0", ("shared",)))
        with served(tmp_path / "forged") as place.public:
            done = place.install(self.image(place), lock=held)

        assert done.returncode != 0
        assert "plain" not in place.installed
        assert "shared" not in place.installed
