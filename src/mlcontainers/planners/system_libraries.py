"""Which system packages do the Python packages need that their wheels do not bring?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from mlcontainers.errors import Problem
from mlcontainers.layers import Apt, Framework, Pip
from mlcontainers.planners.plans import Decision
from mlcontainers.planners.routing import applies
from mlcontainers.values.evidence import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlcontainers.facts import Catalogue, Suite, SystemLibraries
    from mlcontainers.image import Image
    from mlcontainers.planners.questions import Solution
    from mlcontainers.planners.reading import LayerFiles


class SystemNeeds(Struct, frozen=True):
    """System packages that nobody asked for by name, and why they are there."""

    packages: tuple[str, ...] = ()
    """Sorted; without those that the image names itself."""
    comments: tuple[str, ...] = ()
    """One sentence for each that needs some."""
    decision: Decision | None = None
    problems: tuple[Problem, ...] = ()


NOTHING = SystemNeeds()


def system_needs(
    catalogue: Catalogue, image: Image, suite: Suite | None, solution: Solution, read: Sequence[LayerFiles]
) -> SystemNeeds:
    """What the facts tell for every package that is named: by a layer, by its files, by a lock, or by the solution.

    What a package that no lock has decided brings along is not looked at.
    """
    asked = tuple(pair for layer in image.layers if isinstance(layer, Framework) for pair in layer.system_packages())
    rows = tuple(_rows(catalogue, _named(image, solution, read)))
    if not asked and not rows:
        return NOTHING
    known = [(row, where, packages) for row, where in rows if (packages := row.on(suite.name if suite else ""))]
    named = {name.partition("=")[0] for layer in image.layers if isinstance(layer, Apt) for name in layer.packages}
    wanted = {name for name, _ in asked} | {name for _, _, packages in known for name in packages}
    reasons = [f"{row.project}: {row.reason}." for row, _, packages in known if not named.issuperset(packages)]
    reasons += dict.fromkeys(f"{why}." for name, why in asked if name not in named)
    facts = [row.why("packages", f"{row.project} {row.tried} was tried: {row.reason}") for row, _, _ in known]
    facts += [Fact(why, "you asked for it: jit") for why in dict.fromkeys(why for _, why in asked)]
    packages = tuple(sorted(wanted - named))
    return SystemNeeds(
        packages,
        tuple(reasons),
        Decision("system packages", ", ".join(packages), tuple(facts)) if packages else None,
        tuple(_problems(rows, suite)),
    )


def _named(image: Image, solution: Solution, read: Sequence[LayerFiles]) -> Iterator[tuple[str, frozenset[str], str]]:
    """Every project that is named, with its extras and the place that names it."""
    for chosen in solution.packages:
        yield chosen.project, frozenset(), ""
    for position, (layer, files) in enumerate(zip(image.layers, read, strict=True)):
        given = layer.packages if isinstance(layer, Pip) else ()
        asked = [(one.package, one.where) for one in (*files.asked, *files.locked)]
        for package, where in (*((one, f"layers[{position}] (pip)") for one in given), *asked):
            if applies(image, package, solution.python):
                yield package.name, frozenset(package.requirement.extras), where


def _rows(
    catalogue: Catalogue, named: Iterable[tuple[str, frozenset[str], str]]
) -> Iterator[tuple[SystemLibraries, str]]:
    """What is known of each project, and the place that names it first."""
    found = tuple(named)
    present = {project for project, _, _ in found}
    for project in dict.fromkeys(project for project, _, _ in found):
        row = catalogue.system_libraries(project)
        if row is None:
            continue
        extras = frozenset[str]().union(*(extras for name, extras, _ in found if name == project))
        # In a lock an extra is a package of its own.
        if not any(extra in extras or f"{project}-{extra}" in present for extra in row.brought_by):
            yield row, next(where for name, _, where in found if name == project)


def _problems(rows: tuple[tuple[SystemLibraries, str], ...], suite: Suite | None) -> Iterator[Problem]:
    for row, where in rows:
        if row.on(suite.name if suite else "") is None:
            base = suite.title if suite else "this base"
            what = f"the system packages that {row.project} needs are not known for {base}"
            elsewhere = next(iter(row.suites))
            names = ", ".join(row.on(elsewhere) or ())
            because = (str(row.why("packages", f"{row.project} {row.tried}: {row.reason}; on {elsewhere}: {names}")),)
            hint = 'name them: add_apt(...), and with_assumption("unknown-system-packages", "how it was tried")'
            yield Problem("unknown-system-packages", "warning", where, what, because, (hint,))
        if row.instead and where:
            what = f"{row.project} brings windows for a screen, and with them system packages"
            yield Problem("needs-no-screen", "info", where, what, (), (f"{row.instead} is the same without them",))
