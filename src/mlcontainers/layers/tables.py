"""Names with values, as a field of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

from msgspec import Struct

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.layers.model import at
from mlcontainers.values.names import env_key
from mlcontainers.values.text import invalid, line

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class Table(Struct, frozen=True):
    """Annotates `Pairs`: read from a mapping, sorted by name, written as a table.

    The order of names means nothing, so equal tables are equal values.
    """

    check_key: Callable[[str], str]
    check_value: Callable[[str], str]

    def read(self, given: object) -> Pairs:
        """The checked pairs; all that is wrong with any of them is told at once."""
        if not isinstance(given, Mapping | tuple):
            raise invalid("table-expected", f"names and values are meant, got {given!r}")
        problems: list[Problem] = []
        checked: list[tuple[str, str]] = []
        for key, value in dict(cast("Mapping[str, str]", given)).items():
            try:
                checked.append((self.check_key(key), self.check_value(value)))
            except InvalidValueError as error:
                problems += [at(str(key), problem) for problem in error.problems]
        if problems:
            raise InvalidValueError(*problems)
        return tuple(sorted(checked))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        as_table = core_schema.plain_serializer_function_ser_schema(dict, when_used="always")
        return core_schema.no_info_plain_validator_function(self.read, serialization=as_table)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "object", "additionalProperties": {"type": "string"}}


def _value(text: object) -> str:
    if isinstance(text, bool | int | float):
        raise invalid("text-expected", f"a text is meant, got {text!r}", f'write "{str(text).lower()}"')
    return line(text, "value")


Environment: TypeAlias = Annotated[Pairs, Table(env_key, _value)]
"""Environment variables by name."""
