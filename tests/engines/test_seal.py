"""What a framework layer installed stays: in the build, and in a running container."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from mlcontainers import BuildFailedError, Image, build, plan
from mlcontainers.engines.seals import broken_seal
from tests.engines.containers import ran

if TYPE_CHECKING:
    from pathlib import Path

    from mlcontainers import BuiltImage

SEALED = Image.from_cpu(python="3.11").add_sklearn()
(PIN,) = plan(SEALED).pins
OFFLINE = "pip install --no-index --find-links=/wheels"


def wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    """A wheel without a module, which is enough for an installer."""
    folder.mkdir(exist_ok=True)
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *requires, ""]
    with zipfile.ZipFile(folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{info}/METADATA", "\n".join(metadata))
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two wheels: a package that wants an older scikit-learn, and one that could play it."""
    folder = tmp_path_factory.mktemp("context")
    wheel(folder / "wheels", "wants-older", "1.0", "Requires-Dist: scikit-learn<1.0")
    wheel(folder / "wheels", "scikit-learn", "0.9")
    return folder


def refused(context: Path, *commands: str) -> BuildFailedError:
    with pytest.raises(BuildFailedError) as caught:
        build(SEALED.add_files("wheels", "/wheels").add_run(*commands), context=context, load=False, host_settings=True)
    return caught.value


@pytest.mark.engine
class TestInTheBuild:
    """A later step that wants another release fails, with both named; it never swaps what is there."""

    def test_a_package_of_the_index(self) -> None:
        with pytest.raises(BuildFailedError) as caught:
            build(SEALED.add_pip("econml==0.15.1"), load=False, host_settings=True)

        (problem,) = caught.value.problems
        assert problem.code == "sealed"
        assert problem.where == "layers[1] (pip)"
        assert problem.what == (
            f"econml==0.15.1 depends on scikit-learn>=1.0,<1.6, and scikit-learn {PIN.version} is sealed"
        )
        assert problem.because == (
            f"layers[0] (sklearn) installed scikit-learn {PIN.version}, and no later step may swap it",
        )

    def test_a_command(self, context: Path) -> None:
        (problem,) = refused(context, f"{OFFLINE} wants-older").problems

        assert problem.code == "sealed"
        assert problem.where == "layers[2] (run)"
        assert problem.what == f"wants-older 1.0 depends on scikit-learn<1.0, and scikit-learn {PIN.version} is sealed"

    def test_a_command_that_breaks_the_seal_is_found_at_the_end(self, context: Path) -> None:
        (problem,) = refused(context, f"PIP_CONSTRAINT= {OFFLINE} scikit-learn==0.9").problems

        assert problem.code == "not-as-planned"
        assert problem.what == f"scikit-learn 0.9 is installed, and {PIN.version} was planned"
        assert problem.because == ("layers[2] (run) may have done so: commands are not checked",)

    def test_a_command_that_installs_half_of_something_too(self, context: Path) -> None:
        (problem,) = refused(context, f"{OFFLINE} --no-deps wants-older").problems

        assert problem.code == "does-not-fit"
        assert problem.what == f"wants-older requires scikit-learn<1.0, and {PIN.version} is installed"

    def test_a_command_that_takes_it_away_too(self, context: Path) -> None:
        (problem,) = refused(context, "pip uninstall --yes scikit-learn").problems

        assert problem.what == f"scikit-learn is not installed, and {PIN.version} was planned"


@pytest.mark.engine
class TestInAContainer:
    """`pip install` as a user who is not root obeys the same constraints, wherever it installs to."""

    @pytest.mark.parametrize("where", ["--user", "--target=/tmp/more"])
    def test_another_release_is_refused(self, service: BuiltImage, context: Path, where: str) -> None:
        options = (f"--volume={context / 'wheels'}:/wheels:ro", "--entrypoint=")

        done = ran(service.tags[0], *OFFLINE.split(), where, "wants-older", options=options)

        assert done.returncode != 0
        assert "wants-older 1.0 depends on scikit-learn<1.0" in done.stdout
        assert f"The user requested (constraint) scikit-learn=={PIN.version}" in done.stdout

    def test_what_fits_can_be_installed(self, service: BuiltImage, tmp_path: Path) -> None:
        wheel(tmp_path / "wheels", "fits", "1.0", f"Requires-Dist: scikit-learn=={PIN.version}")
        options = (f"--volume={tmp_path / 'wheels'}:/wheels:ro", "--entrypoint=")

        assert ran(service.tags[0], *OFFLINE.split(), "--user", "fits", options=options).returncode == 0


class TestWords:
    """What resolvers say, in forms that are hard to make them say on demand."""

    @pytest.mark.parametrize(
        ("log", "what"),
        [
            (
                f"error: No solution found when resolving dependencies\n  cause: Because only a<=2 is available and a "
                f"depends on scikit-learn<1.6,\n and scikit-learn=={PIN.version}, we can conclude that no a works.",
                "a depends on scikit-learn<1.6",
            ),
            (
                "  × No solution found when resolving dependencies:\n  ╰─▶ Because you require scikit-learn==1.6.1 and "
                f"scikit-learn=={PIN.version}, we can conclude that your requirements are unsatisfiable.",
                "you require scikit-learn==1.6.1",
            ),
        ],
    )
    def test_the_wish_is_found(self, log: str, what: str) -> None:
        problem = broken_seal(plan(SEALED), "layers[1] (pip)", log)

        assert problem is not None
        assert problem.what == f"{what}, and scikit-learn {PIN.version} is sealed"

    def test_another_conflict_is_none_of_the_seal(self) -> None:
        log = "No solution found when resolving dependencies: Because a==1 depends on b==2 and you require b==3"

        assert broken_seal(plan(SEALED), "layers[1] (pip)", log) is None
