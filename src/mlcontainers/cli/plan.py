"""`mlcontainers plan FILE`"""

from pathlib import Path

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, ContextFolder, ImageFile
from mlcontainers.cli.contexts import files_of
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.locks import Locked, lock_of


@answers
def plan(
    file: ImageFile,
    context: ContextFolder = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    locked: Locked = False,
    as_json: AsJson = False,
) -> int:
    """Say what was decided about an image, and why."""
    from mlcontainers import Image
    from mlcontainers import plan as planned
    from mlcontainers.engines.ignoring import weight

    image = Image.load(file)
    decided = planned(
        image, facts=known(own, as_of), context=files_of(image, file, context), lock=lock_of(file, locked)
    )
    if as_json:
        print_json(decided.to_json())
    else:
        show(decided.explain())
        if context is not None:
            show(f"context: {weight(decided.dockerfile, Path(context))}\n")
    return FINE
