"""A lock: which images the names of base images stand for, on the day it was made."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any, Self, cast

from msgspec import Struct
from msgspec.structs import replace

from mlcontainers.values.references import ImageReference
from mlcontainers.values.text import invalid

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII).fullmatch


class Lock(Struct, frozen=True):
    """Digests of base images by their references, and the day that files of the image are dated to."""

    date: str
    """As ISO date; files that steps write carry no later time, so that equal builds give equal layers."""
    bases: tuple[tuple[str, str], ...] = ()
    """Reference and `sha256:...`, sorted."""

    @classmethod
    def of(cls, day: str, bases: dict[str, str]) -> Self:
        """Checked: a lock is read from a file that people may edit."""
        try:
            date.fromisoformat(day)
        except (TypeError, ValueError):
            raise invalid("bad-lock", f"{day!r} is no day", "make it again: mlcontainers lock FILE") from None
        for reference, digest in bases.items():
            ImageReference.parse(reference)
            if not isinstance(cast("object", digest), str) or not _DIGEST(digest):
                raise invalid("bad-lock", f"{digest!r} is no digest", "make it again: mlcontainers lock FILE")
        return cls(day, tuple(sorted(bases.items())))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the TOML text that `dump` writes; raises InvalidValueError for any other."""
        import tomllib

        try:
            data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise invalid("bad-lock", f"the lock is no TOML: {error}") from None
        bases = data.get("bases")
        if data.get("schema") != 1 or not isinstance(bases, dict) or set(data) != {"schema", "date", "bases"}:
            what = "the lock has another form than this version reads"
            raise invalid("bad-lock", what, "make it again: mlcontainers lock FILE")
        return cls.of(str(data["date"]), cast("dict[str, str]", bases))

    def dump(self) -> str:
        """As TOML text; `parse` gives an equal lock back."""
        lines = (f'"{reference}" = "{digest}"' for reference, digest in self.bases)
        return "\n".join(("schema = 1", f'date = "{self.date}"', "", "[bases]", *lines, ""))

    def of_base(self, reference: ImageReference) -> ImageReference | None:
        """The reference with its digest; as it is where it has one; None where the lock has none for it."""
        digest = reference.digest or dict(self.bases).get(str(reference))
        return replace(reference, digest=digest) if digest else None

    @property
    def epoch(self) -> int:
        """The day as seconds since 1970, in the sense of SOURCE_DATE_EPOCH."""
        return int(datetime.fromisoformat(self.date).replace(tzinfo=UTC).timestamp())
