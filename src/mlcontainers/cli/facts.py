"""`mlcontainers facts show KEY`, `mlcontainers facts list NAME`, `mlcontainers facts refresh`"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer

from mlcontainers.cli.answering import FINE, answers, print_json
from mlcontainers.cli.arguments import AsJson
from mlcontainers.cli.drawing import show
from mlcontainers.cli.facts_used import known
from mlcontainers.values.sizes import human_size

facts = typer.Typer(help="What the catalogue knows, with source and date.", no_args_is_help=True, rich_markup_mode=None)


@facts.command("show")
@answers
def show_record(
    key: Annotated[str, typer.Argument(metavar="KEY", help="As in 'torch==2.9.1'.", show_default=False)],
    as_json: AsJson = False,
) -> int:
    """One record, by its key."""
    record = known().record(key)
    if as_json:
        print_json(dict(record))
    else:
        show("\n".join(_fields(record)))
    return FINE


@facts.command("list")
@answers
def list_keys(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="As in 'torch'; all names without it.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> int:
    """The keys of all records about a package or in a table."""
    facts = known()
    keys = facts.keys(name) if name is not None else (*facts.projects(), *facts.tables())
    if as_json:
        print_json(list(keys))
    else:
        show("\n".join(keys))
    return FINE


@facts.command("refresh")
@answers
def refresh_records(
    projects: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROJECT]...", help="As in 'torch'; all without it.", show_default=False),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write.  [default: your data folder, read by every command]"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Read what the package index has now.

    Only releases whose files changed are read; stopped in the middle, it leaves the old facts as they were.
    """
    from mlcontainers.engines.refreshing import refresh

    done = refresh(projects or (), into=into, told=lambda line: show(line, sys.stderr))
    if as_json:
        print_json({**asdict(done), "folder": str(done.folder)})
        return FINE
    for key in done.changed:
        show(key)
    for key in done.gone:
        show(f"{key} (gone)")
    if not (done.changed or done.gone):
        show(f"nothing changed ({done.requests} requests)", sys.stderr)
        return FINE
    amount = f"{done.requests} requests, {human_size(done.bytes)}"
    show(f"{len(done.changed)} releases are new or changed ({amount}); written to {done.folder}", sys.stderr)
    return FINE


def _fields(record: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    """`linux.x86_64.glibc: 2.28`, one line a value."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _fields(cast("Mapping[str, object]", value), f"{prefix}{name}.")
        else:
            shown = ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else value
            yield f"{prefix}{name}: {shown}"
