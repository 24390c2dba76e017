"""A sentence about the world with where it was read and when."""

from __future__ import annotations

from msgspec import Struct


class Fact(Struct, frozen=True):
    """One fact that an answer rests on."""

    claim: str
    """A sentence, such as `torch 2.9.1 is built for CUDA 12.8 on x86_64`."""
    source: str = ""
    """Where it was read; empty for a rule of this library."""
    date: str = ""
    """When it was read, as ISO date (or as exact as the source is); empty where there is none."""

    def __str__(self) -> str:
        origin = ", ".join(part for part in (self.source, self.date) if part)
        return f"{self.claim} [{origin}]" if origin else self.claim
