"""`mlcontainers run REF`"""

from typing import TYPE_CHECKING, Annotated

import typer

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson, PlannedFile, Reference
from mlcontainers.cli.asked import given_variables
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import AsOf, OwnFacts
from mlcontainers.cli.planned import plan_of
from mlcontainers.errors import InvalidValueError, Problem

if TYPE_CHECKING:
    from mlcontainers.planners.running import RunSettings


@answers
def run(
    reference: Reference,
    file: PlannedFile = None,
    publish: Annotated[
        list[str] | None,
        typer.Option("--publish", "-p", metavar="P", help="80:8080, 0.0.0.0:80:8080; the image's own without it."),
    ] = None,
    gpus: Annotated[str | None, typer.Option(metavar="G", help="all, none, a number, or UUIDs.")] = None,
    shm: Annotated[str | None, typer.Option(metavar="SIZE", help="Shared memory, as in 1g.")] = None,
    cpus: Annotated[float | None, typer.Option(metavar="N", help="Processors; as many threads are started.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help="Most memory, as in 8g.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Write to /tmp and volumes alone.")] = False,
    ulimits: Annotated[bool, typer.Option(help="Raise limits as CUDA likes them.")] = True,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", metavar="NAME[=VALUE]", help="A variable; yours without a value.")
    ] = None,
    volume: Annotated[
        list[str] | None, typer.Option("--volume", "-v", metavar="V", help="models:/models, ./data:/data:ro")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="In the background; print its id.")] = False,
    print_only: Annotated[bool, typer.Option("--print", help="Start nothing, print the docker command.")] = False,
    compose: Annotated[bool, typer.Option("--compose", help="Start nothing, print a compose file.")] = False,
    own: OwnFacts = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> int:
    """Run an image with what its frameworks ask for: GPUs, shared memory, limits, time to stop.

    In the foreground the exit code is the program's own.
    """
    from mlcontainers.engines.starting import run_settings, start

    if as_json and not (detach or print_only or compose):
        what = "in the foreground the program's output is all there is"
        raise InvalidValueError(Problem("bad-value", "error", "--json", what, (), ("add --print or --detach",)))
    settings = run_settings(
        reference,
        plan=plan_of(file, own, as_of) if file else None,
        ports=publish,
        gpus=gpus,
        shm=shm,
        cpus=cpus,
        memory=memory,
        read_only=read_only,
        ulimits=ulimits,
        env=given_variables(env),
        volumes=volume or (),
    )
    if print_only or compose:
        _print(settings, compose, as_json, detach)
        return FINE
    ran = start(settings, detach=detach)
    if as_json:
        print_json(
            {"schema": 1, "container": ran.container, "arguments": ["docker", *settings.arguments(detach=detach)]}
        )
    elif detach:
        show(ran.container)
    return ran.exit_code or FINE


def _print(settings: "RunSettings", compose: bool, as_json: bool, detach: bool) -> None:
    if as_json:
        arguments = ["docker", *settings.arguments(detach=detach)]
        print_json({"schema": 1, "arguments": arguments, "compose": settings.compose()})
    else:
        show(settings.compose() if compose else settings.docker_run(detach=detach))
