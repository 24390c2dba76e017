"""What a conda environment brings is compared with the rest of the image, before anything is built."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from mlcontainers import Image, MlcontainersError, Problem, Sources, plan

DEBIAN = Image.from_base("debian:bookworm-slim")
CPU = Image.from_cpu(python="3.12")
FILE = "environment.yml"
HEAD = "channels: [conda-forge]\ndependencies:\n"
DIGEST = hashlib.sha256(b"").hexdigest()


def problems(image: Image, text: str | None = None, file: str = FILE) -> list[Problem]:
    """All but the remarks that every plan has."""
    try:
        found = plan(image, context=None if text is None else {file: text}).problems
    except MlcontainersError as error:
        found = error.problems
    return [problem for problem in found if problem.code != "no-command"]


def codes(image: Image, text: str | None = None, file: str = FILE) -> list[tuple[str, str, str]]:
    return [(one.severity, one.code, one.where) for one in problems(image, text, file)]


def environment(image: Image, text: str) -> list[tuple[str, str, str]]:
    return codes(image.add_conda(environment=FILE), text)


class TestOnePython:
    """An image has one Python: conda's, or the one that packages are installed for."""

    def test_the_environments_own_is_the_images(self) -> None:
        image = DEBIAN.add_conda(environment=FILE).with_serve("python", "-m", "app")
        decided = plan(image, context={FILE: HEAD + "- python=3.10\n- numpy\n"})

        text = decided.dockerfile.render()
        assert decided.problems == ()
        assert decided.target.interpreter == "/opt/conda/bin/python3"
        assert str(decided.target.python) == "3.10"
        assert "apt-get" not in text and "/opt/venv" not in text
        assert 'CMD ["/opt/conda/bin/python3", "-S"' in text
        assert "second Python" not in text

    def test_on_a_base_that_has_one_it_is_told(self) -> None:
        assert environment(CPU, HEAD + "- python=3.11\n") == [("info", "python-of-conda", "base")]

    @pytest.mark.parametrize("spec", ["python=3.12", "conda-forge::python >=3.11", "python[version='>=3.8']"])
    def test_beside_packages_it_is_refused(self, spec: str) -> None:
        found = environment(CPU.add_pip("six"), HEAD + f'- samtools\n- "{spec}"\n')

        assert found == [("error", "two-pythons", "environment.yml:4")]

    def test_beside_a_framework_so_are_packages_that_bring_one(self) -> None:
        (found,) = problems(CPU.add_torch("2.9").add_conda("pytorch=2.9"))

        assert str(found) == (
            "error[two-pythons]: pytorch of conda brings a Python of its own, beside the one that packages are"
            " installed for\n"
            "  where: layers[1] (conda)\n"
            "  because: wheels are chosen for one Python, and installed into it; what is first in PATH is what runs\n"
            "  hint: take it out of the environment, and add_torch()\n"
            "  hint: leave Python out of the environment, and have conda bring programs and libraries alone\n"
            "  hint: or have conda bring everything: leave out the layers that install Python packages"
        )

    def test_what_comes_along_unasked_ends_the_build(self) -> None:
        refused = "a second Python came along, and would hide the one of the image:"

        assert refused in plan(CPU.add_sklearn().add_conda("samtools")).dockerfile.render()
        assert refused in plan(CPU.add_conda("samtools")).dockerfile.render()

    def test_nothing_is_said_of_a_file_that_was_not_read(self) -> None:
        image = CPU.add_conda(environment=FILE)

        assert codes(image) == [("info", "unread-file", "layers[0] (conda)")]
        assert "second Python" not in plan(image).dockerfile.render()


class TestOneCuda:
    """CUDA comes from one place: base, wheels or conda."""

    TEXT = HEAD + "- python=3.12\n- pytorch-gpu\n- cuda-version=12.8\n"

    def test_conda_may_bring_it_to_a_base_without(self) -> None:
        image = Image.from_base("debian:bookworm-slim", cuda="12.8").add_conda(environment=FILE)
        decided = plan(image, context={FILE: self.TEXT})

        text = decided.dockerfile.render()
        assert [problem.code for problem in decided.problems] == ["no-command"]
        assert "CONDA_OVERRIDE_CUDA=12.8" in text and 'NVIDIA_VISIBLE_DEVICES="all"' in text
        assert "CUDA came along" not in text

    def test_not_to_one_that_has_it(self) -> None:
        found = environment(Image.from_cuda("12.8"), self.TEXT)

        assert ("error", "cuda-in-conda", "environment.yml:5") in found

    def test_not_to_an_image_for_the_cpu(self) -> None:
        found = environment(DEBIAN, self.TEXT)

        assert found == [("error", "cuda-in-conda", "environment.yml:5")]
        assert "CUDA came along" in plan(DEBIAN.add_conda("gromacs")).dockerfile.render()

    def test_not_beside_wheels_that_bring_it(self) -> None:
        image = Image.from_cuda("12.8", python="3.12").add_torch("2.9").add_conda("cuda-nvcc", "libcurl")
        (found,) = problems(image)

        assert (found.code, found.where) == ("cuda-in-conda", "layers[1] (conda)")
        assert found.what == "cuda-nvcc would bring CUDA a second time: the wheels of the frameworks bring it"


class TestEnvironmentFiles:
    """What a file says that would not come true in an image is refused, with its line."""

    def test_a_plain_one(self) -> None:
        assert environment(DEBIAN, "name: x\nprefix: /home/me/x\n" + HEAD + "- samtools >=1.20\n- sel(win): no\n") == []

    def test_a_pip_section(self) -> None:
        text = HEAD + "- python=3.12\n- pip\n- pip:\n  - six\n  - -r more.txt\n"
        (found,) = problems(DEBIAN.add_conda(environment=FILE), text)

        assert (found.code, found.where) == ("pip-in-conda", "environment.yml:5")
        assert found.hints == (
            'take Python and its packages out of the environment, and add_pip("six", requirements="more.txt")',
            "or name conda's packages of the same projects",
        )

    def test_variables(self) -> None:
        (found,) = problems(DEBIAN.add_conda(environment=FILE), HEAD + "- gdal\nvariables:\n  GDAL_DATA: /x\n  N: 1\n")

        assert (found.code, found.where) == ("conda-variables", "environment.yml:5")
        assert found.hints == ('with_env(GDAL_DATA="/x", N="1")',)

    def test_no_channel(self) -> None:
        assert environment(DEBIAN, "dependencies: [samtools]\n") == [("error", "no-channel", FILE)]

    def test_channels_that_are_none_and_passwords_in_them(self) -> None:
        text = "channels:\n- $HOME/channel\n- https://me:s3cr3t@conda.example.com/team\ndependencies: [samtools]\n"
        found = problems(DEBIAN.add_conda(environment=FILE), text)

        assert [(one.code, one.where) for one in found] == [
            ("bad-channel", "environment.yml:2"),
            ("credentials-in-channel", "environment.yml:3"),
        ]
        assert "s3cr3t" not in "".join(map(str, found))

    def test_nothing(self) -> None:
        assert environment(DEBIAN, HEAD) == [("error", "empty-environment", FILE)]
        assert environment(DEBIAN, "") == [("error", "empty-environment", FILE), ("error", "no-channel", FILE)]

    @pytest.mark.parametrize("text", ["a: [", "a: !!python/object:os.x {}\n&x [*x]\n", "\t- x", "- " * 5000])
    def test_what_is_no_yaml(self, text: str) -> None:
        (found,) = environment(DEBIAN, text)

        assert found[:2] == ("error", "bad-yaml")

    def test_a_list_that_holds_itself_is_read_as_nothing(self) -> None:
        assert environment(DEBIAN, HEAD + "- samtools\n- &x [*x]\n") == []

    def test_a_file_that_is_not_there(self) -> None:
        assert codes(DEBIAN.add_conda(environment=FILE), "", "other.yml") == [
            ("error", "no-such-file", "layers[0] (conda)")
        ]

    def test_versions_are_texts(self) -> None:
        decided = plan(DEBIAN.add_conda(environment=FILE), context={FILE: HEAD + "- python 3.10\n"})

        assert str(decided.target.python) == "3.10"

    @pytest.mark.parametrize("channel", ["defaults", "https://repo.anaconda.com/pkgs/main"])
    def test_channels_with_terms(self, channel: str) -> None:
        text = f"channels:\n- conda-forge\n- {channel}\ndependencies: [samtools]\n"
        image = DEBIAN.add_conda(environment=FILE)

        assert codes(image, text) == [("warning", "anaconda-terms", "environment.yml:3")]
        assert codes(image.with_assumption("anaconda-terms", "we have a licence"), text)[0][0] == "info"
        assert codes(DEBIAN.add_conda("r", "defaults::r-base")) == [("warning", "anaconda-terms", "layers[0] (conda)")]


LOCK = f"""\
# platform: linux-64
@EXPLICIT
https://conda.example.com/forge/linux-64/htslib-1.21-h5efdd21_0.conda#{DIGEST[:32]}
https://conda.example.com/forge/noarch/python-3.12.4-b_0.tar.bz2#sha256:{DIGEST}
"""


class TestExplicitLocks:
    """A list of files, each with its hash."""

    FILE = "linux-64.lock"
    IMAGE = DEBIAN.add_conda(environment=FILE)

    def test_all_have_hashes(self) -> None:
        decided = plan(self.IMAGE, context={self.FILE: LOCK})

        assert str(decided.target.python) == "3.12"
        assert decided.target.interpreter == "/opt/conda/bin/python3"
        assert [problem.code for problem in decided.problems] == ["no-command"]

    @pytest.mark.parametrize("digest", ["", "#", "#abc", f"#{DIGEST[:31]}g", f"#sha256:{DIGEST[:32]}"])
    def test_one_has_none_that_micromamba_would_check(self, digest: str) -> None:
        lock = f"@EXPLICIT\nhttps://conda.example.com/forge/linux-64/htslib-1.21-h_0.conda{digest}\n"

        assert codes(self.IMAGE, lock, self.FILE) == [("error", "unhashed", "linux-64.lock:2")]

    def test_another_platform(self) -> None:
        image = self.IMAGE.with_platform("linux/arm64")

        assert codes(image, LOCK, self.FILE) == [("error", "another-platform", "linux-64.lock:3")]

    def test_a_password_is_not_repeated(self) -> None:
        lock = f"@EXPLICIT\nhttps://me:s3cr3t@conda.example.com/forge/linux-64/htslib-1.21-h_0.conda#{DIGEST}\n"
        found = problems(self.IMAGE, lock, self.FILE)

        assert [(one.code, one.where) for one in found] == [("credentials-in-channel", "linux-64.lock:2")]
        assert "s3cr3t" not in "".join(map(str, found))

    def test_a_list_of_names_is_no_lock(self) -> None:
        assert codes(self.IMAGE, "samtools\n", self.FILE) == [("error", "unknown-environment", self.FILE)]

    def test_what_a_lock_brings_is_known_to_the_last_package(self) -> None:
        image = CPU.add_sklearn().add_conda(environment=self.FILE)

        assert codes(image, LOCK, self.FILE) == [("error", "two-pythons", "linux-64.lock:4")]


CONDA_LOCK = f"""\
version: 1
metadata:
  platforms: [linux-64]
package:
- name: htslib
  version: '1.21'
  manager: conda
  platform: linux-64
  url: https://conda.example.com/forge/linux-64/htslib-1.21-h5efdd21_0.conda
  hash: {{md5: {DIGEST[:32]}, sha256: {DIGEST}}}
  category: main
- name: pytest
  version: '8'
  manager: pip
  platform: linux-64
  url: https://wheels.example.com/pytest-8-py3-none-any.whl
  hash: {{sha256: {DIGEST}}}
  category: dev
"""


class TestCondaLocks:
    """A `conda-lock.yml`: what is for the platform, and in its category `main`."""

    FILE = "conda-lock.yml"
    IMAGE = DEBIAN.add_conda(environment=FILE)

    def test_main(self) -> None:
        assert codes(self.IMAGE, CONDA_LOCK, self.FILE) == []

    def test_packages_of_pip(self) -> None:
        text = CONDA_LOCK.replace("category: dev", "category: main")

        assert codes(self.IMAGE, text, self.FILE) == [("error", "pip-in-conda", "conda-lock.yml:12")]

    def test_another_platform(self) -> None:
        (found,) = problems(self.IMAGE.with_platform("linux/arm64"), CONDA_LOCK, self.FILE)

        assert (found.code, found.what) == ("another-platform", "conda-lock.yml has nothing for linux-aarch64")
        assert found.hints == ("it has: linux-64",)

    def test_another_version(self) -> None:
        text = CONDA_LOCK.replace("version: 1\n", "version: 2\n", 1)

        assert codes(self.IMAGE, text, self.FILE) == [("error", "unknown-environment", self.FILE)]


class TestTheLayer:
    """What cannot be meant is refused at the door."""

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({}, "nothing-to-install"),
            ({"environment": "pixi.toml"}, "unknown-environment"),
            ({"environment": "environment.yml", "channels": ["conda-forge"]}, "two-channel-lists"),
        ],
    )
    def test_fields(self, fields: dict[str, Any], code: str) -> None:
        with pytest.raises(MlcontainersError) as caught:
            CPU.add_conda(**fields)

        assert [problem.code for problem in caught.value.problems] == [code]

    def test_packages_beside_a_lock_would_be_dropped(self) -> None:
        with pytest.raises(MlcontainersError) as caught:
            CPU.add_conda("samtools", environment="linux-64.lock")

        assert [problem.code for problem in caught.value.problems] == ["beside-a-lock"]

    @pytest.mark.parametrize(
        "text",
        [
            "-c x",
            "--file=x",
            "samtools bwa",
            "https://x.example.com/a-1-0.conda",
            "./a.conda",
            "a[build=x]",
            "@x",
            "a>=1 ",
        ],
    )
    def test_no_package(self, text: str) -> None:
        with pytest.raises(MlcontainersError):
            CPU.add_conda(text)

    def test_twice(self) -> None:
        assert codes(CPU.add_conda("samtools").add_conda("bwa")) == [("error", "twice", "layers (conda)")]

    def test_without_a_network(self) -> None:
        with pytest.raises(MlcontainersError) as caught:
            plan(CPU.add_conda("samtools"), sources=Sources(offline=True))

        assert ("needs-network", "layers[0] (conda)") in [(one.code, one.where) for one in caught.value.problems]
