"""Builds on a real engine."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

from mlcontainers import BuildFailedError, BuiltImage, EngineError, Image, InvalidValueError, Sources, build, plan
from mlcontainers.engines import naming
from mlcontainers.engines.events import Event as BuildEvent
from mlcontainers.engines.events import Output, StepDone, StepQueued, StepStarted, Warned
from mlcontainers.engines.registry import digest_in_registry
from mlcontainers.engines.store import tag as real_tag
from tests.engines.containers import a_tag, docker, forget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.values.references import ImageReference

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("engine")]


@pytest.fixture
def tag() -> Iterator[str]:
    """A name for one test's image, which is gone afterwards."""
    name = a_tag()
    yield name
    forget(name)


def inspected(tag: str) -> dict[str, Any]:
    return cast("list[dict[str, Any]]", json.loads(docker("image", "inspect", tag).stdout))[0]


def small(*commands: str) -> Image:
    return Image.from_cpu(python="3.11").add_run(*commands)


def failed(image: Image, **options: Any) -> BuildFailedError:
    with pytest.raises(BuildFailedError) as caught:
        build(image, load=False, **options)
    return caught.value


class TestBuilt:
    """What comes back is what the engine holds."""

    def test_digest_size_and_tags(self, tag: str) -> None:
        built = build(small("true"), tags=[tag], verify=False)

        assert built.tags == (tag,)
        assert built.digest == inspected(tag)["Id"]
        assert built.size == inspected(tag)["Size"] > 0
        assert built.seconds > 0

    def test_the_same_again_is_reused(self, tag: str) -> None:
        image = small(f"echo {uuid4()}")

        first, second = build(image, tags=[tag], verify=False), build(image, tags=[tag], verify=False)

        assert (first.reused, second.reused) == (False, True)
        assert first.digest == second.digest

    def test_each_step_is_told_once(self, tag: str) -> None:
        built = build(small("true"), tags=[tag], verify=False)
        names = [step.step for step in built.steps]

        assert len(names) == len(set(names))

    def test_events_tell_what_happens(self) -> None:
        word = uuid4().hex
        events: list[BuildEvent] = []

        build(small(f"echo said {word}"), load=False, progress=events.append)

        step = next(event.step for event in events if isinstance(event, Output) and event.text == f"said {word}\n")
        kinds = [type(event) for event in events if getattr(event, "step", "") == step]
        assert kinds == [StepQueued, StepStarted, Output, StepDone]

    def test_no_temporary_file_stays(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

        build(small("true"), load=False, host_settings=True)
        failed(small("false"))

        assert not list(tmp_path.iterdir())


class TestHostSettings:
    """They are there while packages are installed, and nowhere afterwards."""

    def test_they_are_in_no_layer(self, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        mark = f"mark-{uuid4().hex}"
        bundle = tmp_path / "bundle.pem"
        bundle.write_text(f"{Path('/etc/ssl/certs/ca-certificates.crt').read_text()}\n# {mark}\n")
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        image = Image.from_cpu(python="3.11").add_pip("iniconfig")

        build(image, tags=[tag], verify=False, host_settings=True)

        saved = tmp_path / "saved"
        docker("save", "--output", str(saved), tag)
        unpacked = tmp_path / "unpacked"
        unpacked.mkdir()
        subprocess.run(("tar", "-xf", saved, "-C", unpacked), check=True)
        command = f"for blob in blobs/*/*; do zstd -dcq $blob 2>/dev/null || zcat -f $blob; done | grep -c {mark}"
        assert subprocess.run(command, shell=True, cwd=unpacked, capture_output=True).stdout.strip() == b"0"
        assert mark not in docker("history", "--no-trunc", tag).stdout
        assert docker("run", "--rm", "--network=none", tag, "python", "-c", "import iniconfig").returncode == 0


class TestFaults:
    """Each says which step, whose layer, and what to do."""

    def test_a_failing_step(self) -> None:
        error = failed(small("echo last words; exit 3"))

        assert error.layer == "layers[0] (run)"
        assert error.instruction == "RUN echo last words; exit 3"
        assert error.process_exit_code == 3
        assert error.log_tail[-1] == "last words"
        assert error.problems[0].code == "step-failed"
        assert error.exit_code == 3

    def test_output_that_is_no_text(self) -> None:
        error = failed(small(r"printf '\351t\351\n'; exit 1"))

        assert error.log_tail[-1] == "\ufffdt\ufffd"

    def test_output_without_end_keeps_its_tail(self) -> None:
        error = failed(small("yes 0123456789 | head -n 2000000; echo the end; exit 1"))

        assert error.log_tail[-1] == "the end"
        assert len(error.log_tail) <= 30

    def test_a_base_image_that_is_not_there(self) -> None:
        error = failed(Image.from_base("localhost:9/nobody/nothing:1", python="3.11").add_run("true"))

        assert error.problems[0].code == "no-base-image"
        assert "localhost:9/nobody/nothing:1" in error.problems[0].what

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        error = failed(Image.from_cpu(python="3.11").add_files("missing", "/app"), context=tmp_path)

        assert error.problems[0].code == "not-in-context"
        assert error.layer == "layers[0] (files)"

    def test_a_package_that_is_not_there(self) -> None:
        error = failed(Image.from_cpu(python="3.11").add_pip("mlcontainers-has-no-such-package"), host_settings=True)

        assert error.problems[0].code == "no-such-package"
        assert "mlcontainers-has-no-such-package" in error.problems[0].what
        assert error.layer == "layers[0] (pip)"

    def test_the_wrong_platform_in_the_base(self, tag: str) -> None:
        """The engine has the base for its own processor alone, and its builder would only warn."""
        other = "linux/arm64" if plan(small("true")).target.platform.arch == "amd64" else "linux/amd64"
        image = small("true").with_platform(other)

        with pytest.raises(EngineError) as caught:
            build(image, tags=[tag], verify=False)

        assert caught.value.problems[0].code in {"wrong-platform", "no-base-image"}
        assert docker("image", "inspect", tag).returncode != 0


class TestAtOnce:
    """Builds that know nothing of each other."""

    def test_of_the_same_image_without_a_name(self) -> None:
        """The engine gives each image without a name one of its own, and loses a race over it about every third time."""
        images = [small(f"echo {uuid4()}; head -c 3000000 /dev/urandom > /srv/x") for _ in range(2)]
        with ThreadPoolExecutor(4) as pool:
            for image in images:
                built = list(pool.map(partial(build, verify=False), [image] * 4))
                docker("image", "rm", "--force", *{each.id for each in built})

                assert len({each.digest for each in built}) == 1

    def test_of_one_name_with_different_images(self, registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The last to finish has all names, and both images are there under those after their content.

        The first is slow to give its second name, so that the other could come in between.
        """
        repository = f"{registry}/{uuid4().hex[:12]}"
        tags = [f"{repository}:1", f"{repository}:2"]
        begun = Event()

        def slow_tag(client: Any, image: str, reference: ImageReference) -> None:
            if reference.tag == "2" and not begun.is_set():
                begun.set()
                time.sleep(1)
            real_tag(client, image, reference)

        def build_second() -> BuiltImage:
            begun.wait(60)
            return build(images[1], tags=tags, push=True, verify=False)

        monkeypatch.setattr(naming, "tag", slow_tag)
        images = [small(f"echo {uuid4()}") for _ in range(2)]
        build(images[1], tags=tags[:1], push=True, verify=False)
        with ThreadPoolExecutor(2) as pool:
            second = pool.submit(build_second)
            first = build(images[0], tags=tags, push=True, verify=False)
            last = second.result()

        assert {inspected(name)["Id"] for name in tags} == {last.id}
        assert inspected(first.content_tags[0])["Id"] == first.id
        assert {digest_in_registry(name) for name in tags} == {last.digest}
        forget(tags[0])


class TestInterrupt:
    """Ctrl-C ends the build, and leaves nothing of it."""

    def test_the_running_step_ends_and_no_tag_stays(self, tag: str) -> None:
        interrupted = 0.0

        def interrupt(event: BuildEvent) -> None:
            nonlocal interrupted
            if isinstance(event, StepStarted) and "sleep 300" in event.step:
                interrupted = time.monotonic()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            build(small(f"echo {uuid4()}; sleep 300"), tags=[tag], progress=interrupt)

        assert time.monotonic() - interrupted < 10
        assert docker("image", "inspect", tag).returncode != 0


class TestRegistry:
    """What is pushed can be had from the registry again."""

    @pytest.mark.parametrize("load", [False, True], ids=["pushed alone", "loaded too"])
    def test_push(self, registry: str, load: bool) -> None:
        reference = f"{registry}/pushed:{uuid4().hex[:12]}"

        built = build(small("true"), tags=[reference], load=load, push=True, verify=load)

        answer = docker("buildx", "imagetools", "inspect", reference).stdout
        docker("image", "rm", "--force", reference)
        assert f"Digest:    {built.digest}" in answer

    def test_a_registry_that_refuses(self) -> None:
        error = failed(small("true"), tags=["127.0.0.1:9/refused:1"], push=True)

        assert error.problems[0].code == "push-failed"
        assert "127.0.0.1:9/refused could" in error.problems[0].what


class TestWheelhouse:
    """A plan that takes wheels from a folder needs the folder; a folder that serves nothing is told."""

    IMAGE = Image.from_cpu(python="3.11").add_torch("2.13.0")
    WHEEL = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"

    def test_its_folder_has_to_be_named(self) -> None:
        with pytest.raises(InvalidValueError, match="takes wheels from a wheelhouse, and its folder is not named"):
            build(plan(self.IMAGE, sources=Sources(wheelhouse=(self.WHEEL,))))

    def test_one_that_serves_nothing_is_told(self, tmp_path: Path, tag: str) -> None:
        (tmp_path / "other-1-py3-none-any.whl").touch()
        told: list[BuildEvent] = []

        build(small("true"), tags=[tag], verify=False, wheelhouse=tmp_path, progress=told.append)

        assert Warned(f"no wheel in {str(tmp_path)!r} is used: what is planned is no framework") in told
