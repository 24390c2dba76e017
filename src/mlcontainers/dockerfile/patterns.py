"""The patterns of `${name#pattern}`, `${name%pattern}` and `${name/pattern/text}`: `*` and `?`, nothing else."""

from __future__ import annotations

import re
from functools import lru_cache


class BadPatternError(ValueError):
    """A pattern that builders refuse; its argument is the reason."""


def without_prefix(value: str, pattern: str) -> str:
    """`#p` takes the shortest match off the front, `##p` the longest."""
    pattern, greedy = _greedy(pattern, "#")
    found = _compiled(pattern, greedy).match(value)
    return value[found.end() :] if found else value


def without_suffix(value: str, pattern: str) -> str:
    """`%p` takes the shortest match off the end, `%%p` the longest."""
    pattern, greedy = _greedy(pattern, "%")
    # A search finds the leftmost match; the shortest at the end is the leftmost of the mirrored text.
    found = _compiled(_mirrored(pattern), greedy).match(value[::-1])
    return value[: len(value) - found.end()] if found else value


def replaced(value: str, pattern: str, text: str, *, every: bool) -> str:
    """`/p/text` replaces the first match, `//p/text` all."""
    return _compiled(pattern, True).sub(lambda _: text, value, count=0 if every else 1)


def _greedy(pattern: str, mark: str) -> tuple[str, bool]:
    return (pattern[1:], True) if pattern[:1] == mark else (pattern, False)


@lru_cache(maxsize=256)
def _compiled(pattern: str, greedy: bool) -> re.Pattern[str]:
    out: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "\\":
            following = pattern[position : position + 1]
            if following in {"}", "/"}:
                continue  # Escaped for the braces around it, not for the pattern.
            if following not in {"*", "?", "\\"}:
                raise BadPatternError(f"the pattern {pattern!r} holds the escape '\\{following}'")
            out.append(re.escape(following))
            position += 1
        else:
            out.append({"*": ".*" if greedy else ".*?", "?": "."}.get(character) or re.escape(character))
    return re.compile("".join(out))


def _mirrored(pattern: str) -> str:
    """The pattern back to front, each escape still before its character."""
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join(reversed(pieces))
