"""Names on a real engine: found by content, verified first, moved last."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, BuiltImage, Image, VerifyFailedError, build
from mlcontainers.engines.events import Changed, Event, Reused, StepStarted, Tagged, Verified
from mlcontainers.engines.registry import digest_in_registry, in_registry
from tests.engines.containers import a_tag, docker, forget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


@pytest.fixture
def tag() -> Iterator[str]:
    name = a_tag()
    yield name
    forget(name)


def names(tag: str) -> set[str]:
    """All tags of a repository that the engine has."""
    return set(docker("image", "ls", "--format={{.Tag}}", tag.rpartition(":")[0]).stdout.split())


def inspected(tag: str) -> dict[str, Any]:
    return cast("list[dict[str, Any]]", json.loads(docker("image", "inspect", tag).stdout))[0]


def small(*commands: str) -> Image:
    return Image.from_cpu(python="3.11").add_run(*commands)


def kinds(events: list[Event], *wanted: type[Event]) -> list[type[Event]]:
    return [type(event) for event in events if isinstance(event, wanted)]


class TestOrder:
    """Built, verified, named after its content, named as asked."""

    def test_names_come_after_the_verification(self, tag: str) -> None:
        events: list[Event] = []

        built = build(small("true"), tags=[tag], progress=events.append)

        repository = tag.rpartition(":")[0]
        assert built.content_tags == (f"{repository}:{built.fingerprint}",)
        assert names(tag) == {"1", str(built.fingerprint)}
        assert kinds(events, Verified, Tagged) == [Verified, Tagged]
        assert inspected(tag)["Config"]["Labels"]["io.mlcontainers.fingerprint"] == built.fingerprint.digest

    def test_one_that_is_not_as_planned_gets_none_and_takes_none(self, tag: str) -> None:
        before = build(small("true"), tags=[tag], verify=False)
        broken = small("true").with_ports(8080).with_entrypoint("python", "-c", "raise SystemExit('no model')")

        with pytest.raises(VerifyFailedError, match="instead of serving") as caught:
            build(broken, tags=[tag])

        assert inspected(tag)["Id"] == before.id
        assert names(tag) == {"1", f"{before.fingerprint}-unverified"}
        assert docker("run", "--rm", "--entrypoint=true", caught.value.image).returncode == 0
        docker("image", "rm", caught.value.image)

    def test_a_failed_build_leaves_the_name_where_it_was(self, tag: str) -> None:
        before = build(small("true"), tags=[tag], verify=False)

        with pytest.raises(BuildFailedError):
            build(small("false"), tags=[tag])

        assert inspected(tag)["Id"] == before.id


class TestReuse:
    """What is there is not built again."""

    def test_the_same_again_takes_no_step(self, tag: str) -> None:
        image, events = small(f"echo {uuid4()}"), list[Event]()

        first = build(image, tags=[tag], verify=False)
        again = build(image, tags=[tag], verify=False, progress=events.append)

        assert (first.reused, again.reused) == (False, True)
        assert kinds(events, Reused, StepStarted) == [Reused]
        assert (again.digest, again.id, again.size, again.layers) == (first.digest, first.id, first.size, first.layers)

    def test_an_image_of_before_gets_its_name_back(self, tag: str) -> None:
        old, new = small("echo old"), small("echo new")

        first = build(old, tags=[tag], verify=False)
        build(new, tags=[tag], verify=False)
        again = build(old, tags=[tag], verify=False)

        assert again.steps == ()
        assert inspected(tag)["Id"] == first.id

    def test_forced_it_is_built(self, tag: str) -> None:
        build(small("true"), tags=[tag], verify=False)

        assert build(small("true"), tags=[tag], verify=False, force=True).steps

    def test_one_that_nobody_verified_is_not_taken_for_verified(self, tag: str) -> None:
        events: list[Event] = []

        build(small("true"), tags=[tag], verify=False)
        build(small("true"), tags=[tag], progress=events.append)

        assert Verified in kinds(events, Verified)

    def test_what_changed_is_told(self, tag: str, tmp_path: Path) -> None:
        image, events = small("true").add_files("app.py", "/app"), list[Event]()
        (tmp_path / "app.py").write_text("1")
        build(image, context=tmp_path, tags=[tag], verify=False)
        (tmp_path / "app.py").write_text("2")

        built = build(image, context=tmp_path, tags=[tag], verify=False, progress=events.append)

        assert built.changes == ("file app.py: changed",)
        assert Changed(tag, built.changes) in events


class TestRegistry:
    """The same through a registry, without anything coming down."""

    def test_found_there_it_is_named_there(self, registry: str) -> None:
        image, repository = small(f"echo {uuid4()}"), f"{registry}/{uuid4().hex[:12]}"
        options: dict[str, Any] = {"load": False, "push": True, "verify": False}

        first = build(image, tags=[f"{repository}:1"], **options)
        again = build(image, tags=[f"{repository}:2"], **options)

        assert (again.steps, again.reused) == ((), True)
        assert digest_in_registry(f"{repository}:2") == digest_in_registry(first.content_tags[0]) == first.digest
        assert not in_registry(f"{repository}:3")
        assert names(f"{repository}:1") == set()

    def test_verified_before_it_is_pushed_and_not_kept(self, registry: str) -> None:
        repository, events = f"{registry}/{uuid4().hex[:12]}", list[Event]()

        built = build(small("true"), tags=[f"{repository}:1"], load=False, push=True, progress=events.append)

        assert kinds(events, Verified, Tagged) == [Verified, Tagged, Tagged]
        assert digest_in_registry(f"{repository}:1") == built.digest
        assert names(f"{repository}:1") == set()

    def test_wanted_here_too_it_is_pulled(self, registry: str) -> None:
        image, repository = small(f"echo {uuid4()}"), f"{registry}/{uuid4().hex[:12]}"
        build(image, tags=[f"{repository}:1"], load=False, push=True, verify=False)

        built = build(image, tags=[f"{repository}:1"], push=True, verify=False)

        forget(f"{repository}:1")
        assert built.steps == ()
        assert built.id

    def test_one_that_fails_the_verification_is_not_pushed(self, registry: str) -> None:
        repository = f"{registry}/{uuid4().hex[:12]}"
        broken = small("true").with_ports(8080).with_entrypoint("false")

        with pytest.raises(VerifyFailedError) as caught:
            build(broken, tags=[f"{repository}:1"], push=True)

        docker("image", "rm", caught.value.image)
        assert not in_registry(f"{repository}:1")


class TestPlatforms:
    """The second platform is a stand-in: programs of this processor that are labelled as another's."""

    def test_names_are_given_to_the_index(self, registry: str) -> None:
        base, repository = f"{registry}/base-{uuid4().hex[:12]}", f"{registry}/{uuid4().hex[:12]}"
        for arch in ("amd64", "arm64"):
            output = f"--output=type=image,push=true,store=false,name={base}:{arch}"
            options = (f"--platform=linux/{arch}", "--provenance=false", output)
            command = ("docker", "buildx", "build", *options, "-")
            text = f"FROM python:3.11-slim-bookworm\nLABEL stand-in={arch}"
            subprocess.run(command, input=text, text=True, check=True, capture_output=True)
        docker("buildx", "imagetools", "create", f"--tag={base}:1", f"{base}:amd64", f"{base}:arm64")
        image = Image.from_base(f"{base}:1", python="3.11").add_run("true")

        platforms = ("linux/amd64", "linux/arm64")
        built = build(image, tags=[f"{repository}:1"], platforms=platforms, push=True, load=False, verify=False)

        index = json.loads(docker("buildx", "imagetools", "inspect", "--raw", f"{repository}:1").stdout)
        found = {each["platform"]["architecture"]: each["digest"] for each in index["manifests"]}
        assert digest_in_registry(f"{repository}:1") == built.digest
        assert [str(one.plan.target.platform) for one in built.platforms] == list(platforms)
        assert found == {one.plan.target.platform.arch: one.digest for one in built.platforms}


class TestLayers:
    """Each layer is somebody's."""

    def test_each_knows_who_wrote_it(self, tag: str, tmp_path: Path) -> None:
        (tmp_path / "app.py").write_text("x" * 100_000)
        image = small("head -c 300000 /dev/zero > /srv/zeros").add_files("app.py", "/app").add_run("true")

        built = build(image, context=tmp_path, tags=[tag], verify=False)

        origins = [layer.origin for layer in built.layers]
        own = [origin for origin in origins if origin != "base"]
        assert tuple(layer.digest for layer in built.layers) == tuple(inspected(tag)["RootFS"]["Layers"])
        assert own == ["user", "workdir", "layers[0] (run)", "layers[1] (files)", "layers[2] (run)"]
        sizes = {layer.origin: layer.size for layer in built.layers}
        assert 300_000 <= sizes["layers[0] (run)"] < 350_000
        assert 100_000 <= sizes["layers[1] (files)"] < 150_000
        base = inspected(str(built.plan.target.base))["RootFS"]["Layers"]
        assert origins[: len(base)] == ["base"] * len(base)

    def test_each_step_knows_who_wrote_it(self) -> None:
        built = build(small("true", "echo two"), load=False)

        assert {step.origin for step in built.steps if "echo two" in step.step} == {"layers[0] (run)"}


class TestFingerprint:
    """Two builds have the same fingerprint just where the engine makes the same image of them."""

    def test_against_what_the_engine_makes(self, tmp_path: Path) -> None:
        folder = tmp_path / "src"
        folder.mkdir()
        word = uuid4()
        (folder / "app.py").write_text(f"1 {word}")
        (tmp_path / ".dockerignore").write_text("**/*.pyc\n")
        start = small(f"echo {word}").add_files("src", "/app")
        changes: dict[str, tuple[Image, Callable[[], object], bool]] = {
            "nothing": (start, lambda: None, False),
            "a time": (start, lambda: os.utime(folder / "app.py", (1, 1)), False),
            "an ignored file": (start, lambda: (folder / "app.pyc").write_text("x"), False),
            "what the host lends": (start, lambda: None, True),
            "the mode of the folder that is copied": (start, lambda: folder.chmod(0o700), False),
            "a mode": (start, lambda: (folder / "app.py").chmod(0o755), False),
            "a content": (start, lambda: (folder / "app.py").write_text(f"2 {word}"), False),
            "an empty folder": (start, lambda: (folder / "empty").mkdir(), False),
            "a command": (small(f"echo {word} again").add_files("src", "/app"), lambda: None, False),
            "a variable": (start.with_env(A="b"), lambda: None, False),
            "a port": (start.with_ports(8080), lambda: None, False),
        }
        seen: list[tuple[str, str, str]] = []
        for name, (image, change, lent) in changes.items():
            change()
            built = build(image, context=tmp_path, host_settings=lent, verify=False)
            seen.append((name, built.fingerprint.digest, made(built)))
            docker("image", "rm", "--force", built.id)

        for one, its_intent, its_image in seen:
            for other, intent, image_of_other in seen:
                assert (its_intent == intent) == (its_image == image_of_other), f"{one}, {other}"
        assert len({intent for _, intent, _ in seen}) == 7


def made(built: BuiltImage) -> str:
    """All that an image is, but for our own labels and the first layers.

    Of those a builder may have several that differ in their times alone, by builds that ran side by side.
    """
    about = inspected(built.id)
    labels = about["Config"].pop("Labels")
    kept = {name: value for name, value in labels.items() if not name.startswith("io.mlcontainers.")}
    layers = [(layer.digest, layer.instruction) for layer in built.layers if layer.origin.startswith("layers[")]
    return json.dumps([layers, about["Config"], about["Architecture"], kept], sort_keys=True)


class TestContext:
    """The files of a fingerprint are the files of the image."""

    def test_a_file_that_changes_while_it_is_read(self, tag: str, tmp_path: Path) -> None:
        (tmp_path / "app.py").write_text("1")

        def edit(event: Event) -> None:
            if isinstance(event, StepStarted) and "load build context" in event.step:
                (tmp_path / "app.py").write_text("2")

        with pytest.raises(BuildFailedError) as caught:
            build(small("true").add_files("app.py", "/app"), context=tmp_path, tags=[tag], progress=edit)

        assert str(caught.value) == (
            "error[context-changed]: app.py changed while the builder read the build context\n"
            "  where: context\n"
            "  because: the image would hold neither the old files nor the new ones\n"
            "  hint: build again"
        )
        assert names(tag) == set()
