"""Who a container runs as."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from mlcontainers.values.text import invalid
from mlcontainers.values.text_value import TextValue

_USER = re.compile(r"(0|[1-9][0-9]{0,9})(?::(0|[1-9][0-9]{0,9}))?", re.ASCII).fullmatch
_HIGHEST = 2**32 - 2


class User(TextValue, frozen=True):
    """A user by number, with or without a group: `1000`, `1000:1000`."""

    uid: int
    gid: int | None = None

    examples: ClassVar[tuple[str, ...]] = ("1000:1000",)

    @classmethod
    def parse(cls, text: str | int) -> Self:
        """Read `1000` or `1000:1000`. Names are refused: a cluster can only see numbers."""
        match = _USER(str(text)) if not isinstance(text, bool) else None
        if match is None or max(int(match[1]), int(match[2] or 0)) > _HIGHEST:
            hint = '"0" is root' if text == "root" else "as in '1000' or '1000:1000'"
            because = ("a name has to exist in the base image, and Kubernetes' runAsNonRoot only trusts numbers",)
            raise invalid("bad-user", f"{text!r} is no numeric user", hint, because=because)
        return cls(int(match[1]), int(match[2]) if match[2] else None)

    def __str__(self) -> str:
        return str(self.uid) if self.gid is None else f"{self.uid}:{self.gid}"
