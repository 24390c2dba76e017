"""What a failed build means: which step, whose layer, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlcontainers.engines.seals import broken_seal
from mlcontainers.errors import BuildFailedError, EngineError, EngineNotFoundError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlcontainers.dockerfile import Instruction
    from mlcontainers.planners import Plan

TAIL = 30
"""Lines of a failed step that are kept."""
SNAPSHOT_RACE = re.compile(r"parent snapshot \S+ does not exist")
"""A known race of the containerd image store (moby/buildkit issue 6521): the same build again succeeds."""
_EXIT_CODE = re.compile(r"(?:did not complete successfully: exit code: |exit code )([0-9]+)")
_LINE = re.compile(r"Dockerfile:([0-9]+)")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Fault:
    """A known way for a build to fail: how it is recognised, and what it means."""

    code: str
    pattern: str
    what: str
    """`{0}` is what the pattern's first group found."""
    hint: str


FAULTS = (
    Fault(
        "disk-full",
        r"[Nn]o space left on device",
        "there is no space left on the engine's disk",
        "free some: docker buildx prune, docker image prune; then build again",
    ),
    Fault(
        "push-failed",
        r"failed to push (\S+):",
        "{0} could not be pushed",
        "can the registry be reached, and are you logged in? docker login",
    ),
    Fault(
        "no-base-image",
        r"failed to resolve source metadata for (\S+?): .*",
        "the base image {0} cannot be had",
        "is its name right, and can the engine reach its registry? docker pull {0}",
    ),
    Fault(
        "untrusted-index",
        r"invalid peer certificate|CERTIFICATE_VERIFY_FAILED|unable to get local issuer certificate",
        "a step does not trust the certificate of the index",
        "lend the build this host's CA bundle: host_settings=True, --host-settings",
    ),
    Fault(
        "no-network",
        r"Temporary failure in name resolution|dns error|Could not resolve|Network is unreachable|[Cc]onnection refused"
        r"|Read timed out|operation timed out",
        "a step could not reach what it wanted to fetch",
        "is there a network in the build? lend it this host's index settings: host_settings=True, --host-settings",
    ),
    Fault(
        "no-such-package",
        r"Because (\S+) was not found in the package registry|No matching distribution found for (\S+)",
        "the index that the build asked has no {0}",
        "is the name right? with a mirror or a wheelhouse: does it have it?",
    ),
    Fault(
        "wrong-hash",
        r"Hash mismatch for `?(\S+?)`?\s|THESE PACKAGES DO NOT MATCH THE HASHES[^\n]*\n\s*(\S+)",
        "{0} is not the file that the lock says",
        "make the lock again; where it was right before, ask who has changed the file",
    ),
    Fault(
        "one-index-only",
        r"(\S+)==0\+comes\.from\.",
        "{0} is needed by a package, and comes from one index only",
        "ask for it by name, in the same layer: add_pip(..., {0!r})",
    ),
    Fault(
        "unsatisfiable",
        r"No solution found when resolving dependencies\S*\s+(?:cause:|╰─▶)?\s*(.+)",
        "the packages contradict each other: {0}",
        "ask for other versions; those of the frameworks are fixed by their layers",
    ),
    Fault(
        "needs-compiler",
        r"Broken toolchain|Unknown compiler|command '\S*(?:cc|g\+\+)' failed|No such file or directory: '(?:gcc|cc)'",
        "a package has no wheel that fits and cannot be compiled here",
        "ask for a version that has a wheel for this Python",
    ),
    Fault(
        "not-in-context",
        r'failed to calculate checksum of ref .*?"/([^"]+)": not found',
        "{0} is not in the build context",
        "build from the folder that holds it (context=, --context), and see that .dockerignore does not exclude it",
    ),
    Fault(
        "no-secret",
        r"secret ([^\s:]+): not found",
        "the build needs the secret {0} and was not given it",
        "give it when you build",
    ),
)
"""The first that fits is told, so the particular ones stand before the general ones."""


def failure(
    plan: Plan | None,
    words: Sequence[str],
    failed_step: str,
    log: Sequence[str],
) -> EngineError:
    """The error for a build that ended badly: from the builder's last words and the log of the failing step."""
    last = "\n".join(words)
    if re.search(r"Cannot connect to the Docker daemon|error during connect", last):
        hint = "start it, then build again; what was built is kept"
        return EngineNotFoundError(
            Problem("no-engine", "error", "", "no Docker engine answers", (_last(words),), (hint,))
        )
    if re.search(r"code = Unavailable|unexpected EOF|failed to receive status", last):
        what = "the Docker engine went away during the build"
        hint = "see its log, start it, then build again; what was built is kept"
        return EngineError(Problem("engine-lost", "error", "", what, (_last(words),), (hint,)))
    instruction, layer = origin_of(plan, failed_step, last)
    tail = tuple(_ANSI.sub("", line) for line in log[-TAIL:])
    seal = broken_seal(plan, layer, "\n".join(tail)) if plan else None
    problem = seal or _problem(failed_step, layer, "\n".join(tail), _last(words))
    code = _EXIT_CODE.search(last)
    return BuildFailedError(
        problem,
        step=failed_step,
        instruction=instruction,
        layer=layer,
        process_exit_code=int(code[1]) if code else None,
        log_tail=tail,
    )


def _problem(step: str, layer: str, log: str, reason: str) -> Problem:
    because: tuple[str, ...] = (f"step: {_short(step)}",) if step else ()
    for fault in FAULTS:
        found = re.search(fault.pattern, f"{log}\n{reason}")
        if found:
            if re.search(fault.pattern, reason):
                because += _said(reason)
            detail = " ".join(next((group for group in found.groups() if group), "").split())
            return Problem(fault.code, "error", layer, fault.what.format(detail), because, (fault.hint.format(detail),))
    what = f"the step {_short(step)} failed" if step else "the build failed"
    return Problem("step-failed" if step else "build-failed", "error", layer, what, _said(reason))


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


def _last(words: Sequence[str]) -> str:
    """The builder's last word on the matter."""
    for word in reversed(words):
        if word.startswith("ERROR:"):
            return word.removeprefix("ERROR:").strip()
    return words[-1].strip() if words else ""
