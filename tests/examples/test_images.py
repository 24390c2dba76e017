"""The two applications as images: built, run, asked and stopped on the engine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlcontainers import BuiltImage, Image, build
from mlcontainers.engines.running import running
from tests.engines.containers import a_tag, forget
from tests.examples.service import Answer, Service, wrong_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Application:
    """An example, built."""

    name: str
    features: int
    image: BuiltImage

    @property
    def reference(self) -> str:
        """Its tag."""
        return self.image.tags[0]


@pytest.fixture(
    scope="module", params=[("sklearn-regression", 10), ("pytorch-mlp", 784)], ids=lambda given: str(given[0])
)
def application(request: pytest.FixtureRequest, engine: str) -> Iterator[Application]:
    """Each application, built from its description and gone afterwards; the engine's cache remains."""
    name, features = request.param
    folder = EXAMPLES / name
    wheelhouse = request.getfixturevalue("wheelhouse") if name == "pytorch-mlp" else None
    tag = a_tag()
    image = Image.load(folder / "image.toml")
    built = build(image, context=folder, tags=[tag], host_settings=True, wheelhouse=wheelhouse)
    yield Application(name, features, built)
    forget(tag)


def test_it_answers_and_refuses(application: Application) -> None:
    with running(application.reference) as container:
        container.wait()
        service = Service(f"http://127.0.0.1:{container.port}")

        answer = service.predict([0.1] * application.features)
        refusals = {body: service.post("/predict", body) for body in wrong_bodies(application.features)}

        assert answer.status == 200
        assert isinstance(answer.document["prediction"], float | int)
        assert refusals == {
            body: Answer(400, {"error": told}) for body, told in wrong_bodies(application.features).items()
        }
        assert container.container.exec_run(["id", "-u"]).output == b"1000\n"


def test_it_stops_within_three_seconds_of_sigterm(application: Application) -> None:
    with running(application.reference) as container:
        container.wait()

        seconds, code = container.stop()

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
    with running(application.reference, user="12345:0", read_only=True, cap_drop=["ALL"]) as container:
        container.wait()
        service = Service(f"http://127.0.0.1:{container.port}")

        assert service.predict([0.1] * application.features).status == 200
        assert container.stop()[1] == 0
        assert "Traceback" not in container.log()
        assert "Warning" not in container.log()


def test_the_health_check_of_the_image_is_content(application: Application) -> None:
    with running(application.reference) as container:
        container.wait()
        check = container.container.attrs["Config"]["Healthcheck"]["Test"]

        assert check[0] == "CMD"
        assert container.container.exec_run(check[1:]).exit_code == 0
