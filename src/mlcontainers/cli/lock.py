"""`mlcontainers lock FILE`"""

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, ContextFolder, ImageFile
from mlcontainers.cli.contexts import files_of
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts, known
from mlcontainers.cli.locks import lock_file


@answers
def lock(
    file: ImageFile,
    context: ContextFolder = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Write down which images the base images are now, beside FILE.

    plan, render and build take it with --locked.
    """
    from mlcontainers import Image
    from mlcontainers import plan as planned
    from mlcontainers.engines.locking import lock as made

    image = Image.load(file)
    found = made(planned(image, facts=known(own, as_of), context=files_of(image, file, context)))
    path = lock_file(file)
    path.write_text(found.dump(), encoding="utf-8")
    if as_json:
        print_json({"schema": 1, "file": str(path), "date": found.date, "bases": dict(found.bases)})
    else:
        show("\n".join((f"written: {path}", *(f"{name}: {digest}" for name, digest in found.bases))))
    return FINE
