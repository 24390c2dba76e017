"""What the rules of derivation do not know is told, never guessed."""

from __future__ import annotations


class UnknownShapeError(Exception):
    """A release whose files or metadata have a shape that no rule covers; the message says which."""
