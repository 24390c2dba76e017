"""How an image is best run: from the plan or from its labels, as a command and as a compose file."""

from __future__ import annotations

import json
import shlex
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers import Image, InvalidValueError, plan
from mlcontainers.planners.labelling import Description, labels
from mlcontainers.planners.running import RunSettings
from mlcontainers.values.gpus import GpuRequest
from mlcontainers.values.memory import Memory
from mlcontainers.values.published import PublishedPort
from mlcontainers.values.volumes import Volume

FIRST, SECOND = "GPU-3a1b5c7d-0000-1111-2222-333344445555", "MIG-3a1b5c7d-0000-1111-2222-333344445556"
TORCH = Image.from_cuda("12.8", python="3.12").add_torch("2.9").with_serve("python", "-m", "serve", stop_grace="1m")
LOCKED = Image.from_cpu(python="3.12").add_pip(lock="r.lock.txt")
SKLEARN = Image.from_cpu(python="3.12").add_sklearn().with_entrypoint("python").with_ports(8000, "53/udp")


def settings(image: Image = TORCH, **asked: Any) -> RunSettings:
    return RunSettings.of("app:1", Description.of(plan(image)), **asked)


class TestFromThePlan:
    def test_torch_on_cuda_under_an_init_of_its_own(self) -> None:
        assert settings().docker_run() == (
            "docker run \\\n    --rm \\\n    --publish=127.0.0.1:8080:8080 \\\n    --gpus=all \\\n    --shm-size=1g \\\n"
            "    --ulimit=memlock=-1 \\\n    --ulimit=stack=67108864 \\\n    --stop-timeout=60 \\\n    app:1\n"
        )

    def test_scikit_learn_without_an_init(self) -> None:
        assert settings(SKLEARN).arguments(detach=True) == (
            "run", "--detach", "--init", "--publish=127.0.0.1:53:53/udp", "--publish=127.0.0.1:8000:8000", "app:1",
        )  # fmt: skip

    def test_what_the_user_says_wins(self) -> None:
        asked = settings(gpus="none", shm="2g", ports=["0.0.0.0:80:8080"], cpus=1.5, memory="8g", read_only=True)

        assert {"--shm-size=2g", "--publish=0.0.0.0:80:8080", "--cpus=1.5", "--memory=8g", "--read-only"} <= set(
            asked.arguments()
        )
        assert not any(argument.startswith("--gpus") for argument in asked.arguments())

    def test_labels_say_the_same_as_the_plan(self) -> None:
        told = Description.read(labels(plan(TORCH)))

        assert RunSettings.of("app:1", told) == settings()

    def test_an_image_that_says_nothing(self) -> None:
        bare = RunSettings.of("app:1", Description(), exposed=("9000/tcp",))

        assert bare.arguments() == ("run", "--rm", "--init", "--publish=127.0.0.1:9000:9000", "app:1")


class TestWritten:
    ENV = st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
        st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
        max_size=4,
    )

    @given(ENV)
    def test_a_shell_reads_the_arguments_back(self, env: dict[str, str | None]) -> None:
        asked = settings(env=env, gpus=f"{FIRST},{SECOND}")

        assert tuple(shlex.split(asked.docker_run().replace("\\\n", ""))[1:]) == asked.arguments()

    def test_several_gpus_are_one_field(self) -> None:
        assert f'--gpus="device={FIRST},{SECOND}"' in settings(gpus=f"{FIRST},{SECOND}").arguments()
        assert f"--gpus=device={FIRST}" in settings(gpus=FIRST).arguments()

    def test_compose(self) -> None:
        text = settings(env={"NO": "a $B", "TOKEN": None}, volumes=["models:/models:ro", "./data:/data"]).compose("web")

        assert text.startswith('services:\n  web:\n    image: "app:1"\n    ports:\n      - "127.0.0.1:8080:8080"\n')
        assert '    environment:\n      "NO": "a $$B"\n      "TOKEN": null\n' in text
        assert '            - driver: "nvidia"\n              count: "all"\n' in text
        assert text.endswith("volumes:\n  models: null\n")


class TestDoor:
    @pytest.mark.parametrize("text", ["all", "none", "2", FIRST, f"{FIRST},{SECOND}"])
    def test_gpus(self, text: str) -> None:
        assert str(GpuRequest.parse(text)) == text

    @pytest.mark.parametrize("text", ["0,1", "device=0", "0", "-1", "GPU-1", "", "2 "])
    def test_an_index_is_no_gpu(self, text: str) -> None:
        with pytest.raises(InvalidValueError, match="bad-gpus"):
            GpuRequest.parse(text)

    def test_why_an_index_is_none(self) -> None:
        with pytest.raises(InvalidValueError, match="an index may mean another GPU when the host starts anew"):
            GpuRequest.parse("0,1")

    @pytest.mark.parametrize("text", ["127.0.0.1:80:8080", "0.0.0.0:53:53/udp", "[::1]:80:80"])
    def test_published_ports(self, text: str) -> None:
        assert str(PublishedPort.parse(text)) == text

    @pytest.mark.parametrize("text", ["", "80:", "80:80:80", "70000:80", "80-90:80", "a:80"])
    def test_no_published_port(self, text: str) -> None:
        with pytest.raises(InvalidValueError, match="bad-port"):
            PublishedPort.parse(text)

    @pytest.mark.parametrize("text", ["models:/models", "./data:/data:ro", "/srv:/data"])
    def test_volumes(self, text: str) -> None:
        assert str(Volume.parse(text)) == text

    @pytest.mark.parametrize("text", ["data", "~/data:/data", "a/b:/data", "a:/b:ro:x", "a:/b:z"])
    def test_no_volume(self, text: str) -> None:
        with pytest.raises(InvalidValueError, match="bad-volume"):
            Volume.parse(text)

    @pytest.mark.parametrize(("text", "amount"), [("1g", 1 << 30), ("512M", 512 << 20), ("64k", 65_536), ("8b", 8)])
    def test_memory(self, text: str, amount: int) -> None:
        assert Memory.parse(text).bytes == amount

    @pytest.mark.parametrize(
        "asked", [{"shm": "1"}, {"memory": "1.5g"}, {"cpus": 0}, {"cpus": True}, {"env": {"a-b": ""}}]
    )
    def test_refused(self, asked: dict[str, Any]) -> None:
        with pytest.raises(InvalidValueError):
            settings(**asked)


class TestDescription:
    """Labels are written from a plan and read back without it."""

    def test_round_trip(self) -> None:
        told = Description.read(labels(plan(TORCH), fingerprint="f" * 64))

        assert Image.parse(told.image, "json") == TORCH
        assert dict(told.packages) == {"torch": "2.9.1"}
        assert (told.accelerator, told.python, told.base) == ("CUDA 12.8", "3.12", "python:3.12-slim-bookworm")
        assert (told.fingerprint, told.lock) == ("f" * 64, "")
        assert told.facts_date == plan(TORCH).facts_date

    def test_they_are_small_and_the_same_bytes_each_time(self) -> None:
        first, second = labels(plan(TORCH)), labels(plan(TORCH))

        assert list(first.items()) == list(second.items())
        assert sum(map(len, first.values())) < 2_000

    @pytest.mark.parametrize("lines", [1, 1_000])
    def test_the_lock_that_it_was_built_from(self, lines: int) -> None:
        """Of a long one the digest is kept."""
        text = "".join(f"six==1.17.0 --hash=sha256:{number:064x}\n" for number in range(lines))
        told = Description.read(labels(plan(LOCKED, context={"r.lock.txt": text})))

        assert told.package_locks == (text if lines == 1 else f"sha256:{sha256(text.encode()).hexdigest()}")

    @pytest.mark.parametrize("plan", ["", "no JSON", "[]", '{"schema": 2, "image": {}}'])
    def test_an_unreadable_label_is_no_error(self, plan: str) -> None:
        told = Description.read({"io.mlcontainers.plan": plan})

        assert told == Description()
        assert told.explain() == "it says nothing of itself: it was built by something else, or without labels\n"

    def test_as_text_and_data(self) -> None:
        told = Description.of(plan(TORCH))

        assert told.explain().startswith("torch: 2.9.1\naccelerator: CUDA 12.8\nPython: 3.12\n")
        assert json.loads(json.dumps(told.to_json()))["packages"] == {"torch": "2.9.1"}
