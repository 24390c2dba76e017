"""What a wheel's METADATA asks for, on one machine and one Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[^A-Za-z0-9._-]")


class Metadata:
    """The requirements in one METADATA file, in PEP 508's terms: spellings differ from release to release."""

    def __init__(self, text: str) -> None:
        raw, _ = parse_email(text)
        self.requirements: list[Requirement] = []
        self.unreadable: set[str] = set()
        """Projects that are required in a way from before PEP 440, such as `torch (>=1.9.*)`."""
        for line in raw.get("requires_dist", ()):
            try:
                self.requirements.append(Requirement(line))
            except InvalidRequirement:
                self.unreadable.add(canonicalize_name(_NAME.split(line, 1)[0]))

    def in_force(self, machine: str, python: int, extra: str = "") -> Iterator[tuple[str, Requirement]]:
        """Normal name and requirement, of those that hold on Linux; with an extra only those that it adds."""
        environment = _environment(machine, python)
        for requirement in self.requirements:
            without = requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""})
            if extra:
                adds = requirement.marker is not None and requirement.marker.evaluate({**environment, "extra": extra})
                wanted = adds and not without
            else:
                wanted = without
            if wanted:
                yield canonicalize_name(requirement.name), requirement

    def extras(self) -> set[str]:
        """The extras that some requirement names, in normal form."""
        found: set[str] = set()
        for requirement in self.requirements:
            text = str(requirement.marker or "")
            for piece in text.split("extra == ")[1:]:
                found.add(canonicalize_name(piece[1:].partition(piece[0])[0]))
        return found


def _environment(machine: str, python: int) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "implementation_version": f"3.{python}.0",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"3.{python}.0",
        "python_version": f"3.{python}",
        "sys_platform": "linux",
    }
