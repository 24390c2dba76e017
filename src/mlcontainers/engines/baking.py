"""`build_all`: many images at once, in one run of the builder, which works in parallel and takes shared steps once.

The builder ends everything at the first image that fails. So that one that fails costs no other, it is run again
without it; what was built until then is in its cache.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mlcontainers.dockerfile.render import written
from mlcontainers.engines.attempts import (
    QUIET,
    checking,
    failed,
    read_attempt,
    read_metadata,
    silent_registry,
)
from mlcontainers.engines.bake_events import run_bake
from mlcontainers.engines.bake_files import FILESYSTEM, bake_command
from mlcontainers.engines.building import answering, begin, finished, nothing_unnamed, reused
from mlcontainers.engines.buildx import Ended
from mlcontainers.engines.built import BuiltImage
from mlcontainers.engines.caches import Cache, caches
from mlcontainers.engines.cells import BuiltCell, CellEvent, filled, slugs
from mlcontainers.engines.events import Built, StepCached
from mlcontainers.engines.faults import SNAPSHOT_RACE
from mlcontainers.engines.finishing import scratch_folder
from mlcontainers.engines.options import BuildOptions, BuildRequest
from mlcontainers.engines.sdk import docker_sdk
from mlcontainers.errors import (
    BuildFailedError,
    ImpossibleError,
    InvalidValueError,
    MlcontainersError,
    Problem,
    VerifyFailedError,
)
from mlcontainers.planners import Plan
from mlcontainers.planners.matrices import Cell, Matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlcontainers.engines.attempts import Attempt
    from mlcontainers.engines.bake_events import Bake
    from mlcontainers.engines.building import Begun
    from mlcontainers.engines.events import Event, StepDone
    from mlcontainers.engines.options import Compression, Network
    from mlcontainers.engines.trials import Trial
    from mlcontainers.image import Image
    from mlcontainers.values.locks import Lock

Tags: TypeAlias = "Sequence[str] | Callable[[Cell], Sequence[str]]"


def build_all(
    images: Matrix | Iterable[Cell | Plan | Image],
    *,
    context: str | Path = ".",
    tags: Tags = (),
    host_settings: bool = False,
    wheelhouse: str | Path | None = None,
    mirrors: Mapping[str, str] | None = None,
    profile: str | Path | None = None,
    secrets: Mapping[str, str | Path] | None = None,
    network: Network | None = None,
    builder: str | None = None,
    cache: Cache | str | Sequence[Cache | str] = "local",
    compression: Compression | None = None,
    attest: str | Sequence[str] = (),
    load: bool = True,
    push: bool = False,
    verify: bool | Trial = True,
    force: bool = False,
    lock: Lock | bool = False,
    progress: Callable[[CellEvent], None] | None = None,
) -> tuple[BuiltCell, ...]:
    """Build every cell of a matrix, or every image of a list, with one `docker buildx bake`; the answers in its order.

    `tags` are names with fields of the matrix in them, `my-app:py{base.python}`, or a function from a cell to its
    names. A cache of a registry, of a folder or of GitHub is one for each cell, named after it. `progress` is called
    with every event and the cell that it belongs to. All other options are those of `build`, for each image alike.

    An image that cannot be, cannot be built or is not what was planned costs no other: its answer says why.
    Raises InvalidValueError for wrong use, EngineNotFoundError where there is no engine, and EngineError where it
    goes away.
    """
    cells = tuple(_cells(images))
    names = dict(zip(slugs(cell.name for cell in cells), cells, strict=True))
    tell = progress or _nowhere
    options = BuildOptions(
        context=context,
        host_settings=host_settings,
        wheelhouse=wheelhouse,
        mirrors=mirrors,
        profile=profile,
        secrets=secrets,
        network=network,
        builder=builder,
        compression=compression,
        attest=attest,
        load=load,
        push=push,
        verify=verify,
        force=force,
        lock=lock,
    )
    requests: dict[str, BuildRequest] = {}
    outcomes: dict[str, BuiltImage | MlcontainersError] = {}
    for name, cell in names.items():
        own = tuple(Cache.of(each).of_its_own(name) for each in caches(cache))
        try:
            requests[name] = _request(cell, {**options, "tags": _tags(tags, cell), "cache": own}, tell)
        except ImpossibleError as error:
            outcomes[name] = error
    _check_names(requests.values())
    if requests:
        with docker_sdk() as client:
            outcomes |= _built(client, requests, names, tell)
    return tuple(_answer(cell, outcomes[name]) for name, cell in names.items())


def _answer(cell: Cell, outcome: BuiltImage | MlcontainersError) -> BuiltCell:
    if isinstance(outcome, MlcontainersError):
        return BuiltCell(cell, None, outcome)
    return BuiltCell(cell, outcome, None)


def _cells(images: Matrix | Iterable[Cell | Plan | Image]) -> Iterator[Cell]:
    """Images that come without a matrix are told from each other by their number."""
    for number, image in enumerate(images.plan() if isinstance(images, Matrix) else images, start=1):
        match image:
            case Cell():
                yield image
            case Plan():
                yield Cell((("image", number),), image.image, image, image.problems)
            case _:
                yield Cell((("image", number),), image, None, ())


def _tags(tags: Tags, cell: Cell) -> Sequence[str]:
    if callable(tags):
        return tags(cell)
    return tags if isinstance(tags, str) else [filled(tag, cell) for tag in tags]


def _request(cell: Cell, options: BuildOptions, tell: Callable[[CellEvent], None]) -> BuildRequest:
    """Raises ImpossibleError for a cell that cannot be."""
    image = cell.plan or cell.image
    # A cell that was planned and has no plan is impossible; an image that nobody has planned yet is planned now.
    if image is None or (cell.plan is None and cell.problems):
        raise ImpossibleError(*cell.problems)

    def progress(event: Event) -> None:
        tell(CellEvent(cell.name, event))

    return BuildRequest.of(image, {**options, "progress": progress})


def _check_names(requests: Iterable[BuildRequest]) -> None:
    """Two images cannot have one name."""
    counted = Counter(str(reference) for request in requests for reference in request.references)
    problems = [
        Problem("same-name", "error", "tags", f"{count} images would be called {name}", (), (_TELL_APART,))
        for name, count in counted.items()
        if count > 1
    ]
    if problems:
        raise InvalidValueError(*problems)


_TELL_APART = "put fields of the matrix into the name, as in 'my-app:py{base.python}'"


def _built(
    client: Any, requests: Mapping[str, BuildRequest], cells: Mapping[str, Cell], tell: Callable[[CellEvent], None]
) -> dict[str, BuiltImage | MlcontainersError]:
    """What is there already, and what is built now, verified and named."""
    outcomes: dict[str, BuiltImage | MlcontainersError] = {}
    left: dict[str, Begun] = {}
    for name, request in requests.items():
        begun = begin(client, request)
        there = reused(client, begun)
        if there is None:
            left[name] = begun
        else:
            outcomes[name] = there
    left = dict(zip(left, answering(client, left.values()), strict=True))
    with scratch_folder() as scratch, nothing_unnamed(client, left.values()):
        baking = _Baking(left, cells, tell, scratch)
        for name, done in baking.run().items():
            try:
                if isinstance(done, BuildFailedError):
                    raise done
                outcomes[name] = finished(client, left[name], done, baking.folder(name))
            except (VerifyFailedError, BuildFailedError) as error:
                outcomes[name] = error
    for name, outcome in outcomes.items():
        if isinstance(outcome, BuiltImage):
            requests[name].progress(Built(outcome))
    return outcomes


@dataclass(slots=True)
class _Baking:
    """Runs of the builder until every target is built or has failed."""

    left: Mapping[str, Begun]
    cells: Mapping[str, Cell]
    tell: Callable[[CellEvent], None]
    scratch: Path
    results: dict[str, Attempt | BuildFailedError] = field(
        default_factory=dict[str, "Attempt | BuildFailedError"], init=False
    )
    steps: dict[str, dict[str, StepDone | StepCached]] = field(
        default_factory=dict[str, "dict[str, StepDone | StepCached]"], init=False
    )
    """Of all runs: what the last one found in the cache, one before it may have built."""
    races: int = field(default=1, init=False)

    def run(self) -> dict[str, Attempt | BuildFailedError]:
        while left := {name: begun for name, begun in self.left.items() if name not in self.results}:
            self._run_once(left)
        return self.results

    def folder(self, name: str) -> Path:
        """What lives as long as the building of one image."""
        folder = self.scratch / name
        folder.mkdir(exist_ok=True)
        return folder

    def _run_once(self, left: Mapping[str, Begun]) -> None:
        folders = {name: self.folder(name) for name in left}
        builds = {name: (begun.request, begun.output(folders[name])) for name, begun in left.items()}
        checks = {name: checking(begun.request) for name, begun in left.items()}
        stopped: dict[str, BuildFailedError] = {}

        def hear(target: str, event: Event, shared: bool) -> None:
            self.tell(CellEvent(self.cells[target].name, event, shared))
            try:
                checks[target](event)
            except BuildFailedError as error:
                stopped[target] = error
                raise

        try:
            code, bake = run_bake(
                bake_command(builds, self.scratch, folders=folders),
                tuple(left),
                folder=self.scratch,
                on_event=hear,
                environment=QUIET | FILESYSTEM,
                silent_registry=silent_registry([begun.request for begun in left.values()]),
            )
        except BuildFailedError:
            if not stopped:
                raise
            self.results |= stopped
            return
        for name, ended in bake.ended.items():
            self._keep_steps(name, ended)
        if code == 0:
            metadata = read_metadata(self.scratch)
            for name, begun in left.items():
                ended = Ended(0, [], done=self.steps[name])
                self.results[name] = read_attempt(begun.request.plan, metadata.get(name, {}), ended)
        elif self.races and SNAPSHOT_RACE.search("\n".join(bake.objects.words)):
            self.races -= 1
        else:
            self._note_failure(left, bake)

    def _keep_steps(self, name: str, ended: Ended) -> None:
        kept = self.steps.setdefault(name, {})
        for step, event in ended.done.items():
            if isinstance(kept.get(step), StepCached | None):
                kept[step] = event

    def _note_failure(self, left: Mapping[str, Begun], bake: Bake) -> None:
        """Raises where the fault is no image's own, such as an engine that went away."""
        name = bake.failed
        ended = bake.ended.get(name) or Ended(1, bake.objects.words)
        error = failed((left.get(name) or next(iter(left.values()))).request, ended)
        if name not in left or not isinstance(error, BuildFailedError):
            raise error
        for other, begun in left.items():
            if other == name or _same_until(begun.request, left[name].request, error.instruction):
                told = failed(begun.request, ended)
                self.results[other] = told if isinstance(told, BuildFailedError) else error


def _same_until(one: BuildRequest, other: BuildRequest, instruction: str) -> bool:
    """Whether two images have this instruction in common and all before it, so that it fails in both."""
    texts, others = (tuple(map(written, request.plan.dockerfile.instructions)) for request in (one, other))
    if instruction not in texts or one.plan.target.platform != other.plan.target.platform:
        return False
    end = texts.index(instruction) + 1
    return texts[:end] == others[:end]


def _nowhere(event: CellEvent) -> None:
    return None
