"""In which order are layers written? By how often they change, as far as that is legal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.layers import Volatility

if TYPE_CHECKING:
    from mlcontainers.layers import Layer


def written_order(layers: tuple[Layer, ...]) -> tuple[int, ...]:
    """Positions of the layers in the order they are written.

    Layers of which everything is known are sorted by volatility and keep the user's order within it. Nothing is
    known about a shell command, so nothing moves past one.
    """
    section = 0
    keys: list[tuple[int, int, int]] = []
    for position, layer in enumerate(layers):
        if layer.volatility is Volatility.BARRIER:
            section += 1
            keys.append((section, 0, position))
            section += 1
        else:
            keys.append((section, layer.volatility, position))
    return tuple(position for _, _, position in sorted(keys))
