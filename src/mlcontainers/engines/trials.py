"""What a service is lent when it is tried: variables and a network, without which some cannot start.

The values may be secrets. They are in no report, event, log of ours or `repr`: where the program repeats one, it is
hidden. They are given to the container alone, which is removed, and not to the programs that look at the image.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from mlcontainers.errors import InvalidValueError, Problem
from mlcontainers.values.names import env_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SHORTEST = 4
"""Characters of a value that is hidden: a shorter one keeps nothing secret, and stands in every other word."""
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII).fullmatch


class Trial:
    """`verify=Trial(env={"TOKEN": None, "MODE": "small"}, network="backend")`; the value None lends your own variable.

    `network` is one that the engine has. Raises InvalidValueError for what cannot be lent.
    """

    __slots__ = ("_env", "network")

    def __init__(self, *, env: Mapping[str, str | None] | None = None, network: str | None = None) -> None:
        self._env = {env_name(name): _own(name) if value is None else value for name, value in (env or {}).items()}
        self.network = None if network == "none" else network
        if self.network is not None and (self.network == "host" or not _NETWORK(self.network)):
            what = f"a service cannot be tried in the network {self.network!r}"
            because = ("its ports would be those of all programs of the host",) if self.network == "host" else ()
            hint = "name one of `docker network ls`, as in network='bridge'"
            raise InvalidValueError(Problem("bad-network", "error", "network", what, because, (hint,)))

    def __repr__(self) -> str:
        return f"Trial(env={self.names!r}, network={self.network!r})"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the variables that it is lent."""
        return tuple(sorted(self._env))

    @property
    def options(self) -> dict[str, Any]:
        """Those of its container, in the words of the Docker SDK, over those of one that is lent nothing."""
        network: dict[str, Any] = {"network": self.network, "network_mode": None} if self.network else {}
        return {**network, **({"environment": dict(self._env)} if self._env else {})}

    def told(self) -> str:
        """What it is lent, in words; empty where that is nothing."""
        names = [f"variable {name}" for name in self.names]
        return ", ".join([*names, *([f"network {self.network}"] if self.network else [])])

    def hidden(self, text: str) -> str:
        """A text of the program's without the values that it was lent."""
        for value in sorted(_pieces(self._env.values()), key=len, reverse=True):
            text = text.replace(value, "***")
        return text


def _own(name: str) -> str:
    if name in os.environ:
        return os.environ[name]
    what = f"there is no variable {name} to lend"
    raise InvalidValueError(Problem("unset-variable", "error", "env", what, (), ("set it, or give a value",)))


def _pieces(values: Iterable[str]) -> set[str]:
    """A log is read line by line, and so is a value of several."""
    return {piece for value in values for piece in (value, *value.splitlines()) if len(piece) >= _SHORTEST}
