"""What a user writes into a field is what the engine and the container hold, to the byte: hundreds of odd values."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any, cast

import pytest

from mlcontainers import BuiltImage, Dockerfile, Image, InvalidValueError, build, plan
from mlcontainers.dockerfile import Label
from mlcontainers.values.paths import ContextPath
from mlcontainers.values.text import line
from tests.engines.containers import docker, output, temporary_tag
from tests.strategies import HOSTILE_TEXTS

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = "'\"\\$`!#&|;<>(){}[]*?~%=:,@^-+_./ \u00a0éßΩ中ア😀aZ09"
PROGRAM = "import json, os, sys; print(json.dumps([[os.fsencode(a).hex() for a in sys.argv[1:]], {os.fsdecode(k): v.hex() for k, v in os.environb.items()}]))"


def odd_texts(count: int, seed: int) -> list[str]:
    """What has broken generators before, and random texts of all that some quoting language has a meaning for."""
    chance = random.Random(seed)
    known = [text for text in HOSTILE_TEXTS if _passes(text)]
    return known + ["".join(chance.choices(SIGNS, k=chance.randint(1, 25))) for _ in range(count - len(known))]


def _passes(text: str) -> bool:
    try:
        line(text)
    except InvalidValueError:
        return False
    return True


def odd_names(texts: list[str]) -> list[str]:
    """Those that can be names of files, and that a path may hold."""
    names: list[str] = []
    for text in dict.fromkeys(text.replace("/", "-") for text in texts):
        try:
            name = str(ContextPath.parse(text))
        except InvalidValueError:
            continue
        if name == text and name != ".":
            names.append(name)
    return names


class Odd:
    """An image full of odd values, and what they were."""

    def __init__(self, seed: int) -> None:
        texts = odd_texts(260, seed)
        self.seed = seed
        self.env = {f"ODD_{number}": text for number, text in enumerate(texts)}
        self.labels = {f"odd.n{number}": text for number, text in enumerate(texts)}
        self.arguments = texts[:130]
        self.defaults = texts[130:]
        self.check = texts[::4]
        self.names = odd_names(texts)[:24]
        image = Image.from_cpu(python="3.11").with_env(self.env).with_labels(self.labels)
        for number, name in enumerate(self.names):
            image = image.add_files(name, f"/srv/{number}/{name}")
        image = image.with_entrypoint("python", "-c", PROGRAM, *self.arguments).with_cmd(*self.defaults)
        self.image = image.with_healthcheck("check", *self.check, interval="1h").with_workdir("/srv/é!#(x)&;")

    def write_files(self, folder: Path) -> None:
        for number, name in enumerate(self.names):
            (folder / name).write_text(str(number), encoding="utf-8")


class TestResolved:
    """Our own reader gives the values back from the text."""

    def test_variables_and_labels(self) -> None:
        odd = Odd(seed=random.randrange(2**32))

        read = Dockerfile.parse(plan(odd.image).dockerfile.render())
        resolution = read.resolve()
        labels = {
            name: resolution.expand(word.raw, node)
            for node in read.instructions
            if isinstance(node, Label)
            for name, word in node.pairs
        }

        assert odd.env.items() <= resolution.stages[-1].environment.items(), odd.seed
        assert odd.labels.items() <= labels.items(), odd.seed


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
class TestBuilt:
    """The engine and the container have them as they were given."""

    def test_hundreds_of_values_in_one_image(self, tmp_path: Path) -> None:
        odd = Odd(seed=random.randrange(2**32))
        odd.write_files(tmp_path)
        with temporary_tag() as tag:
            self.assert_arrived(build(odd.image, context=tmp_path, tags=[tag], verify=False), odd)

    def assert_arrived(self, built: BuiltImage, odd: Odd) -> None:
        inspected = json.loads(docker("image", "inspect", built.tags[0]).stdout)
        config = cast("dict[str, Any]", inspected[0]["Config"])
        variables = dict(entry.split("=", 1) for entry in config["Env"])

        assert odd.env.items() <= variables.items(), odd.seed
        assert odd.labels.items() <= config["Labels"].items(), odd.seed
        assert config["Entrypoint"] == ["python", "-c", PROGRAM, *odd.arguments], odd.seed
        assert config["Cmd"] == odd.defaults, odd.seed
        assert config["Healthcheck"]["Test"] == ["CMD", "check", *odd.check], odd.seed
        assert config["WorkingDir"] == "/srv/é!#(x)&;"
        arguments, environment = json.loads(output(built.tags[0]))
        assert [bytes.fromhex(word).decode() for word in arguments] == odd.arguments + odd.defaults, odd.seed
        held = {name: bytes.fromhex(value).decode() for name, value in environment.items()}
        assert odd.env.items() <= held.items(), odd.seed
        listing = "import json, pathlib; print(json.dumps({str(p): p.read_text() for p in pathlib.Path('/srv').rglob('*') if p.is_file()}))"
        files = json.loads(output(built.tags[0], "-c", listing, options=["--entrypoint=python"]))
        assert files == {f"/srv/{number}/{name}/{name}": str(number) for number, name in enumerate(odd.names)}, odd.seed
