"""Where on this machine refreshed facts lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def own_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where a user's own records are: `mlcontainers/facts` in the data folder of the XDG specification."""
    env = os.environ if environment is None else environment
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "mlcontainers" / "facts"
