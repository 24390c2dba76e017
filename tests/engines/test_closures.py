"""What the steps of an image would install today, resolved by the real uv on small indexes of the tests' own."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from mlcontainers import EngineError, Image, ImpossibleError, InvalidValueError, Sources, plan
from mlcontainers.engines.closures import Lent, closure
from mlcontainers.engines.interiors import Interior
from mlcontainers.engines.locking import lock
from tests.packages import digest, make_index, make_wheel, served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlcontainers.values.locks import LockedPackages

CPU = Image.from_cpu(python="3.11")
BASE = Interior("3.11.9", (2, 36))
COMPANY = ["acme-core", "acme-app"]
LOGIN = "reader:s3cr3t"


def holding(*packages: tuple[str, str]) -> Interior:
    """A base that holds these."""
    fields = tuple((("Metadata-Version", "2.1"), ("Name", name), ("Version", text)) for name, text in packages)
    return Interior("3.11.9", (2, 36), fields)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    none: tuple[str, ...] = ()
    newest = [("needed", version, none) for version in ("1.0", "1.5", "2.0")]
    public = [*newest, ("wants", "1.0", ("needed>=1",)), ("wants-old", "1.0", ("needed<1.5",)), ("plain", "1.0", none)]
    make_index(folder / "public", *public, ("acme-core", "9.0", none), ("wants-nothing-there", "1.0", ("needed>=3",)))
    make_index(folder / "public", ("web", "1.0", ("plain; extra == 'more'",)), ("dev-only", "2.0rc1", none))
    make_index(folder / "company", ("acme-core", "1.0", ("needed",)), ("acme-app", "1.0", ("acme-core",)))
    return folder


@pytest.fixture(scope="module")
def public(wheels: Path) -> Iterator[str]:
    with served(wheels / "public") as url:
        yield url


@pytest.fixture(scope="module")
def company(wheels: Path) -> Iterator[str]:
    with served(wheels / "company") as url:
        yield url


def resolved(
    image: Image,
    index: str,
    base: Interior = BASE,
    *,
    files: dict[str, str] | None = None,
    lent: Lent | None = None,
    wheelhouse: Sequence[str] = (),
    offline: bool = False,
) -> LockedPackages:
    sources = Sources(index=None if offline else index, wheelhouse=tuple(wheelhouse), offline=offline)
    return closure(plan(image, sources=sources, context=files), base, lent or Lent())


def versions(held: LockedPackages) -> list[dict[str, str]]:
    return [{package.name: package.version for package in step.packages} for step in held.steps]


class TestSteps:
    def test_the_newest_of_everything(self, public: str) -> None:
        assert versions(resolved(CPU.add_pip("wants"), public)) == [{"needed": "2.0", "wants": "1.0"}]

    def test_what_the_base_holds_stays(self, public: str) -> None:
        """As an installer leaves it; where it will not do, it is replaced."""
        assert versions(resolved(CPU.add_pip("wants"), public, holding(("needed", "1.0")))) == [{"wants": "1.0"}]
        assert versions(resolved(CPU.add_pip("needed>=1.2"), public, holding(("needed", "1.0")))) == [{"needed": "2.0"}]

    def test_what_only_the_base_has(self, public: str) -> None:
        """A build of a vendor's own, which no index offers."""
        base = holding(("needed", "1.7+vendor"))

        assert versions(resolved(CPU.add_pip("wants"), public, base)) == [{"wants": "1.0"}]

    def test_a_later_step_keeps_what_it_can(self, public: str) -> None:
        assert versions(resolved(CPU.add_pip("needed<2").add_pip("wants"), public)) == [
            {"needed": "1.5"},
            {"wants": "1.0"},
        ]

    def test_and_moves_what_it_must(self, public: str) -> None:
        assert versions(resolved(CPU.add_pip("needed<2").add_pip("wants-old"), public)) == [
            {"needed": "1.5"},
            {"needed": "1.0", "wants-old": "1.0"},
        ]

    def test_no_step_at_all(self, public: str) -> None:
        assert resolved(CPU.add_run("true"), public).steps == ()

    def test_the_hash_is_that_of_the_file(self, public: str, wheels: Path) -> None:
        (step,) = resolved(CPU.add_pip("plain"), public).steps

        wheel = wheels / "public/plain/plain-1.0-py3-none-any.whl"
        assert step.packages[0].files == ((wheel.name, digest(wheel).replace("=", ":")),)
        assert step.packages[0].index is None

    def test_equal_answers_are_equal(self, public: str) -> None:
        image = CPU.add_pip("wants", "plain")

        assert resolved(image, public) == resolved(image, public)


class TestFiles:
    def test_requirements_with_all_that_they_name(self, public: str) -> None:
        files = {
            "deploy/requirements.txt": "--pre\n-r ../base.txt\n-c limits.txt\ndev-only\nplain; sys_platform == 'win32'\n",
            "deploy/limits.txt": "needed<2\n",
            "base.txt": "wants\n",
        }

        held = resolved(CPU.add_pip(requirements="deploy/requirements.txt"), public, files=files)

        assert versions(held) == [{"dev-only": "2.0rc1", "needed": "1.5", "wants": "1.0"}]

    def test_a_pyproject_with_extras_and_groups(self, public: str) -> None:
        text = """
            [project]
            name = "app"
            version = "0"
            dependencies = ["web[more]"]
            optional-dependencies = {serve = ["wants"]}
            [dependency-groups]
            test = ["needed<2"]
        """
        image = CPU.add_pip(pyproject="pyproject.toml", extras=["serve"], groups=["test"])

        held = resolved(image, public, files={"pyproject.toml": text})

        assert versions(held) == [{"needed": "1.5", "plain": "1.0", "wants": "1.0", "web": "1.0"}]

    def test_hashes_of_the_users_own_are_obeyed(self, public: str, wheels: Path) -> None:
        own = digest(wheels / "public/plain/plain-1.0-py3-none-any.whl").replace("=", ":")
        image = CPU.add_pip(requirements="r.txt")

        assert versions(resolved(image, public, files={"r.txt": f"plain==1.0 --hash={own}\n"})) == [{"plain": "1.0"}]
        with pytest.raises((EngineError, ImpossibleError)):
            resolved(image, public, files={"r.txt": f"plain==1.0 --hash=sha256:{'0' * 64}\n"})

    def test_what_a_lock_of_the_users_own_has_chosen_stays(self, public: str, wheels: Path) -> None:
        wheel = wheels / "public/needed/needed-1.0-py3-none-any.whl"
        image = CPU.add_pip(lock="requirements.lock").add_pip("wants")
        text = f"needed==1.0 --hash={digest(wheel).replace('=', ':')}\n"

        assert versions(resolved(image, public, files={"requirements.lock": text})) == [
            {"needed": "1.0", "wants": "1.0"}
        ]


class TestIndexes:
    def test_each_package_from_its_own(self, public: str, company: str) -> None:
        """The public index has a newer one of the same name, which is never taken."""
        image = CPU.with_index("company", company, COMPANY).add_pip("acme-core", "plain").add_pip("acme-app", "wants")

        held = resolved(image, public)

        assert versions(held) == [
            {"acme-core": "1.0", "needed": "2.0", "plain": "1.0"},
            {"acme-app": "1.0", "wants": "1.0"},
        ]
        assert [one.index for step in held.steps for one in step.packages if one.name.startswith("acme")] == [
            company
        ] * 2

    def test_one_that_another_needs_has_to_be_asked_for(self, public: str, company: str) -> None:
        with pytest.raises(ImpossibleError, match=r"acme-core==0\+comes\.from\.company"):
            resolved(CPU.with_index("company", company, COMPANY).add_pip("acme-app"), public)

    @pytest.mark.parametrize("right", [True, False], ids=["right password", "wrong password"])
    def test_credentials(self, public: str, wheels: Path, right: bool) -> None:
        name, password = LOGIN.split(":") if right else ("reader", "wrong")
        lent = Lent(netrc=(("company-netrc", f"machine 127.0.0.1 login {name} password {password}"),))
        with served(wheels / "company", LOGIN) as url:
            image = CPU.with_index("company", url, COMPANY, credentials="company-netrc").add_pip("acme-core")
            if right:
                held = resolved(image.add_pip("plain"), public, lent=lent)
                assert versions(held) == [{"acme-core": "1.0", "needed": "2.0"}, {"plain": "1.0"}]
                return
            with pytest.raises(ImpossibleError, match="does the secret of the index fit") as caught:
                resolved(image, public, lent=lent)
        assert "password" not in str(caught.value)

    def test_a_wheelhouse_alone(self, tmp_path: Path) -> None:
        make_wheel(tmp_path, "needed", "3.0")
        make_wheel(tmp_path, "wants", "1.0", ["needed"])
        uv = plan(CPU.add_pip("wants")).dockerfile.render().partition("'uv==")[2].partition(" ")[0]
        names = (*(file.name for file in tmp_path.glob("*.whl")), f"uv-{uv}-py3-none-manylinux_2_17_x86_64.whl")

        held = resolved(CPU.add_pip("wants"), "", lent=Lent(tmp_path), wheelhouse=names, offline=True)

        assert versions(held) == [{"needed": "3.0", "wants": "1.0"}]

    def test_a_framework_from_a_mirror_of_its_own_index(self, public: str, wheels: Path, tmp_path: Path) -> None:
        """Also where a file of requirements names it once more; the lock has the index's own address."""
        wheel = make_wheel(tmp_path / "torch", "torch", "2.9.1+cpu", ["needed<2"])
        wheel.rename(wheel.with_name("torch-2.9.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"))
        make_index(tmp_path, ("needed", "1.4", ()))
        image = CPU.add_torch("2.9").add_pip(requirements="r.txt").add_pip("plain")
        with served(tmp_path) as mirror:
            sources = Sources(index=public, mirrors=(("pytorch", mirror),))
            held = closure(plan(image, sources=sources, context={"r.txt": "torch>=2.8\nwants\n"}), BASE, Lent())

        assert versions(held) == [{"needed": "1.5", "torch": "2.9.1+cpu"}, {"wants": "1.0"}, {"plain": "1.0"}]
        (torch,) = [package for package in held.steps[0].packages if package.name == "torch"]
        assert torch.index == "https://download.pytorch.org/whl/cpu"

    def test_a_framework_that_the_wheelhouse_has(self, public: str, tmp_path: Path) -> None:
        """Its own index is not asked for it, and the wheelhouse for nothing else."""
        wheel = make_wheel(tmp_path, "torch", "2.9.1+cpu", ["needed"])
        wheel = wheel.rename(tmp_path / "torch-2.9.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl")
        make_wheel(tmp_path, "needed", "3.0")
        (tmp_path / "no wheel by its name.whl").touch()
        image = CPU.add_torch("2.9").add_pip("wants")

        held = resolved(image, public, lent=Lent(tmp_path), wheelhouse=[file.name for file in tmp_path.glob("*.whl")])

        assert versions(held) == [{"needed": "2.0", "torch": "2.9.1+cpu"}, {"wants": "1.0"}]
        (torch,) = [package for package in held.steps[0].packages if package.name == "torch"]
        assert torch.index == "https://download.pytorch.org/whl/cpu"
        assert torch.files == ((wheel.name, f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"),)


class TestWheels:
    """Of the files that a release has, the one that an installer takes."""

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[str]:
        tags = ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_31_x86_64", "cp311-abi3-linux_x86_64"]
        tags += ["cp311-cp311-manylinux_2_39_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "py3-none-any"]
        tags += ["cp311-cp311-manylinux_2_17_aarch64", "cp311-cp311-musllinux_1_2_x86_64"]
        folder = tmp_path / "index/many"
        wheel = make_wheel(folder, "many", "1.0")
        for tag in tags[:-3] + tags[-2:]:
            shutil.copy(wheel, folder / f"many-1.0-{tag}.whl")
        make_index(tmp_path / "index")
        with served(tmp_path / "index") as url:
            yield url

    @pytest.mark.parametrize(
        ("base", "platform", "tag"),
        [
            (Interior("3.11.9", (2, 36)), "linux/amd64", "cp311-cp311-manylinux_2_31_x86_64"),
            (Interior("3.11.9", (2, 39)), "linux/amd64", "cp311-cp311-manylinux_2_39_x86_64"),
            (Interior("3.11.9", (2, 28)), "linux/amd64", "cp311-cp311-manylinux_2_17_x86_64"),
            (Interior("3.11.9", (2, 36)), "linux/arm64", "cp311-cp311-manylinux_2_17_aarch64"),
            (Interior("3.12.1", (2, 36)), "linux/amd64", "cp312-cp312-manylinux_2_17_x86_64"),
            (Interior("3.13.1", (2, 36)), "linux/amd64", "cp311-abi3-linux_x86_64"),
            (Interior("3.13.1", (2, 36)), "linux/arm64", "py3-none-any"),
        ],
    )
    def test_the_one_that_fits_best(self, index: str, base: Interior, platform: str, tag: str) -> None:
        (step,) = resolved(CPU.with_platform(platform).add_pip("many"), index, base).steps

        assert [file for file, _ in step.packages[0].files] == [f"many-1.0-{tag}.whl"]

    def test_an_index_without_hashes_is_asked_for_the_file(self, tmp_path: Path) -> None:
        wheel = self.bare(tmp_path, "")
        with served(tmp_path) as url:
            (step,) = resolved(CPU.add_pip("bare"), url).steps

        assert step.packages[0].files == ((wheel.name, digest(wheel).replace("=", ":")),)

    def test_an_index_with_weak_hashes(self, tmp_path: Path) -> None:
        wheel = self.bare(tmp_path, f"#md5={'0' * 32}")
        with served(tmp_path) as url, pytest.raises(EngineError) as caught:
            resolved(CPU.add_pip("bare"), url)

        assert str(caught.value) == (
            "error[unhashed]: bare 1.0 cannot be locked\n"
            "  where: layers[0] (pip)\n"
            f"  because: its index says no sha256 of {wheel.name}\n"
            "  hint: put its wheel into a wheelhouse: --wheelhouse\n"
            "  hint: lock base images alone: --bases-only"
        )

    def bare(self, root: Path, fragment: str) -> Path:
        wheel = make_wheel(root / "bare", "bare", "1.0")
        (root / "bare/index.html").write_text(f'<a href="{wheel.name}{fragment}">{wheel.name}</a>', encoding="utf-8")
        return wheel


class TestNoAnswer:
    def test_packages_that_exclude_each_other(self, public: str) -> None:
        with pytest.raises(ImpossibleError) as caught:
            resolved(CPU.add_pip("wants-old", "needed>=2"), public)

        (problem,) = caught.value.problems
        assert (problem.code, problem.where) == ("not-resolved", "layers[0] (pip)")
        assert "wants-old" in " ".join(problem.because)
        assert "needed" in " ".join(problem.because)

    def test_an_index_that_does_not_answer(self) -> None:
        with pytest.raises(EngineError) as caught:
            resolved(CPU.add_pip("plain"), "http://127.0.0.1:9")

        (problem,) = caught.value.problems
        assert (problem.code, problem.where) == ("index-unreached", "layers[0] (pip)")
        assert caught.value.exit_code == 3

    def test_files_that_were_not_read(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            lock(CPU.add_pip(requirements="requirements.txt"))

        assert [(problem.code, problem.where) for problem in caught.value.problems] == [
            ("unread-file", "layers[0] (pip)")
        ]

    def test_a_secret_that_was_not_given(self) -> None:
        image = CPU.with_index("company", "https://index.example.com", COMPANY, credentials="company-netrc")

        with pytest.raises(InvalidValueError, match="missing-secret"):
            lock(image.add_pip("acme-core"))
