"""Why an image cannot be, in words, and what is nearest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mlcontainers.errors import ImpossibleError, Problem
from mlcontainers.layers import Conda, Extension, Framework, Other
from mlcontainers.layers.bases import ReferenceBase
from mlcontainers.planners.proposals import nearest
from mlcontainers.planners.questions import Question, Refusal
from mlcontainers.planners.solving import core, solve
from mlcontainers.values.accelerators import Cpu

if TYPE_CHECKING:
    from mlcontainers.facts import Catalogue
    from mlcontainers.image import Image
    from mlcontainers.planners.bases import Known


def refuse_contradictions(image: Image, known: Known) -> None:
    """Raises ImpossibleError with everything that an image says against itself."""
    problems = [
        Problem(
            "twice",
            "error",
            f"layers ({kind})",
            f"{kind} is added {count} times",
            (),
            ("add it once, with all its options",),
        )
        for kind, count in Counter(
            _subject(layer) for layer in image.layers if isinstance(layer, Framework | Extension)
        ).items()
        if count > 1
    ]
    if sum(isinstance(layer, Conda) for layer in image.layers) > 1:
        what, hint = "conda is added more than once", "add it once: one environment is solved as a whole"
        problems.append(Problem("twice", "error", "layers (conda)", what, (), (hint,)))
    base = image.base
    if (
        isinstance(base, ReferenceBase)
        and base.python
        and known.python
        and known.official_python
        and base.python != known.python
    ):
        what = f"{base.reference} has Python {known.python}, not {base.python}"
        problems.append(Problem("python-mismatch", "error", "base.python", what, (), ("leave python= out",)))
    if problems:
        raise ImpossibleError(*problems)


def _subject(layer: Framework | Extension) -> str:
    if isinstance(layer, Extension):
        return str(layer.package)
    return layer.name if isinstance(layer, Other) else str(type(layer).model_fields["kind"].default)


def impossible(catalogue: Catalogue, image: Image, question: Question, refusal: Refusal) -> Problem:
    """That there is no solution: the smallest part of the question that has none, and what is nearest."""
    wanted = " with ".join(
        f"{wish.project}{' ' + str(wish.version) if wish.version else ''}"
        for wish in question.wishes
        if not wish.companion_of
    )
    pythons = f"Python {question.pythons[0]}" if len(question.pythons) == 1 else "any Python that has a base image"
    gpus = f" on {', '.join(question.gpus)}" if question.gpus and not isinstance(question.accelerator, Cpu) else ""
    what = f"{wanted} cannot be had for {question.accelerator}{gpus} with {pythons} on {question.platform}"
    hints = tuple(proposal.as_python(image) for proposal in nearest(catalogue, question))
    smallest = solve(catalogue, core(catalogue, question))
    refusal = smallest if isinstance(smallest, Refusal) else refusal
    place = next(
        (f"layers[{n}] ({layer.kind})" for n, layer in enumerate(image.layers) if isinstance(layer, Framework)),
        "",
    )
    return Problem("no-wheel", "error", place, what, tuple(map(str, refusal.reasons[:4])), hints)


def needed_earlier(image: Image, user: int, owner: int, project: str) -> Problem:
    """That a layer needs what another installs behind a command that nothing moves past."""
    first, second = (f"layers[{n}] ({image.layers[n].kind})" for n in (user, owner))
    what = f"{first} needs {project}, which {second} installs behind a shell command"
    because = ("nothing moves past a command that nobody knows", f"without it the first brings another {project}")
    return Problem("needed-earlier", "error", first, what, because, (f"add {project} before the command",))
