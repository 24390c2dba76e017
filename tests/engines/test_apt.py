"""An archive of one's own, signed with its own key, on a real engine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from mlcontainers import BuildFailedError, Image, build
from tests.engines.containers import docker, output, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


class Archive:
    """A folder that apt can read: one package, lists, and signatures by a key that is made here."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "archive", folder / "gnupg"
        self.folder.mkdir()
        self.home.mkdir(mode=0o700)
        package = self._package(folder / "package")
        record = f"Package: acme-hello\nVersion: 1.2\nArchitecture: all\nMaintainer: a <a@example.com>\nFilename: {package.name}\n"
        data = package.read_bytes()
        lists = f"{record}Size: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\nDescription: hello\n"
        (self.folder / "Packages").write_text(lists)
        digest = hashlib.sha256(lists.encode()).hexdigest()
        release = (
            f"Origin: acme\nSuite: ./\nDate: Sat, 01 Nov 2025 00:00:00 UTC\nSHA256:\n {digest} {len(lists)} Packages\n"
        )
        (folder / "Release").write_text(release)
        self.gpg("--quick-generate-key", "--passphrase", "", "acme", "ed25519", "sign")
        self.gpg("--output", str(self.folder / "InRelease"), "--clearsign", str(folder / "Release"))

    def gpg(self, *arguments: str) -> bytes:
        command = ("gpg", "--batch", "--yes", f"--homedir={self.home}", *arguments)
        return subprocess.run(command, capture_output=True, check=True).stdout

    def _package(self, root: Path) -> Path:
        (root / "DEBIAN").mkdir(parents=True)
        (root / "usr/bin").mkdir(parents=True)
        control = (
            "Package: acme-hello\nVersion: 1.2\nArchitecture: all\nMaintainer: a <a@example.com>\nDescription: hello\n"
        )
        (root / "DEBIAN/control").write_text(control)
        program = root / "usr/bin/acme-hello"
        program.write_text("#!/bin/sh\necho hello\n")
        program.chmod(0o755)
        package = self.folder / "acme-hello_1.2_all.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", root, package], check=True, capture_output=True)
        return package


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    if shutil.which("gpg") is None:
        why = "there is no gpg here to sign an archive with: apt-get install gnupg"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    made = Archive(tmp_path_factory.mktemp("apt"))
    yield made
    subprocess.run(("gpgconf", f"--homedir={made.home}", "--kill", "all"), check=True)


@pytest.fixture(scope="module")
def address(archive: Archive) -> Iterator[str]:
    """Where build steps reach it: a container on the network that they have too."""
    with temporary_tag() as tag:
        (archive.folder.parent / "Dockerfile").write_text("FROM python:3.11-slim-bookworm\nCOPY archive /archive\n")
        docker("build", "--quiet", f"--tag={tag}", str(archive.folder.parent))
        serve = ("python", "-m", "http.server", "8000", "--directory=/archive")
        container = docker("run", "--detach", "--rm", "--init", tag, *serve).stdout.strip()
        try:
            asked = "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/InRelease', timeout=5)"
            assert any(docker("exec", container, "python", "-c", asked).returncode == 0 for _ in range(20))
            template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
            yield f"http://{docker('inspect', f'--format={template}', container).stdout.strip()}:8000"
        finally:
            docker("rm", "--force", container)


def image(address: str) -> Image:
    source = {"name": "acme", "url": address, "suites": ["./"], "key": "keys/acme.asc"}
    return Image.from_cpu(python="3.11").add_apt("acme-hello=1.*", sources=[source])


class TestArchive:
    def test_a_package_of_it(self, archive: Archive, address: str, tmp_path: Path) -> None:
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys/acme.asc").write_bytes(archive.gpg("--export", "--armor", "acme"))
        with temporary_tag() as tag:
            build(image(address), context=tmp_path, tags=[tag])

            assert output(tag, "acme-hello") == "hello"
            assert output(tag, "sh", "-c", "ls /var/lib/apt/lists /tmp") == "/tmp:\n\n/var/lib/apt/lists:"

    def test_another_key_is_not_trusted(self, archive: Archive, address: str, tmp_path: Path) -> None:
        archive.gpg("--quick-generate-key", "--passphrase", "", "somebody", "ed25519", "sign")
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys/acme.asc").write_bytes(archive.gpg("--export", "--armor", "somebody"))

        with pytest.raises(BuildFailedError) as caught:
            build(image(address), context=tmp_path, load=False)

        assert "is not signed" in "\n".join(caught.value.log_tail)
