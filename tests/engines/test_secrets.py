"""Secrets reach a build by the name of a file or of a variable, and are nowhere afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from mlcontainers import Image, InvalidValueError, build
from mlcontainers.engines.secrets import secret_options
from tests.engines.containers import a_tag, forget


class TestOptions:
    def test_files_and_variables_by_their_names(self, tmp_path: Path) -> None:
        file = tmp_path / "a,b"
        file.write_text("content")

        options = secret_options(("x", "y"), {"x": file, "y": "$TOKEN"}, {"TOKEN": "content"})

        assert options == [f'--secret=id=x,"src={file}"', "--secret=id=y,env=TOKEN"]

    def test_everything_wrong_is_told_at_once_and_no_content(self, tmp_path: Path) -> None:
        given: dict[str, str | Path] = {"tokem": Path("/no/such"), "b": "hf_s3cr3t", "c": "$UNSET"}

        with pytest.raises(InvalidValueError) as caught:
            secret_options(("token", "b", "c"), given, {})

        told = [(problem.code, problem.what) for problem in caught.value.problems]
        assert told == [
            ("missing-secret", "the image needs the secret 'token' while it is built"),
            ("unknown-secret", "no step of the image asks for a secret 'tokem'"),
            ("no-secret-source", "there is no file '/no/such'"),
            ("no-secret-source", "a secret comes from a file or from a variable"),
            ("no-secret-source", "the variable 'UNSET' is not set"),
        ]
        assert "s3cr3t" not in str(caught.value)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
class TestBuilt:
    def test_a_step_sees_them_and_the_image_does_not(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        word, tag = uuid4().hex, a_tag()
        (tmp_path / "token").write_text(f"file-{word}")
        monkeypatch.setenv("TOKEN_HERE", f"variable-{word}")
        # A secret is no part of the cache key: a step that ran once with another is not run again.
        image = Image.from_cpu(python="3.11").add_run(
            f"true {uuid4()}",
            'cat /run/secrets/file | sha256sum > /srv/file && printf %s "$THERE" | sha256sum > /srv/variable',
            secrets=["file", "variable,env=THERE"],
        )
        try:
            build(image, tags=[tag], verify=False, secrets={"file": tmp_path / "token", "variable": "$TOKEN_HERE"})

            seen = docker("run", "--rm", "--network=none", tag, "cat", "/srv/file", "/srv/variable")
            for number, kind in enumerate(("file", "variable")):
                hashed = subprocess.run(["sha256sum"], input=f"{kind}-{word}".encode(), capture_output=True, check=True)
                assert seen.splitlines()[number] == hashed.stdout.decode().strip()
            assert docker("run", "--rm", "--network=none", tag, "ls", "-A", "/run/secrets") == ""
            assert word not in docker("history", "--no-trunc", tag) + docker("image", "inspect", tag)
        finally:
            forget(tag)


def docker(*arguments: str) -> str:
    """What it prints; nothing where it fails."""
    return subprocess.run(("docker", *arguments), capture_output=True, text=True, check=False).stdout
