"""Sizes as people read them."""

from __future__ import annotations


def human_size(size: int) -> str:
    """Bytes in decimal units, three digits: `1.23 GB`, as Docker prints them."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            return f"{value:.3g} {unit}"
    raise AssertionError(size)
