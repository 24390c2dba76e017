"""A document as JSON and back: every node with its fields, and the text it was read from.

The shapes follow the fields of the nodes, so they cannot drift apart; `docs/dockerfile.schema.json` publishes them.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from mlcontainers.dockerfile.document import Document
from mlcontainers.dockerfile.forms import ExecForm, ShellForm
from mlcontainers.dockerfile.heredocs import Heredoc
from mlcontainers.dockerfile.instructions import KINDS, Instruction, Unreadable
from mlcontainers.dockerfile.items import Blank, Comment, Directive, Item
from mlcontainers.dockerfile.mounts import Mount
from mlcontainers.dockerfile.parser import read
from mlcontainers.dockerfile.refusals import refuse
from mlcontainers.dockerfile.words import Word
from mlcontainers.errors import InvalidDockerfileError
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = 1
"""The version of the form; it changes when a document of this version could not be read any more."""
_NODES: dict[str, type[Item]] = {
    "blank": Blank, "comment": Comment, "directive": Directive, "unreadable": Unreadable,
    **{keyword.lower(): kind for keyword, kind in KINDS.items()},
}  # fmt: skip
_RECORDS: dict[str, type[Any]] = {"mount": Mount, "heredoc": Heredoc, "shell-form": ShellForm, "exec-form": ExecForm}
_SIMPLE: dict[type[Any], str] = {str: "string", bool: "boolean", int: "integer", NoneType: "null", Word: "string"}
_FieldOf: TypeAlias = tuple[str, "Field[Any]", Any]
_KNOWN_FIELDS: dict[Any, tuple[_FieldOf, ...]] = {}
_BESIDE = ("source", "lines")
"""What a node has beside its fields: the text it was read from, and its first and last line."""


def to_json(items: tuple[Item, ...]) -> dict[str, object]:
    """The whole tree as data for `json.dumps`; fields that have their default are left out."""
    return {"schema": SCHEMA, "items": [_item(item) for item in items]}


def items_of(data: object) -> tuple[Item, ...]:
    """The items of the document that `to_json` told of; refused where its parts and its text do not say the same."""
    content = _object(data, "the document", ("schema", "items"))
    if content.get("schema") != SCHEMA:
        what = f"the document has the form {content.get('schema')!r}, and this version reads {SCHEMA}"
        raise refuse("data-format", what)
    items = tuple(_node(item, f"items[{n}]") for n, item in enumerate(_list(content.get("items"), "items")))
    # The text is the truth: it is read like any other, and must say what the parts say.
    found, problems = read(Document(items).render())
    if problems:
        raise InvalidDockerfileError(*problems)
    for number, (told, meant) in enumerate(zip(items, found, strict=False)):
        if told != meant:
            raise refuse("tree-differs", f"items[{number}] says something else than the text that it makes")
    if len(items) != len(found):
        raise refuse("tree-differs", f"the text has {len(found)} items, and {len(items)} are told")
    return found


def schema() -> dict[str, object]:
    """The JSON Schema of the form."""
    definitions: dict[str, object] = {name: _shape(kind) for name, kind in _RECORDS.items()}
    definitions |= {name: _shape(kind, name) for name, kind in _NODES.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Dockerfile as a tree, as mlcontainers writes and reads it",
        "type": "object",
        "required": ["schema", "items"],
        "additionalProperties": False,
        "properties": {
            "schema": {"const": SCHEMA},
            "items": {"type": "array", "items": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in _NODES]}},
        },
        "$defs": dict(sorted(definitions.items())),
    }


def _item(item: Item) -> dict[str, object]:
    data: dict[str, object] = _encoded(item)
    if isinstance(item, Instruction):
        if item.source:
            data |= {"source": item.source.text, "lines": [item.source.start_line, item.source.end_line]}
    elif item.written is not None:
        data["source"] = item.written
    return data


def _encoded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_encoded(part) for part in cast("tuple[object, ...]", value)]
    if isinstance(value, Word):
        return value.raw
    if value is None or isinstance(value, str | bool | int):
        return value
    kind: Any = value.__class__
    data: dict[str, object] = {
        name: _encoded(getattr(value, name)) for name, field, _ in _fields(kind) if _is_given(value, field)
    }
    name = next((name for name, node in _NODES.items() if node is kind), None)
    return {"kind": name, **data} if name else data


def _is_given(value: object, field: Field[Any]) -> bool:
    return field.default is MISSING or getattr(value, field.name) != field.default


def _fields(kind: Any) -> tuple[_FieldOf, ...]:
    """The fields of a record that carry its meaning, with their types."""
    if kind not in _KNOWN_FIELDS:
        hints = get_type_hints(kind, localns={"Mount": Mount, "Heredoc": Heredoc})
        known = [field for field in fields(kind) if field.compare]
        _KNOWN_FIELDS[kind] = tuple([(field.name, field, hints[field.name]) for field in known])
    return _KNOWN_FIELDS[kind]


def _node(data: object, where: str) -> Item:
    """An item as it is told, not yet believed: `from_json` has it read again."""
    content = _object(data, where)
    name = content.get("kind")
    kind = _NODES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise refuse("unknown-kind", f"{where} is of no kind that there is: {name!r}", *did_you_mean(str(name), _NODES))
    node: Any = _record(kind, {key: value for key, value in content.items() if key not in {"kind", *_BESIDE}}, where)
    text = content.get("source")
    if text is not None and not isinstance(text, str):
        raise refuse("bad-tree", f"{where}.source must be string, got {text!r}")
    if isinstance(node, Instruction):
        object.__setattr__(node, "source", None if text is None else _Text(text))
    else:
        object.__setattr__(node, "written", text)
    return cast("Item", node)


class _Text:
    """Stands in for the source of an instruction until its text is read."""

    open_end = False

    def __init__(self, text: str) -> None:
        self.text = text


def _record(kind: type[Any], data: dict[str, object], where: str) -> object:
    known = {name: (field, hint) for name, field, hint in _fields(kind)}
    for name in data:
        if name not in known:
            raise refuse("unknown-field", f"{where} has no field {name!r}", *did_you_mean(name, known))
    record: object = object.__new__(kind)
    for field in fields(kind):
        if not field.compare:  # What it was read from: nothing yet.
            object.__setattr__(record, field.name, field.default)
    for name, (field, hint) in known.items():
        if name in data:
            value = _decoded(hint, data[name], f"{where}.{name}")
        elif field.default is MISSING:
            raise refuse("bad-tree", f"{where} lacks the field {name!r}")
        else:
            value = field.default
        object.__setattr__(record, name, value)
    return record


def _decoded(hint: Any, data: object, where: str) -> object:
    for choice in _choices(hint):
        if _fits(choice, data):
            return _built(choice, data, where)
    raise refuse("bad-tree", f"{where} must be {_told(hint)}, got {data!r}")


def _built(hint: Any, data: object, where: str) -> object:
    if hint is Word:
        return Word.trusted(cast("str", data))
    if get_origin(hint) is tuple:
        parts = cast("list[object]", data)
        inner = get_args(hint)
        hints = [inner[0]] * len(parts) if inner[-1] is Ellipsis else inner
        if len(hints) != len(parts):
            raise refuse("bad-tree", f"{where} must have {len(hints)} parts, got {len(parts)}")
        pairs = enumerate(zip(hints, parts, strict=True))
        return tuple([_decoded(each, part, f"{where}[{number}]") for number, (each, part) in pairs])
    if hint is Instruction:
        return _node(data, where)
    if isinstance(data, dict):
        return _record(hint, cast("dict[str, object]", data), where)
    return data


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)


def _fits(hint: Any, data: object) -> bool:
    """Whether data may be meant for a type: enough to choose among those of a field."""
    if hint in _SIMPLE:
        wanted = str if hint is Word else hint
        return type(data) is wanted
    if get_origin(hint) is tuple:
        return isinstance(data, list)
    if not isinstance(data, dict):
        return False
    return hint is Instruction or any(name in data for name, field, _ in _fields(hint) if field.default is MISSING)


def _told(hint: Any) -> str:
    names = {tuple: "array", Instruction: "instruction", **{kind: name for name, kind in _RECORDS.items()}, **_SIMPLE}
    return " or ".join(names[get_origin(choice) or choice] for choice in _choices(hint))


def _object(data: object, where: str, known: tuple[str, ...] = ()) -> dict[str, object]:
    if not isinstance(data, dict):
        raise refuse("bad-tree", f"{where} must be an object, got {data!r}")
    content = cast("dict[str, object]", data)
    for name in content if known else ():
        if name not in known:
            raise refuse("unknown-field", f"{where} has no field {name!r}", *did_you_mean(name, known))
    return content


def _list(data: object, where: str) -> list[object]:
    if not isinstance(data, list):
        raise refuse("bad-tree", f"{where} must be an array, got {data!r}")
    return cast("list[object]", data)


def _shape(kind: type[Any], name: str = "") -> dict[str, object]:
    properties: dict[str, object] = {"kind": {"const": name}} if name else {}
    properties |= {field: _type(hint) for field, _, hint in _fields(kind)}
    if name:
        properties["source"] = {
            "type": "string",
            "description": "The lines it was read from; absent where it was made.",
        }
    if name and issubclass(kind, Instruction):
        lines = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
        properties["lines"] = {**lines, "description": "Its first and last line, from 1; not read back."}
    required = [field for field, known, _ in _fields(kind) if known.default is MISSING]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n")[0],
        "required": ["kind", *required] if name else required,
        "additionalProperties": False,
        "properties": properties,
    }


def _type(hint: Any) -> dict[str, object]:
    choices = _choices(hint)
    if len(choices) > 1:
        return {"oneOf": [_type(choice) for choice in choices]}
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        if inner[-1] is Ellipsis:
            return {"type": "array", "items": _type(inner[0])}
        return {"type": "array", "prefixItems": [_type(part) for part in inner], "minItems": 2, "maxItems": 2}
    if hint is Instruction:
        return {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in _instruction_names()]}
    return {"$ref": f"#/$defs/{next(name for name, kind in _RECORDS.items() if kind is hint)}"}


def _instruction_names() -> Iterator[str]:
    return (name for name, kind in _NODES.items() if issubclass(kind, Instruction))
