"""An image is a value: equal descriptions are equal, each door gives the same, nothing is changed in place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mlcontainers import Image, InvalidImageError
from tests.strategies import ADDERS, IMAGES, SETTERS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


class TestDoors:
    """What is written is read back as an equal value."""

    @given(IMAGES)
    def test_toml(self, image: Image) -> None:
        assert Image.parse(image.dump()) == image

    @given(IMAGES)
    def test_json(self, image: Image) -> None:
        assert Image.parse(image.dump("json"), "json") == image

    @given(IMAGES)
    def test_equal_values_have_equal_hashes_and_texts(self, image: Image) -> None:
        again = Image.parse(image.dump())

        assert hash(again) == hash(image)
        assert again.dump() == image.dump()

    def test_from_a_file_of_either_kind(self, tmp_path: Path) -> None:
        image = Image.from_cpu(python="3.12").add_sklearn("1.7").with_ports(8080, "53/udp")
        (tmp_path / "image.toml").write_text(image.dump(), encoding="utf-8")
        (tmp_path / "image.json").write_text(image.dump("json"), encoding="utf-8")

        assert Image.load(tmp_path / "image.toml") == Image.load(str(tmp_path / "image.json")) == image

    def test_the_published_schema_is_the_models(self, pytestconfig: pytest.Config) -> None:
        """`docs/image.schema.json` is for editors; `make goldens` writes it."""
        published = ROOT / "docs" / "image.schema.json"
        text = json.dumps(Image.json_schema(), indent=2) + "\n"
        if pytestconfig.getoption("--write-goldens"):
            published.write_text(text, encoding="utf-8")

        assert published.read_text(encoding="utf-8") == text

    def test_the_schema_refuses_unknown_fields_everywhere(self) -> None:
        schema = Image.json_schema()
        objects = [schema, *schema["$defs"].values()]

        assert all(part["additionalProperties"] is False for part in objects if "properties" in part)


class TestWithSets:
    """`with_` methods set: their order does not matter, and the last one of a kind wins."""

    @given(IMAGES, st.lists(SETTERS, max_size=5, unique=True))
    def test_the_last_one_wins(self, image: Image, setters: list[Callable[[Image], Image]]) -> None:
        once = image
        for setter in setters:
            once = setter(once)
        twice = once
        for setter in setters:
            twice = setter(twice)

        assert twice == once

    def test_they_commute(self) -> None:
        image = Image.from_cpu()
        one = image.with_ports(8080).with_entrypoint("python").with_user(7).with_env(A="1").with_env(B="2")
        other = image.with_env(B="2").with_user("7").with_env(A="1").with_entrypoint("python").with_ports("8080")

        assert one == other

    def test_variables_and_labels_add_up(self) -> None:
        image = (
            Image.from_cpu().with_env(A="1").with_env({"B": "2"}, A="3").with_labels(title="x").with_labels(version="1")
        )

        assert dict(image.env) == {"A": "3", "B": "2"}
        assert dict(image.labels) == {
            "org.opencontainers.image.title": "x",
            "org.opencontainers.image.version": "1",
        }


class TestAddAppends:
    """`add_` methods append, and every method leaves the image it was called on as it was."""

    @given(IMAGES, ADDERS, ADDERS)
    def test_in_their_order(
        self, image: Image, first: Callable[[Image], Image], second: Callable[[Image], Image]
    ) -> None:
        before = image.dump()
        both = second(first(image))

        assert both.layers[: len(image.layers)] == image.layers
        assert len(both.layers) == len(image.layers) + 2
        assert image.dump() == before

    def test_frozen(self) -> None:
        image = Image.from_cpu()

        with pytest.raises(ValidationError):
            image.user = None  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


class TestWrongInput:
    """All problems at once, each with its place, its reason and its remedy."""

    def test_everything_at_once(self) -> None:
        text = """
            schema = 1
            prots = [1]
            layers = [{kind = "torhc"}, {kind = "pip", packages = "numpy"}, {kind = "apt", pakages = ["x"]}]
            [base]
            kind = "cpu"
            python = 3.12
            [env]
            "A B" = "1"
            C = 1
        """
        with pytest.raises(InvalidImageError) as caught:
            Image.parse(text)

        assert str(caught.value) == "\n".join(
            [
                "error[bad-python]: 3.12 is no Python version",
                "  where: base.python",
                '  hint: write "3.12" in quotes',
                "error[unknown-kind]: there is no kind 'torhc'",
                "  where: layers[0]",
                "  hint: did you mean 'torch'?",
                "error[list-expected]: a list is meant, got the text 'numpy'",
                "  where: layers[1].packages",
                '  hint: write ["numpy"]',
                "error[missing-field]: the field 'packages' is missing",
                "  where: layers[2].packages",
                "error[unknown-field]: there is no field 'pakages'",
                "  where: layers[2].pakages",
                "  hint: did you mean 'packages'?",
                "error[bad-env-key]: 'A B' is no name of an environment variable",
                "  where: env.A B",
                "  hint: as in 'HF_HOME'",
                "error[text-expected]: a text is meant, got 1",
                "  where: env.C",
                '  hint: write "1"',
                "error[unknown-field]: there is no field 'prots'",
                "  where: prots",
                "  hint: did you mean 'ports'?",
            ]
        )

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("schema = 2\n[base]\nkind = 'cpu'", "bad-value"),
            ("[base", "bad-toml"),
            ("", "missing-field"),
            ("[base]\nkind = 'cpu'\nversion = '12.8'", "unknown-field"),
            ("[base]\nkind = 'cuda'\nversion = 'cu128'", "bad-cuda"),
            ("[base]\nkind = 'cpu'\n[[layers]]\nkind = 'torch'\nversion = '2.9.1+cpu'", "local-version"),
            ("[base]\nkind = 'cpu'\n[[layers]]\nkind = 'pip'", "nothing-to-install"),
            ("[base]\nkind = 'cpu'\n[[layers]]\nkind = 'pip'\npackages = ['--extra-index-url=x']", "pip-option"),
            (
                "[base]\nkind = 'cpu'\n[[layers]]\nkind = 'pip'\npackages = ['x @ https://example.com/x.whl']",
                "address-requirement",
            ),
            (
                "[base]\nkind = 'cpu'\n[[layers]]\nkind = 'files'\nsource = '../x'\ndestination = '/x'",
                "outside-context",
            ),
            ("[base]\nkind = 'cpu'\n[[layers]]\nkind = 'files'\nsource = 'x'\ndestination = 'x'", "relative-path"),
            ("user = 'app'\n[base]\nkind = 'cpu'", "bad-user"),
            ("ports = ['80:80']\n[base]\nkind = 'cpu'", "bad-port"),
            ("[base]\nkind = 'cpu'\n[env]\nHF_TOKEN = 'x'", "secret-in-env"),
            ("[base]\nkind = 'reference'\nreference = 'a b'", "bad-reference"),
            ("[base]\nkind = 'cpu'\n[healthcheck]\ncommand = ['x']\ninterval = '30'", "bad-duration"),
        ],
    )
    def test_each_has_its_code(self, text: str, code: str) -> None:
        with pytest.raises(InvalidImageError) as caught:
            Image.parse(text)

        assert [problem.code for problem in caught.value.problems] == [code]
