"""An organisation's profile: it changes where things come from, and never what an image is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlcontainers import Image, InvalidValueError, Sources, build, plan
from mlcontainers.engines.options import BuildRequest
from mlcontainers.engines.profiles import Profile
from tests.engines.containers import docker, output, temporary_tag

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
index = "https://mirror.example.com/python/simple"
apt = "https://mirror.example.com"
host_settings = true

[mirrors]
pytorch = "https://mirror.example.com/pytorch/cpu"

[registries]
"docker.io" = "registry.example.com:5000/hub"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "profile.toml"
    path.write_text(TEXT)
    return path


class TestRead:
    def test_all_that_it_can_say(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "company.pem").write_text("certificates")
        file.write_text(f'ca = "{tmp_path / "company.pem"}"\n{TEXT}')

        profile = Profile.load(file)

        assert profile.sources == Sources(
            host_settings=True,
            mirrors=(("pytorch", "https://mirror.example.com/pytorch/cpu"),),
            index="https://mirror.example.com/python/simple",
            apt="https://mirror.example.com",
        )
        assert profile.ca == tmp_path / "company.pem"
        assert profile.registries == (("docker.io", "registry.example.com:5000/hub"),)

    def test_a_variable_names_it_where_the_build_does_not(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "other.toml").write_text("")
        environment = {"MLCONTAINERS_PROFILE": str(file)}

        assert Profile.load(None, environment) == Profile.load(file, {})
        assert Profile.load(tmp_path / "other.toml", environment) == Profile.load(None, {}) == Profile()

    def test_everything_wrong_at_once(self, file: Path) -> None:
        file.write_text('indx = "x"\napt = 1\n[mirrors]\na = 2\n')

        with pytest.raises(InvalidValueError) as caught:
            Profile.load(file)

        told = [(problem.code, problem.what, problem.hints) for problem in caught.value.problems]
        assert told == [
            ("bad-profile", "there is no field 'indx'", ("did you mean 'index'?",)),
            ("bad-profile", "got 1, expected a text", ()),
            ("bad-profile", "got 2, expected a text", ()),
        ]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('index = "https://user:s3cr3t@example.com"', "credentials-in-mirror"),
            ('index = "ftp://example.com"', "bad-mirror"),
            ('ca = "/no/such/file"', "bad-profile"),
            ('[registries]\n"docker.io" = "https://example.com"', "bad-reference"),
            ("= 1", "bad-profile"),
        ],
    )
    def test_wrong_values(self, file: Path, text: str, code: str) -> None:
        file.write_text(text)

        with pytest.raises(InvalidValueError) as caught:
            Profile.load(file)

        assert [problem.code for problem in caught.value.problems] == [code]
        assert "s3cr3t" not in str(caught.value)


class TestUsed:
    IMAGE = Image.from_cpu(python="3.12").add_apt("libgomp1").add_torch("2.9").add_pip("fastapi")

    def test_only_addresses_differ(self, file: Path) -> None:
        plain, used = plan(self.IMAGE), plan(self.IMAGE, sources=Profile.load(file).over(Sources()))

        assert plain.pins == used.pins
        assert plain.target.base == used.target.base
        assert [i.keyword for i in plain.dockerfile.instructions] == [i.keyword for i in used.dockerfile.instructions]
        text = used.dockerfile.render()
        assert "download.pytorch.org" not in text
        assert text.count("--default-index=https://mirror.example.com/python/simple") == 2
        assert text.count("--index-url=https://mirror.example.com/python/simple") == 1

    def test_base_images_are_pulled_from_there_and_keep_their_names(self, file: Path) -> None:
        image = Image.from_base("registry.example.com/base:1", python="3.12").add_pip("six")
        profile = Profile.load(file)

        assert list(profile.stand_ins(plan(self.IMAGE).dockerfile)) == [
            ("python:3.12-slim-bookworm", "registry.example.com:5000/hub/library/python:3.12-slim-bookworm")
        ]
        assert [name for name, _ in profile.stand_ins(plan(image).dockerfile)] == ["python:3.13-slim-bookworm"]

    def test_what_a_build_is_told_wins_over_it(self, file: Path, tmp_path: Path) -> None:
        mirrors = {"pytorch": "https://nearer.example.com/pytorch"}

        request = BuildRequest.of(self.IMAGE, {"context": tmp_path, "profile": file, "mirrors": mirrors})

        assert request.plan.sources.mirror("pytorch") == "https://nearer.example.com/pytorch"
        assert request.plan.sources.index == "https://mirror.example.com/python/simple"


@pytest.mark.engine
def test_a_base_image_comes_from_another_registry(registry: str, tmp_path: Path) -> None:
    """It is marked there, so that one can see which it was."""
    elsewhere = f"{registry}/hub/library/python:3.11-slim-bookworm"
    (tmp_path / "profile.toml").write_text(f'[registries]\n"docker.io" = "{registry}/hub"\n')
    marked = "FROM python:3.11-slim-bookworm\nRUN echo elsewhere > /srv/mark\n"
    (tmp_path / "Dockerfile").write_text(marked)
    docker("buildx", "build", "--quiet", "--push", f"--tag={elsewhere}", str(tmp_path))
    with temporary_tag() as tag:
        image = Image.from_cpu(python="3.11").add_run("true")

        built = build(image, context=tmp_path, tags=[tag], profile=tmp_path / "profile.toml")

        assert output(tag, "cat", "/srv/mark") == "elsewhere"
        assert "registry" not in built.plan.dockerfile.render()
