"""What all small text values share: read from text, written back as the same text, at home in pydantic."""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from msgspec import Struct

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


V = TypeVar("V", bound="TextValue")


class TextValue(Struct, frozen=True):
    """A value with `parse` and `str` as inverses.

    A pydantic field of such a type takes the value or its text and is written as text.
    pydantic itself is only imported when a model asks.
    """

    examples: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """Read a value from its text; raises InvalidValueError."""

    @classmethod
    def of(cls, value: Self | str) -> Self:
        """The value itself, or the value that this text stands for."""
        if isinstance(value, cls):
            return value
        return _parsed(cls, value) if type(value) is str else cls.parse(cast("str", value))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema()),
            python_schema=core_schema.no_info_plain_validator_function(cls.of),
            serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="always"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        from inspect import getdoc

        described = {"type": "string", "description": (getdoc(cls) or "").partition("\n")[0]}
        return {**described, "examples": list(cls.examples)} if cls.examples else described


@lru_cache(maxsize=4096)
def _parsed(kind: type[V], text: str) -> V:
    """The same few texts are read again and again: `linux/amd64`, `3.12`."""
    return kind.parse(text)
