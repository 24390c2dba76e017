"""Conda environments by the real micromamba on a real engine, from a channel that is made here.

Large, since `mambaorg/micromamba` has to be pulled, or be in the engine already.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, Image, build
from mlcontainers.engines.options import BuildRequest
from mlcontainers.layers.conda import MICROMAMBA
from tests.channels import PLACEHOLDER, Channel, Package, conda_lock, explicit
from tests.engines.containers import docker, output, temporary_tag
from tests.engines.test_locked import archive, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.large, pytest.mark.engine, pytest.mark.usefixtures("engine", "micromamba")]
PYTHON = Image.from_cpu(python="3.11")
DEBIAN = Image.from_base("debian:bookworm-slim")
ON_CUDA = Image.from_base("debian:bookworm-slim", cuda="12.8")
SERVER = """\
import base64, http.server, os, ssl, threading, time

class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        asked = "Basic " + base64.b64encode(b"me:s3cr3t").decode()
        if "/private/" in self.path and self.headers.get("Authorization") != asked:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="tests"')
            self.end_headers()
            return
        super().do_GET()

def serve(port):
    return http.server.ThreadingHTTPServer(("", port), lambda *a: Handler(*a, directory="/channels"))

threading.Thread(target=serve(8000).serve_forever).start()
while not os.path.exists("/server.pem"):
    time.sleep(0.1)
secure, context = serve(8443), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/server.pem")
secure.socket = context.wrap_socket(secure.socket, server_side=True)
secure.serve_forever()
"""


class Served(NamedTuple):
    """Where build steps reach the channel, and the packages that a program needs."""

    host: str
    folder: str
    """A name that no other run has: a builder keeps what it has fetched by its address."""
    tool: Package
    data: Package
    certificate: Path
    """With its key: who trusts it trusts the server on port 8443."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:8000/{self.folder}"

    @property
    def secure(self) -> str:
        return f"https://{self.host}:8443/{self.folder}"


@pytest.fixture(scope="module")
def micromamba() -> None:
    if docker("image", "inspect", str(MICROMAMBA)).returncode and docker("pull", str(MICROMAMBA)).returncode:
        pytest.skip(f"{MICROMAMBA} cannot be pulled here, and nothing stands for it but itself")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("conda")
    name = uuid4().hex[:12]
    channel = Channel(folder / "channels" / name / "acme")
    data = channel.add("acme-data", "1.0", {"share/acme/data": "hello\n"}, subdir="noarch")
    program = f"#!/bin/sh\nexec cat {PLACEHOLDER}/share/acme/data\n"
    scripts = {"etc/conda/activate.d/acme.sh": "export ACME=activated\n"}
    files = {"bin/acme": program, **scripts}
    tool = channel.add("acme-tool", "1.2", files, depends=["acme-data >=1"])
    channel.add("acme-tool", "1.1", files, depends=["acme-data >=1"])
    channel.add("python", "3.11.9", {"bin/python3": '#!/bin/sh\nexec /usr/local/bin/python3 "$@"\n'})
    channel.add("pip", "25.0", {"share/pip": ""}, depends=["python"], subdir="noarch")
    channel.add("acme-scripts", "1.0", {"bin/scripts": "#!/bin/sh\n"}, depends=["python"])
    channel.add("acme-gpu", "1.0", {"share/for": "CPU\n"}, build="cpu_0")
    channel.add("acme-gpu", "1.0", {"share/for": "CUDA\n"}, depends=["__cuda >=12,<12.9"], build="cuda_0", number=9)
    channel.add("cuda-cudart", "12.8.1", {"lib/libcudart.so.12": ""})
    channel.add("acme-cuda", "1.0", {"share/cuda": ""}, depends=["cuda-cudart"])
    channel.add("acme-fast", "1.0", {"share/for": "any CPU\n"}, build="v1_0")
    fast = ["__archspec 1 x86_64_v*"]
    channel.add("acme-fast", "1.0", {"share/for": "this CPU\n"}, depends=fast, build="v2_0", number=9)
    private = Channel(folder / "channels" / name / "private")
    private.add("acme-secret", "1.0", {"bin/secret": "#!/bin/sh\necho secret\n"})
    (folder / "server.py").write_text(SERVER, encoding="utf-8")
    with temporary_tag() as tag:
        dockerfile = "FROM python:3.11-slim-bookworm\nCOPY channels /channels\nCOPY server.py /\n"
        (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        docker("build", "--quiet", f"--tag={tag}", str(folder))
        container = docker("run", "--detach", "--rm", "--init", tag, "python", "/server.py").stdout.strip()
        try:
            asked = "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/', timeout=5)"
            assert any(docker("exec", container, "python", "-c", asked).returncode == 0 for _ in range(20))
            template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
            host = docker("inspect", f"--format={template}", container).stdout.strip()
            certificate(folder / "server.pem", host)
            docker("cp", str(folder / "server.pem"), f"{container}:/")
            yield Served(host, name, tool, data, folder / "server.pem")
        finally:
            docker("rm", "--force", container)


def certificate(file: Path, host: str) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=tests"]
    command += ["-addext", f"subjectAltName=IP:{host}", "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(Path(f"{file}.crt").read_text() + file.read_text(), encoding="utf-8")


def environment(folder: Path, served: Served, *packages: str) -> str:
    """An environment.yml in a build context."""
    wanted = "".join(f"- {package}\n" for package in packages)
    text = f"name: not-this\nchannels: [{served.url}/acme, nodefaults]\ndependencies:\n{wanted}"
    (folder / "environment.yml").write_text(text, encoding="utf-8")
    return "environment.yml"


@pytest.fixture(scope="module")
def built(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image with a package by name."""
    image = PYTHON.add_conda("acme-tool >=1", channels=[f"{served.url}/acme"]).with_entrypoint("acme")
    with temporary_tag() as tag:
        build(image, context=tmp_path_factory.mktemp("empty"), tags=[tag])
        yield tag


class TestByName:
    """Packages by name, with all they need, found by PATH by whoever runs the container."""

    @pytest.mark.parametrize("user", [(), ("--user=12345:0",), ("--user=0",)])
    def test_runs_for_any_user(self, built: str, user: tuple[str, ...]) -> None:
        assert output(built, options=("--read-only", *user)) == "hello"

    def test_without_activation(self, built: str) -> None:
        said = output(
            built, "-c", 'echo "$(command -v acme) ${ACME-unset} ${CONDA_PREFIX-unset}"', options=("--entrypoint=sh",)
        )

        assert said == "/opt/conda/bin/acme unset unset"

    def test_the_newest_that_fits(self, built: str) -> None:
        assert "acme-tool-1.2-0.json" in output(built, "/opt/conda/conda-meta", options=("--entrypoint=ls",))

    def test_nothing_else_is_left(self, built: str) -> None:
        command = "find /root /home /tmp /opt /dev/shm -mindepth 1 -maxdepth 2 -newer /etc/debian_version | sort"
        found = output(built, "-c", command, options=("--entrypoint=sh", "--user=0")).split()

        assert [path for path in found if not path.startswith(("/opt/conda/", "/home/app"))] == ["/opt/conda"]
        assert output(built, "-A", "/home/app", options=("--entrypoint=ls",)) == ".cache"
        assert output(built, "-c", "type micromamba || echo none", options=("--entrypoint=sh",)).endswith("none")


class TestFiles:
    """An environment.yml and both kinds of locks; what is said beside the first is solved with it."""

    def test_an_environment(self, served: Served, tmp_path: Path) -> None:
        image = DEBIAN.add_conda("acme-fast", environment=environment(tmp_path, served, "acme-tool=1.1"))
        with temporary_tag() as tag:
            build(image, context=tmp_path, tags=[tag])

            assert output(tag, "acme") == "hello"
            records = output(tag, "ls", "/opt/conda/conda-meta").split()
            assert records == ["acme-data-1.0-0.json", "acme-fast-1.0-v1_0.json", "acme-tool-1.1-0.json", "history"]

    @pytest.mark.parametrize("digest", ["md5", "sha256"])
    def test_an_explicit_lock(self, served: Served, tmp_path: Path, digest: str) -> None:
        text = explicit(f"{served.url}/acme", served.tool, served.data, digest=digest)
        (tmp_path / "linux-64.lock").write_text(text, encoding="utf-8")
        with temporary_tag() as tag:
            build(DEBIAN.add_conda(environment="linux-64.lock"), context=tmp_path, tags=[tag])

            assert output(tag, "acme") == "hello"

    def test_a_conda_lock(self, served: Served, tmp_path: Path) -> None:
        (tmp_path / "conda-lock.yml").write_text(
            conda_lock(f"{served.url}/acme", served.tool, served.data), encoding="utf-8"
        )
        with temporary_tag() as tag:
            build(DEBIAN.add_conda(environment="conda-lock.yml"), context=tmp_path, tags=[tag])

            assert output(tag, "acme") == "hello"

    @pytest.mark.parametrize("digest", ["md5", "sha256"])
    def test_a_file_that_is_not_what_the_lock_says(self, served: Served, tmp_path: Path, digest: str) -> None:
        text = explicit(f"{served.url}/acme", served.tool, digest=digest)
        was = getattr(served.tool, digest)
        (tmp_path / "linux-64.lock").write_text(text.replace(was, was[::-1]), encoding="utf-8")
        with pytest.raises(BuildFailedError) as caught:
            build(PYTHON.add_conda(environment="linux-64.lock"), context=tmp_path, load=False)

        assert "acme-tool" in "\n".join(caught.value.log_tail)


class TestTheMachineThatBuilds:
    """What is chosen depends on the image: not on the GPU, the CPU, or where the channel is mirrored."""

    @pytest.mark.parametrize(("image", "expected"), [(ON_CUDA, "CUDA"), (DEBIAN, "CPU")])
    def test_cuda_is_that_of_the_image(self, served: Served, tmp_path: Path, image: Image, expected: str) -> None:
        with temporary_tag() as tag:
            build(image.add_conda("acme-gpu", channels=[f"{served.url}/acme"]), context=tmp_path, tags=[tag])

            assert output(tag, "cat", "/opt/conda/share/for") == expected

    def test_a_mirror_of_all_channels(self, served: Served, tmp_path: Path) -> None:
        image = DEBIAN.add_conda("acme-tool", channels=["acme"])
        mirrors = {"conda": served.url}
        with temporary_tag() as tag:
            build(image, context=tmp_path, tags=[tag], mirrors=mirrors)

            assert output(tag, "acme") == "hello"


class TestSecrets:
    def test_a_channel_that_asks_who_is_there(self, served: Served, tmp_path: Path) -> None:
        image = DEBIAN.add_conda("acme-secret", channels=[f"{served.url}/private"], credentials="channel")
        netrc = tmp_path / "netrc"
        netrc.write_text(f"machine {served.host} login me password s3cr3t\n", encoding="utf-8")
        with temporary_tag() as tag:
            build(image, context=tmp_path, tags=[tag], secrets={"channel": netrc})

            assert output(tag, "secret") == "secret"
            assert output(tag, "sh", "-c", "grep -r s3cr3t /opt /etc /home /tmp || echo none") == "none"


class TestTrust:
    """A channel behind TLS: by the certificates that micromamba's image has, or those of the machine that builds."""

    def test_a_company_s_own(self, served: Served, tmp_path: Path) -> None:
        (tmp_path / "profile.toml").write_text(f'ca = "{served.certificate}"\n', encoding="utf-8")
        image = DEBIAN.add_conda("acme-tool", channels=[f"{served.secure}/acme"])
        with temporary_tag() as tag:
            build(image, context=tmp_path, tags=[tag], profile=tmp_path / "profile.toml")

            assert output(tag, "acme") == "hello"

    def test_nobody_else(self, served: Served, tmp_path: Path) -> None:
        # Another channel, since what the builder's cache has is not fetched again.
        image = PYTHON.add_conda("acme-secret", channels=[f"{served.secure}/private"])
        with pytest.raises(BuildFailedError) as caught:
            build(image, context=tmp_path, load=False)

        assert "certificate" in "\n".join(caught.value.log_tail)


class TestWhatComesAlong:
    """A second Python and CUDA that nobody asked for end the build, and are named."""

    @pytest.mark.parametrize(
        ("image", "package", "told"),
        [
            (PYTHON, "acme-scripts", "a second Python came along, and would hide the one of the image"),
            (PYTHON, "acme-cuda", "CUDA came along, which this image has already or is not for"),
        ],
    )
    def test_is_refused(self, served: Served, tmp_path: Path, image: Image, package: str, told: str) -> None:
        with pytest.raises(BuildFailedError) as caught:
            build(image.add_conda(package, channels=[f"{served.url}/acme"]), context=tmp_path, load=False)

        assert told in "\n".join(caught.value.log_tail)

    def test_what_is_asked_for_is_not(self, served: Served, tmp_path: Path) -> None:
        """And it is the image's own: what verifies a built image is run by it."""
        image = PYTHON.add_conda(environment=environment(tmp_path, served, "acme-scripts", "python=3.11"))
        with temporary_tag() as tag:
            built = build(image, context=tmp_path, tags=[tag])

            assert built.plan.target.interpreter == "/opt/conda/bin/python3"
            assert output(tag, "sh", "-c", "command -v python3") == "/opt/conda/bin/python3"
            asked = ("python3", "-c", "import os; print(os.environ['OMP_NUM_THREADS'])")
            assert output(tag, *asked, options=("--cpus=1",)) == "1"


def test_two_builds_of_a_locked_plan_are_equal(served: Served, tmp_path: Path) -> None:
    image = PYTHON.add_conda("acme-tool", channels=[f"{served.url}/acme"])
    request = BuildRequest.of(image, {"context": tmp_path, "lock": True})
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()

    first, second = (manifest(archive(request, tmp_path / name)) for name in ("first", "second"))

    assert first == second


def test_another_environment_is_another_image(served: Served, tmp_path: Path) -> None:
    """What is there is not built again, and what the file says is part of what it is."""
    image = DEBIAN.add_conda(environment=environment(tmp_path, served, "acme-tool=1.1"))
    with temporary_tag() as tag:
        first = build(image, context=tmp_path, tags=[tag])
        same = build(image, context=tmp_path, tags=[tag])
        environment(tmp_path, served, "acme-tool=1.2")
        other = build(image, context=tmp_path, tags=[tag])

        assert (first.reused, same.reused, other.reused) == (False, True, False)
        assert "acme-tool-1.2-0.json" in output(tag, "ls", "/opt/conda/conda-meta")
