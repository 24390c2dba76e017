"""`mlcontainers sbom FILE`"""

from typing import Annotated

import typer

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, ContextFolder, ImageFile
from mlcontainers.cli.facts_used import AsOf, OwnFacts
from mlcontainers.cli.planned import plan_of


@answers
def sbom(
    file: ImageFile,
    context: ContextFolder = None,
    image: Annotated[
        str | None, typer.Option("--image", metavar="REF", help="The image that was built: what is installed in it.")
    ] = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Print a bill of materials, CycloneDX 1.6 as JSON: what was planned, before anything is built.

    With an image, what is installed in it, and which of that was planned.
    """
    from mlcontainers.engines.verifying import installed
    from mlcontainers.planners.sbom import sbom as bill

    decided = plan_of(file, own, as_of, context)
    print_json(bill(decided, installed(image, decided) if image else None))
    return FINE
