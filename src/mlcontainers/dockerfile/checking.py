"""All that is wrong with a Dockerfile, told at once: syntax, instructions, meaning, and BuildKit's own checks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.document import Dockerfile
from mlcontainers.dockerfile.frontends import NEWEST, asked_for, too_new
from mlcontainers.dockerfile.instructions import Instruction
from mlcontainers.dockerfile.items import Comment, Directive
from mlcontainers.dockerfile.locating import located
from mlcontainers.dockerfile.meaning import meaning
from mlcontainers.dockerfile.parser import read
from mlcontainers.dockerfile.rules import RULES
from mlcontainers.dockerfile.scopes import View
from mlcontainers.errors import Problem
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.dockerfile.items import Item

_SKIP_ABOVE = re.compile(r"check[ \t]*=[ \t]*(.+)").fullmatch
_ALL = "all"


def check_all(dockerfile: Dockerfile | str | bytes, *, frontend: str = NEWEST) -> tuple[Problem, ...]:
    """Every problem of a text, in the order of its lines; see `mlcontainers.dockerfile.check`."""
    text = dockerfile.render() if isinstance(dockerfile, Dockerfile) else dockerfile
    items, problems = read(text)
    directives = {item.name: item.value for item in items if isinstance(item, Directive)}
    view = View(items, directives.get("escape", "\\"))
    found = [*problems, *(located(problem, place.node.source) for place, problem in meaning(view))]
    skipped, fatal = _options(directives.get("check", ""))
    found += _check_problems(directives.get("check", ""), items)
    found += _rule_problems(view, skipped, fatal)
    asked = asked_for(directives, frontend)
    found += [located(problem, place.node.source) for place, problem in too_new(view, asked, directives)]
    if asked and asked < (1, 10):
        # Until then a mode that cannot be read was ignored without a word.
        found = [replace(problem, severity="warning") if problem.code == "bad-chmod" else problem for problem in found]
    return tuple(sorted(found, key=_line))


def _rule_problems(view: View, skipped: frozenset[str], fatal: bool) -> Iterator[Problem]:
    above = _skips_above(view.items)
    for rule in RULES:
        if rule.name in skipped or _ALL in skipped:
            continue
        for place, what, hints in rule.find(view):
            here = above.get(place.line, frozenset())
            if rule.name not in here and _ALL not in here:
                severity = "error" if fatal else rule.severity
                yield located(Problem(rule.code, severity, "", what, (rule.why,), hints), place.node.source)


def _options(text: str) -> tuple[frozenset[str], bool]:
    """What `# check=` skips, and whether it turns warnings into errors."""
    options = dict(_pair(part) for part in text.split(";") if part.strip())
    names = frozenset(name.strip() for name in options.get("skip", "").split(",") if name.strip())
    return names, options.get("error", "").lower() in {"1", "t", "true"}


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return key.strip(), value.strip()


def _check_problems(text: str, items: tuple[Item, ...]) -> Iterator[Problem]:
    """What is wrong with the `# check=` line itself."""
    line = next((n for n, item in enumerate(items, 1) if isinstance(item, Directive) and item.name == "check"), 1)
    for part in text.split(";"):
        key, _ = _pair(part)
        if part.strip() and key not in {"skip", "experimental", "error"}:
            hints = did_you_mean(key, ("skip", "experimental", "error"))
            yield Problem("bad-directive", "error", f"Dockerfile:{line}", f"check has no option {key!r}", (), hints)


def _skips_above(items: tuple[Item, ...]) -> dict[int, frozenset[str]]:
    """By the line of an instruction, what a `# check=skip=` right above it switches off for it alone."""
    found: dict[int, frozenset[str]] = {}
    pending: frozenset[str] = frozenset()
    for item in items:
        if isinstance(item, Comment):
            match = _SKIP_ABOVE(item.text.strip())
            pending |= _options(match[1])[0] if match else frozenset()
            continue
        if isinstance(item, Instruction) and item.source and pending:
            found[item.source.start_line] = pending
        pending = frozenset()
    return found


def _line(problem: Problem) -> int:
    return problem.span.start_line if problem.span else int(problem.where.rpartition(":")[2] or 0)
