"""The JSON schema of a model, with the sentence under each field as its description."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING, Any

from mlcontainers.layers.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator


def documented_schema(model: type[Model]) -> dict[str, Any]:
    """What pydantic says of a model, and what its source says of the fields.

    pydantic could read the source itself, at every import of the model; here it costs only those who ask.
    """
    schema = model.model_json_schema(by_alias=True)
    models = {kind.__name__: kind for kind in (model, *_below(Model))}
    for name, part in (*schema["$defs"].items(), (model.__name__, schema)):
        properties: dict[str, dict[str, Any]] = part.get("properties", {})
        if name in models:
            for field, text in _sentences(models[name]).items():
                if field in properties:
                    properties[field]["description"] = text
        if "kind" in properties:
            # Its default is for Python; in a file it says which kind of thing this is.
            part["required"] = ["kind", *part.get("required", ())]
    return schema


def _below(model: type[Model]) -> Iterator[type[Model]]:
    for kind in model.__subclasses__():
        yield kind
        yield from _below(kind)


def _sentences(model: type[Model]) -> dict[str, str]:
    """The text under each annotated field, of the model and of those it is made from."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not (issubclass(kind, Model) and kind is not Model):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        assert isinstance(tree, ast.ClassDef)
        for field, below in zip(tree.body, tree.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name.rstrip("_")] = inspect.cleandoc(text)
                case _:
                    pass
    return found
