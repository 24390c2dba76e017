"""Attestations are really beside the image, where it is asked for them, and the image is the same with and without."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, Image, build, build_all
from mlcontainers.engines.events import Event, Reused
from mlcontainers.engines.registry import digest_in_registry
from tests.engines.containers import docker, forget, temporary_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]
SCAN = """\
import json, os, pathlib
statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document"}
found = sorted(os.listdir(os.environ["BUILDKIT_SCAN_SOURCE"]))
file = pathlib.Path(os.environ["BUILDKIT_SCAN_DESTINATION"], "sbom.spdx.json")
file.write_text(json.dumps({**statement, "predicate": {"spdxVersion": "SPDX-2.3", "name": " ".join(found)}}))
"""
PUSHED: dict[str, Any] = {"load": False, "push": True, "verify": False}


def small(*commands: str) -> Image:
    return Image.from_cpu(python="3.11").add_run(*commands)


@pytest.fixture
def repository(registry: str) -> Iterator[str]:
    name = f"{registry}/{uuid4().hex[:12]}"
    yield name
    forget(f"{name}:1")


@pytest.fixture(scope="module")
def scanner(registry: str) -> str:
    """A stand-in for the image that makes SBOMs, which no registry here has: it writes what it is shown."""
    return pushed_scanner(registry, SCAN)


def pushed_scanner(registry: str, program: str) -> str:
    name = f"{registry}/scanner-{uuid4().hex[:12]}:1"
    text = f"FROM python:3.11-slim-bookworm\nENTRYPOINT {json.dumps(['python', '-c', program])}\n"
    command = ("docker", "buildx", "build", "--provenance=false", "--push", f"--tag={name}", "-")
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)
    return name


def raw(reference: str) -> dict[str, Any]:
    done = docker("buildx", "imagetools", "inspect", "--raw", reference)
    assert done.returncode == 0, done.stderr
    return cast("dict[str, Any]", json.loads(done.stdout))


def image_digest(reference: str) -> str:
    """Of the image itself, beside which the attestations are."""
    (digest,) = (each["digest"] for each in raw(reference)["manifests"] if each["platform"]["os"] == "linux")
    return str(digest)


def contents(reference: str) -> list[str]:
    """Digests of the configuration and the layers of an image: all that it is."""
    manifest = raw(reference)
    return [part["digest"] for part in (manifest["config"], *manifest["layers"])]


def statements(reference: str) -> dict[str, Any]:
    """What is in the registry beside an image: predicate by its type."""
    repository = reference.rpartition(":")[0]
    found: dict[str, Any] = {}
    for each in raw(reference)["manifests"]:
        if each["platform"]["os"] == "unknown":
            for layer in raw(f"{repository}@{each['digest']}")["layers"]:
                statement = json.loads(blob(repository, layer["digest"]))
                found[statement["predicateType"]] = statement["predicate"]
    return found


def blob(repository: str, digest: str) -> bytes:
    from urllib.request import urlopen

    host, _, path = repository.partition("/")
    with urlopen(f"http://{host}/v2/{path}/blobs/{digest}") as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("load", [False, True], ids=["straight to the registry", "through the engine"])
def test_provenance_is_in_the_registry_and_the_image_is_the_same(repository: str, load: bool) -> None:
    image, options = small(f"echo {uuid4()}"), {"load": load, "push": True, "verify": False}
    plain = build(image, tags=[f"{repository}:plain"], **PUSHED)

    built = build(image, tags=[f"{repository}:1"], attest="provenance", **cast("Any", options))
    own = image_digest(f"{repository}:1")
    again = build(image, tags=[f"{repository}:1"], attest="provenance", force=True, **cast("Any", options))

    (told,) = statements(f"{repository}:1").values()
    assert built.attestations == ("provenance",)
    assert built.fingerprint == plain.fingerprint
    assert contents(f"{repository}@{own}") == contents(f"{repository}:plain")
    assert image_digest(f"{repository}:1") == own
    assert digest_in_registry(f"{repository}:1") == again.digest != built.digest
    assert "llbDefinition" in told["buildConfig"]


def test_an_image_without_them_is_not_taken_for_one_that_has_them(repository: str) -> None:
    image, events = small(f"echo {uuid4()}"), list[Event]()

    def again(**options: Any) -> bool:
        events.clear()
        build(image, tags=[f"{repository}:1"], progress=events.append, **PUSHED, **options)
        return any(isinstance(event, Reused) for event in events)

    assert not again()
    assert not again(attest="provenance")
    assert again(attest="provenance")
    assert again()
    assert "provenance" in str(statements(f"{repository}:1").keys())


def test_the_engine_s_own_is_taken_while_it_has_them(repository: str) -> None:
    """What is pulled has left its attestations in its registry, and would be pushed without them."""
    image = small(f"echo {uuid4()}")
    options: dict[str, Any] = {"verify": False, "attest": "provenance"}

    first = build(image, tags=[f"{repository}:1"], push=True, **options)
    again = build(image, tags=[f"{repository}:1"], **options)
    forget(f"{repository}:1")
    docker("pull", first.content_tags[0])
    pulled = build(image, tags=[f"{repository}:1"], **options)

    assert (again.steps, again.digest) == ((), first.digest)
    assert pulled.steps


def test_a_locked_image_gets_there_with_them() -> None:
    with temporary_tag() as tag:
        image, options = small("true"), {"verify": False, "attest": "provenance"}
        built = build(image, tags=[tag], lock=True, **cast("Any", options))

        assert build(built.plan, tags=[tag], **cast("Any", options)).steps == ()
        assert docker("image", "inspect", "--format={{.Id}}", tag).stdout.strip() == built.id


def test_many_images_have_them_each(registry: str) -> None:
    repository = f"{registry}/{uuid4().hex[:12]}"

    answers = build_all(
        [small("echo one"), small("echo two")], tags=[f"{repository}:{{image}}"], attest="provenance", **PUSHED
    )

    assert [answer.problems for answer in answers] == [(), ()]
    assert all(statements(f"{repository}:{number}") for number in (1, 2))


class TestSbom:
    """Made by an image of its own, which has to be had."""

    def test_by_the_scanner_that_is_named(self, repository: str, scanner: str) -> None:
        build(small("true"), tags=[f"{repository}:1"], attest=["provenance", f"sbom:{scanner}"], **PUSHED)

        told = statements(f"{repository}:1")
        assert "usr" in told["https://spdx.dev/Document"]["name"].split()
        assert len(told) == 2

    def test_from_where_the_organisation_has_it(self, registry: str, scanner: str, tmp_path: Path) -> None:
        profile = tmp_path / "profile.toml"
        profile.write_text(f'[registries]\n"docker.io" = "{registry}/nothing"\n')

        with pytest.raises(BuildFailedError) as caught:
            build(small("true"), load=False, attest="sbom", profile=profile)

        problem = caught.value.problems[0]
        assert problem.what == (
            f"no SBOM is made: its scanner {registry}/nothing/docker/buildkit-syft-scanner:stable-1 cannot be had"
        )

    def test_one_that_cannot_be_had(self) -> None:
        """Before any step is taken."""
        steps: list[Event] = []

        with pytest.raises(BuildFailedError) as caught:
            build(small("true"), load=False, attest="sbom:127.0.0.1:9/scanner:1", progress=steps.append)

        problem = caught.value.problems[0]
        assert problem.code == "no-sbom"
        assert problem.what == "no SBOM is made: its scanner 127.0.0.1:9/scanner:1 cannot be had"
        assert "--attest sbom:" in problem.hints[0]
        assert not [event for event in steps if "RUN" in getattr(event, "step", "")]

    def test_one_that_fails(self, registry: str) -> None:
        broken = pushed_scanner(registry, "raise SystemExit('no memory')")

        with pytest.raises(BuildFailedError) as caught:
            build(small("true"), load=False, attest=f"sbom:{broken}")

        assert caught.value.problems[0].what == f"no SBOM is made: its scanner {broken} has failed"
        assert caught.value.log_tail == ("no memory",)


def test_no_secret_is_in_them(repository: str, scanner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the image, from a file and from a variable, and the password of this host's index."""
    words = [uuid4().hex for _ in range(3)]
    (tmp_path / "token").write_text(words[0])
    monkeypatch.setenv("MLC_TEST_TOKEN", words[1])
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://user:{words[2]}@127.0.0.1:9/simple")
    image = small(f"cat /run/secrets/a > /dev/null; echo {uuid4()}").add_run('test -n "$B"', secrets=["b,env=B", "a"])

    build(
        image, tags=[f"{repository}:1"], attest=["provenance", f"sbom:{scanner}"], host_settings=True,
        secrets={"a": tmp_path / "token", "b": "$MLC_TEST_TOKEN"}, **PUSHED,
    )  # fmt: skip

    text = json.dumps([raw(f"{repository}:1"), statements(f"{repository}:1")])
    assert "/run/secrets/a" in text
    assert not [word for word in words if word in text]
