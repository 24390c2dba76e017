"""No text of the user's ever becomes an instruction, or changes one.

Every field of an image and of its parts is found by walking the models, so a new one cannot be forgotten:
`fields/*.toml` set each at least once, and each of their texts is attacked.
"""

from __future__ import annotations

import copy
import json
import tomllib
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest
import tomli_w
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlcontainers import Dockerfile, Image, Lock, MlcontainersError, Plan, Sources, plan
from mlcontainers.dockerfile import Run, ShellForm
from mlcontainers.dockerfile.interchange import parser_of
from mlcontainers.errors import InvalidDockerfileError
from mlcontainers.layers.model import Model
from tests.strategies import HOSTILE, HOSTILE_TEXTS, LINES, PRINTABLE
from tests.values.test_locks import locked, package

go: Any = import_module("dockerfile")
DOCUMENTS = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
    for file in sorted((Path(__file__).parent / "fields").glob("*.toml"))
}
Place: TypeAlias = tuple[str | int, ...]
KEY = "the key"
"""Behind the place of a value: not the value is meant, but its name."""


def places(document: object, place: Place = ()) -> list[Place]:
    """Where a document has texts, numbers and truths, and names that the user chose."""
    match document:
        case dict():
            table = cast("dict[str, object]", document)
            named = [(*place, key, KEY) for key in table if place in {("env",), ("labels",), ("assumptions",)}]
            return [*named, *(found for key, value in table.items() for found in places(value, (*place, key)))]
        case list():
            values = cast("list[object]", document)
            return [found for number, value in enumerate(values) for found in places(value, (*place, number))]
        case _:
            return [place]


def attacked(document: dict[str, Any], place: Place, text: str) -> dict[str, Any]:
    """The same document with this text in that place."""
    changed = copy.deepcopy(document)
    *path, last = place[:-1] if place[-1] == KEY else place
    within: Any = changed
    for step in path:
        within = within[step]
    if place[-1] == KEY:
        within[text] = within.pop(last)
    else:
        within[last] = text
    return changed


def value_at(document: object, place: Place) -> str:
    if place[-1] == KEY:
        return str(place[-2])
    within: Any = document
    for step in place:
        within = within[step]
    return str(within)


PLACES = [(name, place) for name, document in DOCUMENTS.items() for place in places(document)]


@cache
def harmless(name: str) -> Plan:
    return plan(Image.parse(json.dumps(DOCUMENTS[name]), "json"))


def shape(dockerfile: Dockerfile) -> list[tuple[str, ...]]:
    """What a file does, without any text of the user's: instructions, and the names of their flags."""
    return [(node.keyword, *(name for name, _ in node.flags)) for node in dockerfile.instructions]


def assert_nothing_changed(decided: Plan, expected: Plan) -> None:
    """The text is read by three parsers as the instructions that were meant, and they are those of harmless text."""
    text = decided.dockerfile.render()
    read = Dockerfile.parse(text)
    theirs = go.parse_string(text)

    assert shape(read) == shape(expected.dockerfile)
    assert read.instructions == decided.dockerfile.instructions
    assert comments(text) == comments(expected.dockerfile.render())
    keywords = [node.keyword for node in read.instructions]
    assert [command.cmd for command in theirs] == keywords
    structure = [dict(entry) for entry in parser_of(text).structure]
    assert [entry["instruction"] for entry in structure if entry["instruction"] != "COMMENT"] == keywords
    for node, command in zip(read.instructions, theirs, strict=True):
        if isinstance(node, Run) and isinstance(node.command, ShellForm):
            assert command.value == (node.command.command,)


def comments(text: str) -> int:
    return sum(line.startswith("#") for line in text.splitlines())


def assert_told(error: MlcontainersError) -> None:
    """It was refused at the door, with its place, in one line: not when it was about to be written."""
    assert not isinstance(error, InvalidDockerfileError)
    assert error.problems
    for problem in error.problems:
        assert problem.code
        assert problem.what.isprintable()


class TestTheFields:
    """Every field is set in one of the documents."""

    def test_no_field_is_forgotten(self) -> None:
        set_here: set[tuple[str, str]] = set()
        for name in DOCUMENTS:
            set_here |= _set_fields(harmless(name).image)
        known = {(model.__name__, field) for model in _models(Model) for field in model.model_fields}

        assert known - set_here == set(), "set it in tests/layers/fields/*.toml"


def _set_fields(model: Model) -> set[tuple[str, str]]:
    """The fields of a model, and of all that is in it, that have a value other than nothing."""
    found: set[tuple[str, str]] = set()
    for field in type(model).model_fields:
        value: object = getattr(model, field)
        if value is not None and value != ():
            found.add((type(model).__name__, field))
        for inner in cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,):
            if isinstance(inner, Model):
                found |= _set_fields(inner)
    return found


def _models(model: type[Model]) -> list[type[Model]]:
    """The models that users make: those that no other is made from, in the library itself."""
    inner = [kind for kind in model.__subclasses__() if kind.__module__.startswith("mlcontainers.")]
    return [found for kind in inner for found in _models(kind)] or [model]


@pytest.mark.parametrize(
    ("name", "place"), PLACES, ids=[f"{name}-{'.'.join(map(str, place))}" for name, place in PLACES]
)
class TestNoInjection:
    """A field is refused, or the file has the same instructions as with harmless text in it."""

    def attack(self, name: str, place: Place, text: str) -> None:
        document = attacked(DOCUMENTS[name], place, text)
        try:
            decided = plan(Image.parse(json.dumps(document), "json"))
        except MlcontainersError as error:
            assert_told(error)
            return
        assert_nothing_changed(decided, harmless(name))

    def test_known_attacks(self, name: str, place: Place) -> None:
        before = value_at(DOCUMENTS[name], place)
        for text in HOSTILE_TEXTS:
            self.attack(name, place, text)
            self.attack(name, place, before + text)

    @settings(max_examples=15)
    @given(before=LINES, attack=HOSTILE, after=PRINTABLE)
    @example(before="x" * 200_000, attack="", after="")
    def test_generated_attacks(self, name: str, place: Place, before: str, attack: str, after: str) -> None:
        self.attack(name, place, before + attack + after)
        self.attack(name, place, value_at(DOCUMENTS[name], place) + attack + after)

    def test_a_line_break_is_refused(self, name: str, place: Place) -> None:
        for separator in ("\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00"):
            text = f"{value_at(DOCUMENTS[name], place)}{separator}RUN evil"
            with pytest.raises(MlcontainersError) as caught:
                Image.parse(json.dumps(attacked(DOCUMENTS[name], place, text)), "json")

            assert_told(caught.value)


class TestSources:
    """Addresses of mirrors and names of wheels, which come from a machine's settings."""

    IMAGE = Image.from_cpu(python="3.12").add_torch("2.9")

    @given(HOSTILE, PRINTABLE)
    def test_mirrors(self, attack: str, after: str) -> None:
        with suppress(MlcontainersError):
            sources = Sources(mirrors=(("pytorch", f"https://wheels.example.com/{attack}{after}"),))
            assert_nothing_changed(plan(self.IMAGE, sources=sources), plan(self.IMAGE))

    @given(HOSTILE, PRINTABLE)
    def test_wheels(self, attack: str, after: str) -> None:
        with suppress(MlcontainersError):
            sources = Sources(wheelhouse=(f"{attack}{after}", f"torch-2.9.0{attack}-cp312-cp312-linux_x86_64.whl"))
            assert_nothing_changed(plan(self.IMAGE, sources=sources), plan(self.IMAGE))


class TestLocks:
    """Every text of a lock, which is a file that people edit and merge."""

    IMAGE = Image.from_cpu(python="3.12").add_torch("2.9").add_pip("httpx>=0.27")

    def held(self) -> dict[str, Any]:
        index = "https://download.pytorch.org/whl/cpu"
        torch = package("torch", "2.9.1+cpu", index=index)
        lock = locked(([f"torch==2.9.1+cpu from {index}"], [torch]), (["httpx>=0.27"], [package("httpx", "0.28.1")]))
        return tomllib.loads(lock.dump())

    def attack(self, place: Place, text: str) -> None:
        with suppress(MlcontainersError):
            lock = Lock.parse(tomli_w.dumps(attacked(self.held(), place, text)))
            harmless = plan(self.IMAGE, lock=Lock.parse(tomli_w.dumps(self.held())))
            assert_nothing_changed(plan(self.IMAGE, lock=lock), harmless)

    def everywhere(self) -> list[Place]:
        held = self.held()
        keys: list[Place] = [("bases", name, KEY) for name in held["bases"]]
        keys += [(*place, KEY) for place in places(held) if "files" in place]
        return [place for place in places(held) if place != ("schema",)] + keys

    def test_known_attacks(self) -> None:
        for place in self.everywhere():
            for text in HOSTILE_TEXTS:
                self.attack(place, text)
                self.attack(place, value_at(self.held(), place) + text)

    @settings(max_examples=50)
    @given(st.data(), HOSTILE, PRINTABLE)
    def test_generated_attacks(self, data: st.DataObject, attack: str, after: str) -> None:
        place = data.draw(st.sampled_from(self.everywhere()))
        self.attack(place, attack + after)
        self.attack(place, value_at(self.held(), place) + attack + after)
