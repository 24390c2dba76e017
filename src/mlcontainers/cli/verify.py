"""`mlcontainers verify REF`"""

from typing import Annotated

import typer

from mlcontainers.cli.answering import FINE, NO, answers, print_json
from mlcontainers.cli.arguments import AsJson, Gpus, PlannedFile, Reference
from mlcontainers.cli.asked import given_variables
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts
from mlcontainers.cli.planned import plan_of


@answers
def verify(
    reference: Reference,
    file: PlannedFile = None,
    gpus: Gpus = False,
    patience: Annotated[float, typer.Option(metavar="SECONDS", help="How long a service may take to answer.")] = 60,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", "-e", metavar="NAME[=VALUE]", help="A variable for the service; yours without a value."),
    ] = None,
    network: Annotated[
        str | None, typer.Option(metavar="NAME", help="A network of the engine for the service.")
    ] = None,
    own: OwnFacts = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Run an image and say whether it is what it should be.

    Any image that the engine has. Exit code 1 where something is an error.
    """
    from mlcontainers import verify as verified

    report = verified(
        reference,
        plan=plan_of(file, own, as_of) if file else None,
        gpus=gpus,
        patience=patience,
        env=given_variables(env),
        network=network,
    )
    if as_json:
        print_json(report.to_json())
    else:
        show(report.explain())
    return FINE if report.ok else NO
