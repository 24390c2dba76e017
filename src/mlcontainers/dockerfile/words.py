"""Values of `ENV`, `LABEL` and `ARG` as they stand in the file: with quotes, escapes and variables."""

from __future__ import annotations

from dataclasses import dataclass

from mlcontainers.dockerfile.refusals import one_line
from mlcontainers.values.quoting import dockerfile_value


@dataclass(frozen=True, slots=True)
class Word:
    """One value as written. `Word.literal` means its text, `Word.template` lets variables be expanded."""

    raw: str

    @classmethod
    def literal(cls, text: str) -> Word:
        """Exactly this text: quoted, with every variable switched off."""
        return cls(dockerfile_value(one_line(text, "value")))

    @classmethod
    def template(cls, text: str) -> Word:
        """This text with `$NAME` and `${NAME}` expanded by the builder."""
        escaped = one_line(text, "value").replace("\\", "\\\\").replace('"', '\\"')
        return cls(f'"{escaped}"')

    @classmethod
    def of(cls, value: Word | str) -> Word:
        """A word, or literally this text."""
        return value if isinstance(value, Word) else cls.literal(value)

    def __str__(self) -> str:
        return self.raw
