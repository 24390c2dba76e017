"""What a rule is: a name, a sentence, and a function that finds where a file breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlcontainers.dockerfile.scopes import Place, View
    from mlcontainers.errors import Severity

Finding: TypeAlias = "tuple[Place, str, tuple[str, ...]]"
"""Where, what, and hints."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One of BuildKit's checks."""

    name: str
    """As BuildKit and `# check=skip=` call it."""
    code: str
    why: str
    find: Callable[[View], Iterator[Finding]]
    severity: Severity = "warning"
    experimental: bool = False
    """Whether it runs only where `# check=experimental=` asks for it; `skip` does not reach it then."""
