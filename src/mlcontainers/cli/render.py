"""`mlcontainers render FILE`"""

import sys

from mlcontainers.cli.answering import FINE, answers, print_json, problems_json
from mlcontainers.cli.arguments import AsJson, ImageFile
from mlcontainers.cli.drawing import complain
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known


@answers
def render(file: ImageFile, own: OwnFacts = None, as_of: AsOf = None, as_json: AsJson = False) -> int:
    """Print the Dockerfile of an image.

    Warnings go to standard error.
    """
    from mlcontainers import Image
    from mlcontainers import plan as planned

    decided = planned(Image.load(file), facts=known(own, as_of))
    text = decided.dockerfile.render()
    if as_json:
        print_json({"dockerfile": text, "problems": problems_json(decided.problems)})
        return FINE
    warnings = [problem for problem in decided.problems if problem.severity != "info"]
    if warnings:
        complain(warnings)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    return FINE
