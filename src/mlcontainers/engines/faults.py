"""What a failed build means: which step, whose layer, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlcontainers.engines.fault_table import FAULTS, TAIL, requirement
from mlcontainers.engines.seals import broken_seal
from mlcontainers.errors import BuildFailedError, EngineError, EngineNotFoundError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.engines.fault_table import Fault
    from mlcontainers.planners import Plan

SNAPSHOT_RACE = re.compile(r'parent snapshot \S+ does not exist|image "moby-dangling@\S+": already exists')
"""Known races of the containerd image store, over a snapshot (moby/buildkit issue 6521) and over the name of an image
without one that is built twice at once: the same build again succeeds."""
_EXIT_CODE = re.compile(r"(?:did not complete successfully: exit code: |exit code )([0-9]+)")
_LINE = re.compile(r"Dockerfile:([0-9]+)")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def failure(
    plan: Plan | None,
    words: Sequence[str],
    failed_step: str,
    log: Sequence[str],
    room: Callable[[], tuple[str, ...]] = tuple,
) -> EngineError:
    """The error for a build that ended badly: from the builder's last words and the log of the failing step.

    `room` is asked what the engine's disk has left, where that is what is wrong.
    """
    last = "\n".join(words)
    if re.search(r"Cannot connect to the Docker daemon|error during connect", last):
        hint = "start it, then build again; what was built is kept"
        return EngineNotFoundError(
            Problem("no-engine", "error", "", "no Docker engine answers", (last_word(words),), (hint,))
        )
    if re.search(r"code = Unavailable|Unavailable: error reading|unexpected EOF|failed to receive status", last):
        what = "the Docker engine went away during the build"
        hint = "see its log, start it, then build again; what was built is kept"
        return EngineError(Problem("engine-lost", "error", "", what, (last_word(words),), (hint,)))
    instruction, layer = origin_of(plan, failed_step, last)
    log = [_ANSI.sub("", line) for line in log]
    tail = tuple(log[-TAIL:])
    seal = broken_seal(plan, layer, "\n".join(tail)) if plan else None
    problem = seal or _problem(failed_step, layer, log, last_word(words))
    if problem.code == "disk-full":
        problem = replace(problem, because=(*problem.because, *room()))
    code = _EXIT_CODE.search(last)
    return BuildFailedError(
        problem,
        step=failed_step,
        instruction=instruction,
        layer=layer,
        process_exit_code=int(code[1]) if code else None,
        log_tail=tail,
    )


def _problem(step: str, layer: str, log: Sequence[str], reason: str) -> Problem:
    because: tuple[str, ...] = (f"step: {_short(step)}",) if step else ()
    known = _known("\n".join((*log[-TAIL:], reason))) or _known("\n".join(log))
    if known is None:
        what = f"the step {_short(step)} failed" if step else "the build failed"
        return Problem("step-failed" if step else "build-failed", "error", layer, what, _said(reason))
    fault, detail = known
    if fault.installs and (named := requirement(log)):
        because += (f"requirement: {named}",)
    if re.search(fault.pattern, reason):
        because += _said(reason)
    return Problem(fault.code, "error", layer, fault.what.format(detail), because, (fault.hint.format(detail),))


def _known(text: str) -> tuple[Fault, str] | None:
    """The first fault that is told of, and what it is about."""
    for fault in FAULTS:
        if found := re.search(fault.pattern, text):
            return fault, " ".join(next((group for group in found.groups() if group), "").split())
    return None


def _said(reason: str) -> tuple[str, ...]:
    return (f"the builder says: {' '.join(reason.split())}",) if reason else ()


def _short(step: str) -> str:
    """A step's name without its mounts."""
    return " ".join(re.sub(r"--mount=\S+", "", step).split())


def origin_of(plan: Plan | None, step: str, last: str = "") -> tuple[str, str]:
    """The instruction that a step carries out, as written, and the layer of the image that wrote it.

    `last` is what the builder said last of a step that failed, which may name its line.
    """
    if plan is None:
        return "", ""
    from mlcontainers.dockerfile.render import written

    line = _LINE.search(last)
    by_line = _instruction_at(plan, int(line[1])) if line else None
    for position, instruction in enumerate(plan.dockerfile.instructions):
        text = written(instruction)
        if instruction is by_line or (by_line is None and _same(text, step)):
            return text, plan.origins[position] or ""
    return "", ""


def _instruction_at(plan: Plan, line: int) -> Instruction | None:
    """The instruction that covers a line of the rendered text."""
    from mlcontainers.dockerfile import Instruction
    from mlcontainers.dockerfile.render import written

    seen = 0
    for item in plan.dockerfile.items:
        text = written(item) if isinstance(item, Instruction) else str(item)
        seen += text.count("\n") + 1
        if seen >= line:
            return item if isinstance(item, Instruction) else None
    return None


def _same(text: str, step: str) -> bool:
    """Whether the builder's name of a step, which is the joined instruction, stands for this text."""
    joined = " ".join(text.replace("\\\n", " ").split())
    return bool(step) and joined in " ".join(step.split())


def last_word(words: Sequence[str]) -> str:
    """The builder's last word on the matter."""
    for word in reversed(words):
        if word.startswith("ERROR:"):
            return word.removeprefix("ERROR:").strip()
    return words[-1].strip() if words else ""
