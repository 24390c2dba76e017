"""The plan of a description that a command names beside its image."""

from typing import TYPE_CHECKING

from mlcontainers.cli.contexts import files_of
from mlcontainers.cli.facts_used import known

if TYPE_CHECKING:
    from mlcontainers import Plan


def plan_of(file: str | None, own: str | None, as_of: str | None) -> "Plan | None":
    """What was planned from a file, with the folder of the file for its build context; None without one."""
    from mlcontainers import Image, plan

    if file is None:
        return None
    image = Image.load(file)
    return plan(image, facts=known(own, as_of), context=files_of(image, file, None))
