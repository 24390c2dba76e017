"""In which order are layers written? By what needs what, and how often they change, as far as that is legal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlcontainers.layers import Volatility

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlcontainers.layers import Layer
    from mlcontainers.planners.questions import Chosen


def written_order(layers: tuple[Layer, ...], depths: Mapping[int, int] | None = None) -> tuple[int, ...]:
    """Positions of the layers in the order they are written.

    Layers of which everything is known are sorted by volatility, then by what needs what (`depths`), and keep the
    user's order within it. Nothing is known about a shell command, so nothing moves past one.
    """
    depths = depths or {}
    section = 0
    keys: list[tuple[int, int, int, int]] = []
    for position, layer in enumerate(layers):
        if layer.volatility is Volatility.BARRIER:
            section += 1
            keys.append((section, 0, 0, position))
            section += 1
        else:
            keys.append((section, layer.volatility, depths.get(position, 0), position))
    return tuple(position for *_, position in sorted(keys))


def depths(groups: Sequence[tuple[str, ...]], packages: Sequence[Chosen]) -> dict[int, int]:
    """For each group of projects how many groups must stand before it, one behind the other.

    Who needs torch is installed after it: alone it would bring whichever build its installer likes best.
    """
    if sum(map(bool, groups)) < 2:
        return {}
    needs = {package.project: {need.name for need in package.needs} for package in packages}
    reached = [_reached(group, needs) for group in groups]

    def behind(position: int) -> set[int]:
        """The groups that this one needs; two that need each other keep their order."""
        own = set(groups[position])
        return {
            other
            for other, group in enumerate(groups)
            if other != position and reached[position] & set(group) and not reached[other] & own
        }

    before = {position: behind(position) for position, group in enumerate(groups) if group}
    found: dict[int, int] = {}
    for _ in groups:  # the longest chain has one link fewer than there are groups
        found = {
            position: 1 + max((found.get(n, 0) for n in needed), default=-1) for position, needed in before.items()
        }
    return found


def too_late(
    groups: Sequence[tuple[str, ...]], order: Sequence[int], packages: Sequence[Chosen]
) -> tuple[int, int, str] | None:
    """A group that needs what is written behind it, behind a shell command; the other group; and the project."""
    if not (ranks := depths(groups, packages)):
        return None
    needs = {package.project: {need.name for need in package.needs} for package in packages}
    for place, position in enumerate(order):
        for later in order[place + 1 :]:
            needed = _reached(groups[position], needs).intersection(groups[later])
            if needed and ranks[later] < ranks[position]:  # else each needs the other
                return position, later, min(needed)
    return None


def _reached(group: tuple[str, ...], needs: Mapping[str, set[str]]) -> set[str]:
    """All that these projects need, and what that needs."""
    reached: set[str] = set()
    waiting = list(group)
    while waiting:
        fresh = needs.get(waiting.pop(), set()) - reached
        reached |= fresh
        waiting += fresh
    return reached
