"""All that is wrong with a Dockerfile, told at once: syntax, instructions, meaning, and BuildKit's own checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlcontainers.dockerfile.dockerfile import Dockerfile
from mlcontainers.dockerfile.frontends import NEWEST, asked_for, too_new
from mlcontainers.dockerfile.items import Directive
from mlcontainers.dockerfile.lexer import read_directive
from mlcontainers.dockerfile.locating import located
from mlcontainers.dockerfile.meaning import meaning
from mlcontainers.dockerfile.parser import read
from mlcontainers.dockerfile.rules import RULES
from mlcontainers.dockerfile.scopes import View
from mlcontainers.errors import Problem, Span
from mlcontainers.values.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlcontainers.dockerfile.frontends import Version
    from mlcontainers.dockerfile.items import Item
    from mlcontainers.dockerfile.rules import Rule

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_ALL = "all"
_OPTIONS = ("skip", "experimental", "error")


def check_all(
    dockerfile: Dockerfile | str | bytes, *, frontend: str = NEWEST, ignore: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """Every problem of a text, in the order of its lines; see `mlcontainers.dockerfile.check`."""
    text = dockerfile.render() if isinstance(dockerfile, Dockerfile) else dockerfile
    items, problems = read(text)
    directives = {item.name: item.value for item in items if isinstance(item, Directive)}
    asked = asked_for(directives, frontend)
    view = View(items, directives.get("escape", "\\"), ignore=tuple(ignore))
    found = [*problems, *(located(problem, place.node.source) for place, problem in meaning(view))]
    found += [located(problem, place.node.source) for place, problem in too_new(view, asked, directives)]
    options, wrong = _options(directives.get("check", ""))
    found += [_at_directive(problem, items) for problem in wrong]
    found += _rule_problems(view, options, asked)
    if asked and asked < (1, 10):
        # Until then a mode that cannot be read was ignored without a word.
        found = [replace(problem, severity="warning") if problem.code == "bad-chmod" else problem for problem in found]
    return tuple(sorted(found, key=_line))


@dataclass(frozen=True)
class _Options:
    """What `# check=` asks for."""

    skip: frozenset[str] = frozenset()
    experimental: frozenset[str] = frozenset()
    fatal: bool = False
    """Whether every finding is an error."""

    def admit(self, rule: Rule) -> bool:
        """Whether a rule is asked for: experimental ones only where somebody names them."""
        if rule.experimental:
            return not self.experimental.isdisjoint((rule.name, _ALL))
        return self.skip.isdisjoint((rule.name, _ALL))


def _rule_problems(view: View, options: _Options, asked: Version | None) -> Iterator[Problem]:
    # Comments above an instruction count since frontend 1.21.
    above = _options_above(view) if asked is None or asked >= (1, 21) else {}
    named_above = frozenset(name for here in above.values() for name in here.experimental)
    for rule in RULES:
        if rule.experimental and options.experimental | named_above == frozenset():
            continue
        for place, what, hints in rule.find(view):
            here = above.get(place.line, _Options())
            merged = _Options(options.skip | here.skip, options.experimental | here.experimental)
            if merged.admit(rule):
                severity = "error" if options.fatal else rule.severity
                yield located(Problem(rule.code, severity, "", what, (rule.why,), hints), place.node.source)


def _options(text: str) -> tuple[_Options, list[Problem]]:
    """What a `# check=` line asks for, and what is wrong with it."""
    given: dict[str, str] = {}
    wrong: list[Problem] = []
    for part in text.split(";", 2) if text.strip() else ():
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals or key not in _OPTIONS:
            wrong.append(_problem(f"check has no option {key!r}", *did_you_mean(key, _OPTIONS)))
            continue
        given[key] = value.strip()
        if key == "error" and value.strip() not in _TRUE | _FALSE:
            wrong.append(_problem(f"error={value.strip()} is neither true nor false", "error=true"))
    return _Options(_names(given, "skip"), _names(given, "experimental"), given.get("error") in _TRUE), wrong


def _names(given: dict[str, str], key: str) -> frozenset[str]:
    return frozenset(name.strip() for name in given.get(key, "").split(",") if name.strip())


def _problem(what: str, *hints: str) -> Problem:
    return Problem("bad-directive", "error", "", what, (), hints)


def _at_directive(problem: Problem, items: tuple[Item, ...]) -> Problem:
    line = next((n for n, item in enumerate(items, 1) if isinstance(item, Directive) and item.name == "check"), 1)
    return replace(problem, where=f"Dockerfile:{line}", span=Span(line, line))


def _options_above(view: View) -> dict[int, _Options]:
    """By the line of an instruction, what the first `# check=` among its comments asks for it alone."""
    found: dict[int, _Options] = {}
    for line, comments in view.comments.items():
        for comment in comments:
            directive = read_directive(f"#{comment}")
            if directive and directive[0] == "check":
                options, wrong = _options(directive[1].split(" ")[0])
                if not wrong:
                    found[line] = options
                break
    return found


def _line(problem: Problem) -> int:
    return problem.span.start_line if problem.span else int(problem.where.rpartition(":")[2] or 0)
