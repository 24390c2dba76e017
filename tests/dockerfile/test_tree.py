"""A document as JSON: nothing is lost on the way there and back, and nothing gets in on the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from mlcontainers.dockerfile import Dockerfile, Env, From, Run, User
from mlcontainers.dockerfile.instructions import KINDS
from mlcontainers.dockerfile.tree import schema
from mlcontainers.errors import InvalidDockerfileError
from tests.dockerfile.strategies import HOSTILE, LINES, documents
from tests.dockerfile.test_cases import CASES
from tests.dockerfile.test_parse import mutated, parsed

PUBLISHED = Path(__file__).parent.parent.parent / "docs" / "dockerfile.schema.json"
VALIDATOR: Any = Draft202012Validator(schema())


def there_and_back(document: Dockerfile) -> Dockerfile:
    data = json.loads(json.dumps(document.to_json()))
    VALIDATOR.validate(data)
    return Dockerfile.from_json(data)


@settings(max_examples=100, deadline=None)
@given(mutated())
def test_what_was_read_comes_back_with_every_byte(text: str) -> None:
    document = parsed(text)
    if document is not None:
        again = there_and_back(document)
        assert again == document
        assert again.render() == text


@settings(max_examples=40, deadline=None)
@given(documents(LINES | HOSTILE))
def test_what_was_made_comes_back(document: Dockerfile) -> None:
    assert there_and_back(document) == document


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_cases_come_back(path: Path) -> None:
    document = parsed(path.read_bytes())
    if document is not None:
        assert there_and_back(document).encode() == path.read_bytes()


def test_the_form() -> None:
    document = Dockerfile.parse("FROM x AS a\nENV A='b c'\n").append(User("1000"))

    assert document.to_json() == {
        "schema": 1,
        "items": [
            {"kind": "from", "image": "x", "name": "a", "source": "FROM x AS a\n", "lines": [1, 1]},
            {"kind": "env", "pairs": [["A", "'b c'"]], "source": "ENV A='b c'\n", "lines": [2, 2]},
            {"kind": "user", "user": "1000"},
        ],
    }


def test_the_published_schema(pytestconfig: pytest.Config) -> None:
    text = json.dumps(schema(), indent=2) + "\n"
    if pytestconfig.getoption("write_goldens"):
        PUBLISHED.write_text(text)

    assert PUBLISHED.read_text() == text
    Draft202012Validator.check_schema(schema())
    definitions: Any = schema()["$defs"]
    assert {keyword.lower() for keyword in KINDS} <= set(definitions)


def _from(**fields: Any) -> dict[str, Any]:
    return {"schema": 1, "items": [{"kind": "from", "image": "x"}, fields]}


@pytest.mark.parametrize(
    ("data", "code", "what"),
    (
        ([], "bad-tree", "the document must be an object"),
        ({"schema": 2, "items": []}, "data-format", "the form 2"),
        ({"schema": 1, "items": [], "x": 1}, "unknown-field", "no field 'x'"),
        ({"schema": 1, "items": {}}, "bad-tree", "items must be an array"),
        ({"schema": 1, "items": []}, "empty-file", "no instruction"),
        (_from(kind="usr", user="a"), "unknown-kind", "did you mean 'user'?"),
        (_from(kind="user"), "bad-tree", r"items\[1\] lacks the field 'user'"),
        (_from(kind="user", user=1), "bad-tree", r"items\[1\].user must be string, got 1"),
        (_from(kind="user", user="a", group="b"), "unknown-field", r"items\[1\] has no field 'group'"),
        (_from(kind="user", user="a", source=1), "bad-tree", "source must be string"),
        (_from(kind="user", user="a", source="USER b\n"), "tree-differs", r"items\[1\] says something else"),
        (_from(kind="user", user="a\nRUN evil"), "tree-differs", r"items\[1\] says something else"),
        (_from(kind="user", user="a", source="USER a\nRUN evil\n"), "tree-differs", "the text has 3 items"),
        (_from(kind="comment", text="a\nRUN evil"), "tree-differs", r"items\[1\] says something else"),
        (_from(kind="env", pairs=[["A"]]), "bad-tree", "must have 2 parts, got 1"),
        (_from(kind="env", pairs=[["A", "b\nRUN evil"]]), "tree-differs", r"items\[1\] says something else"),
        (_from(kind="run", command={"pieces": ["a", "\nRUN evil"]}), "tree-differs", r"items\[1\] says"),
        (_from(kind="run", command={"lines": []}), "bad-tree", "must be shell-form or exec-form"),
    ),
)  # fmt: skip
def test_what_is_no_tree_is_refused(data: object, code: str, what: str) -> None:
    with pytest.raises(InvalidDockerfileError, match=what) as caught:
        Dockerfile.from_json(data)

    assert caught.value.problems[0].code == code


def test_a_tree_without_texts_is_a_document_that_was_made() -> None:
    document = Dockerfile.of(From("x"), Run.script("a\nb"), Env({"A": "$"}))
    data: Any = document.to_json()

    assert all("source" not in item for item in data["items"])
    assert Dockerfile.from_json(data).render() == document.render()
