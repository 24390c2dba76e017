"""The plan of a description that a command names beside its image."""

from typing import TYPE_CHECKING

from mlcontainers.cli.contexts import files_of
from mlcontainers.cli.facts_used import known

if TYPE_CHECKING:
    from mlcontainers import Plan


def plan_of(file: str, own: str | None, as_of: str | None, folder: str | None = None) -> "Plan":
    """What was planned from a file; its build context is the folder that the file is in, where none is named."""
    from mlcontainers import Image, plan

    image = Image.load(file)
    return plan(image, facts=known(own, as_of), context=files_of(image, file, folder))
