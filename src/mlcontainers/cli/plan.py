"""`mlcontainers plan FILE`"""

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, ImageFile
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known


@answers
def plan(file: ImageFile, own: OwnFacts = None, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """Say what was decided about an image, and why."""
    from mlcontainers import Image
    from mlcontainers import plan as planned

    decided = planned(Image.load(file), facts=known(own, as_of))
    if as_json:
        print_json(decided.to_json())
    else:
        show(decided.explain())
    return FINE
