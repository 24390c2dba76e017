"""`mlcontainers inspect REF`"""

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, Reference
from mlcontainers.cli.drawing import show


@answers
def inspect(reference: Reference, as_json: AsJson = False) -> int:
    """Read what an image says of itself, on the engine or in a registry; nothing is pulled."""
    from mlcontainers import inspect as inspected

    found = inspected(reference)
    if as_json:
        print_json(found.to_json())
    else:
        show(found.explain())
    return FINE
