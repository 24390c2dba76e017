"""`--cuda` with and without a version: the parser below wants one or the other, people write both."""

from __future__ import annotations

import re

NEWEST = "newest"
"""What stands for a version that was left out."""
_OPTIONS = ("--cuda", "--rocm")
_LIKE_A_VERSION = re.compile(rf"v?[0-9]|cu[0-9]|{NEWEST}$").match


def spelled_out(arguments: list[str]) -> list[str]:
    """`pin torch --cuda` as `pin torch --cuda=newest`, and `--cuda 12.8` as `--cuda=12.8`.

    A word behind the option is its value where it looks like a version; requirements begin with a name.
    """
    if not arguments or arguments[0] != "pin":
        return arguments
    spelled: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*spelled, word, *rest]
        if word in _OPTIONS:
            value = rest.pop(0) if rest and _LIKE_A_VERSION(rest[0]) else NEWEST
            word = f"{word}={value}"
        spelled.append(word)
    return spelled
