"""Where packages come from. It never changes what the image is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sources:
    """Where packages come from on this machine: planning stays the same, only addresses differ.

    The default is what everybody has: the Python index and the frameworks' own wheel indexes.
    """

    host_settings: bool = False
    """Install steps mount the builder's pip and uv settings and CA bundle as build secrets."""
    wheelhouse: tuple[str, ...] = ()
    """File names of the wheels in a local folder that the build gets as the named context `wheelhouse`."""
    mirrors: tuple[tuple[str, str], ...] = ()
    """Index names (`pytorch`) and the URL that is used instead of theirs."""

    def mirror(self, name: str) -> str | None:
        """The URL that stands for the index of this name, if any."""
        return dict(self.mirrors).get(name)
