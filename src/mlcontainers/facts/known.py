"""Three answers: yes, no, and unknown."""

from __future__ import annotations

from enum import Enum


class Known(Enum):
    """What the facts say to a question. What is newer than they are, or has no row, is unknown, never no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, answer: bool | None) -> Known:
        """From a plain answer; `None` is unknown."""
        if answer is None:
            return cls.UNKNOWN
        return cls.YES if answer else cls.NO

    def __and__(self, other: Known) -> Known:
        """Both: one no settles it."""
        if Known.NO in (self, other):
            return Known.NO
        return Known.UNKNOWN if Known.UNKNOWN in (self, other) else Known.YES

    def __or__(self, other: Known) -> Known:
        """Either: one yes settles it."""
        if Known.YES in (self, other):
            return Known.YES
        return Known.UNKNOWN if Known.UNKNOWN in (self, other) else Known.NO

    def __bool__(self) -> bool:
        """Refused, since unknown is neither true nor false."""
        raise TypeError("unknown is neither true nor false: compare with Known.YES or Known.NO")
