"""`mlcontainers plan FILE`"""

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, ImageFile
from mlcontainers.cli.drawing import show


@answers
def plan(file: ImageFile, as_json: AsJson = False) -> int:
    """Say what was decided about an image, and why."""
    from mlcontainers import Image
    from mlcontainers import plan as planned

    decided = planned(Image.load(file))
    if as_json:
        print_json(decided.to_json())
    else:
        show(decided.explain())
    return FINE
