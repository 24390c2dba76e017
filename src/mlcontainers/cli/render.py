"""`mlcontainers render FILE`"""

import sys
from pathlib import Path

from mlcontainers.cli.answering import FINE, answers, print_json, problems_json
from mlcontainers.cli.arguments import AsJson, ContextFolder, DockerIgnore, ImageFile
from mlcontainers.cli.contexts import files_of
from mlcontainers.cli.drawing import complain
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.locks import Locked, lock_of


@answers
def render(
    file: ImageFile,
    context: ContextFolder = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    locked: Locked = False,
    dockerignore: DockerIgnore = False,
    as_json: AsJson = False,
) -> int:
    """Print the Dockerfile of an image.

    Warnings go to standard error.
    """
    from mlcontainers import Image
    from mlcontainers import plan as planned
    from mlcontainers.engines.ignoring import ignore_file

    image = Image.load(file)
    decided = planned(
        image, facts=known(own, as_of), context=files_of(image, file, context), lock=lock_of(file, locked)
    )
    text = decided.dockerfile.render()
    if dockerignore:
        text = ignore_file(decided.dockerfile, Path(file).parent if context is None else Path(context))
    if as_json:
        print_json(
            {"dockerignore" if dockerignore else "dockerfile": text, "problems": problems_json(decided.problems)}
        )
        return FINE
    warnings = [problem for problem in decided.problems if problem.severity != "info"]
    if warnings:
        complain(warnings)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    return FINE
