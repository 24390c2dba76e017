"""The applications as images: built, which trains them, run, asked and stopped on the engine."""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlcontainers import Image, build
from mlcontainers.engines.running import running
from tests.examples.service import Answer, Service, wrong_bodies, wrong_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EXAMPLES = Path(__file__).parents[2] / "examples"
# The first of the digits of scikit-learn.
ZERO = (
    *(0, 0, 5, 13, 9, 1, 0, 0), *(0, 0, 13, 15, 10, 15, 5, 0), *(0, 3, 15, 2, 0, 11, 8, 0), *(0, 4, 12, 0, 0, 8, 8, 0),
    *(0, 5, 8, 0, 0, 9, 8, 0), *(0, 4, 11, 0, 1, 12, 7, 0), *(0, 2, 14, 5, 10, 12, 0, 0), *(0, 0, 6, 13, 10, 0, 0, 0),
)  # fmt: skip
LIKES_COMEDIES = (*(5, 4, 5, 5, 4, 5, 0, 0, 0, 0), *(1, 2, 1, 1, 2, 0, 0, 0, 0, 0), *(2, 1, 1, 2, 1, 0, 0, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class Case:
    """One description, a question to its service, and what holds for the prediction."""

    description: str
    question: object
    fits: Callable[[Any], bool]
    wrong: Mapping[bytes, str]
    """Bodies that are refused, and what is said of each."""


def _numbers(description: str, features: tuple[float, ...], fits: Callable[[Any], bool]) -> Case:
    return Case(description, {"features": features}, fits, wrong_bodies(len(features)))


def _keras(backend: str) -> Case:
    return _numbers(f"keras-classifier/image-{backend}.toml", ZERO, lambda digit: digit == 0)


PATIENT = (0.04, 0.05, 0.06, 0.02, -0.04, -0.03, -0.04, 0, 0.02, -0.02)
# Equal framework layers one after the other.
CASES = (
    _numbers("sklearn-regression/image.toml", PATIENT, lambda progression: 207 < progression < 210),
    # 220,200 by the formula that the flats are made from.
    _numbers("price-prediction/image.toml", (70, 3, 2, 30, 4), lambda price: 210_000 < price < 230_000),
    # 14.57 by the function itself.
    _numbers("jax-regression/image.toml", (0.5,) * 5, lambda value: 13.5 < value < 15.5),
    _keras("jax"),
    _numbers("image-classification/image.toml", ZERO, lambda digit: digit == 0),
    _keras("tensorflow"),
    _numbers("pytorch-mlp/image.toml", (0.5,) * 784, lambda picture: picture in range(10)),
    _numbers("recommendation/image.toml", LIKES_COMEDIES, lambda films: {*films} < {6, 7, 8, 9}),
    Case(
        "text-classification/image.toml",
        {"text": "The coffee was not bad"},
        lambda label: label == "positive",
        wrong_texts(280),
    ),
    _keras("torch"),
)


@dataclass(frozen=True, slots=True)
class Application:
    """An example, built."""

    case: Case
    reference: str

    def ask(self, port: int) -> Answer:
        """What its service answers to the question of the case."""
        return Service(f"http://127.0.0.1:{port}").post("/predict", json.dumps(self.case.question).encode())


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.description.removesuffix("/image.toml"))
def application(request: pytest.FixtureRequest, engine: str) -> Iterator[Application]:
    """Each application, built from its description and gone afterwards; the engine's cache remains."""
    case: Case = request.param
    description = EXAMPLES / case.description
    image = Image.load(description)
    torch = any(layer.kind == "torch" for layer in image.layers)
    tag = f"mlcontainers-test-example:{uuid.uuid4().hex[:8]}"
    wheelhouse = request.getfixturevalue("wheelhouse") if torch else None
    built = build(image, context=description.parent, tags=[tag], host_settings=True, wheelhouse=wheelhouse)
    yield Application(case, tag)
    subprocess.run(("docker", "image", "rm", "--force", *built.references), capture_output=True, check=False)


def test_it_answers_and_refuses_and_stops(application: Application) -> None:
    case = application.case
    with running(application.reference) as container:
        container.wait()
        service = Service(f"http://127.0.0.1:{container.port}")

        answer = application.ask(container.port)
        refusals = {body: service.post("/predict", body) for body in case.wrong}
        check = container.container.attrs["Config"]["Healthcheck"]["Test"]
        healthy = container.container.exec_run(check[1:]).exit_code
        user = container.container.exec_run(["id", "-u"]).output
        seconds, code = container.stop()

        assert answer.status == 200
        assert case.fits(answer.document["prediction"]), answer
        assert refusals == {body: Answer(400, {"error": told}) for body, told in case.wrong.items()}
        assert (check[0], healthy, user) == ("CMD", 0, b"1000\n")
        assert code == 0
        assert seconds < 3


def test_it_stops_within_three_seconds_while_it_loads_the_model(application: Application) -> None:
    with running(application.reference) as container:
        while "loading the model" not in container.log():
            time.sleep(0.02)

        seconds, code = container.stop()

        assert code == 0
        assert seconds < 3


def test_it_runs_as_any_user_on_a_read_only_file_system(application: Application) -> None:
    with running(
        application.reference, user="12345:0", read_only=True, tmpfs={"/tmp": ""}, cap_drop=["ALL"]
    ) as container:
        container.wait()

        assert application.ask(container.port).status == 200
        assert container.stop()[1] == 0
        assert "Traceback" not in container.log()
        assert "Warning" not in container.log()
