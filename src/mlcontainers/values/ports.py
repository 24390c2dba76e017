"""Ports that a service listens on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, cast

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp|sctp))?", re.ASCII).fullmatch
Protocol = Literal["tcp", "udp", "sctp"]


class Port(TextValue, frozen=True, order=True):
    """A port from 1 to 65535, TCP unless it says otherwise: `8080`, `53/udp`."""

    number: int
    protocol: Protocol = "tcp"

    examples: ClassVar[tuple[str, ...]] = ("8080", "53/udp")

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read `8080` or `53/udp`."""
        match = _PORT(str(text)) if not isinstance(text, bool) else None
        if match is None or not 1 <= int(match[1]) <= 65535:
            hint = (
                "publish a host port when you run the image: docker run -p HOST:CONTAINER"
                if ":" in str(text)
                else "as in 8080 or '53/udp'"
            )
            raise invalid("bad-port", f"{text!r} is no port", hint)
        return cls(int(match[1]), cast("Protocol", match[2] or "tcp"))

    @property
    def plain(self) -> int | str:
        """As people write it in a list: a number where it says all."""
        return self.number if self.protocol == "tcp" else str(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        def read(given: object) -> Port:
            return given if isinstance(given, Port) else cls.parse(cast("str | int", given))

        plain = core_schema.plain_serializer_function_ser_schema(lambda port: port.plain, when_used="always")
        return core_schema.no_info_plain_validator_function(read, serialization=plain)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number = {"type": "integer", "minimum": 1, "maximum": 65535}
        text = {"type": "string", "pattern": "^[0-9]{1,5}(/(tcp|udp|sctp))?$"}
        return {
            "anyOf": [number, text],
            "description": "A port from 1 to 65535, TCP unless it says otherwise.",
        }

    def __str__(self) -> str:
        return str(self.number) if self.protocol == "tcp" else f"{self.number}/{self.protocol}"
