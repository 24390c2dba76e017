"""What a build must not leave behind: programs, containers, images without a name, files."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines.containers import docker

if TYPE_CHECKING:
    import pytest

MARK = "MLC_TEST_MARK"
"""The variable by which a test knows the processes that it started."""


def marked(mark: str) -> list[str]:
    """Programs that were started from here and still run."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and mark in (process / "environ").read_text(errors="replace"):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


class Leftovers:
    """Looks after builds of images that have one label, which temporary files are made for in one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.word = uuid.uuid4().hex
        self.label = {"of-test": self.word}
        self.folder = folder / "temporary"
        self.folder.mkdir()
        monkeypatch.setenv("TMPDIR", str(self.folder))
        monkeypatch.setattr("tempfile.tempdir", str(self.folder))
        monkeypatch.setenv(MARK, self.word)

    def images(self) -> set[str]:
        """Tags of the images that the engine has; `<none>` for one without a name."""
        return set(self._listed("image", "ls", "--format={{.Tag}}"))

    def containers(self) -> list[str]:
        """Of these images, also those that do not run."""
        return self._listed("ps", "--format={{.Names}}")

    def found(self) -> list[str]:
        """All that should not be there."""
        nameless = [f"image {tag}" for tag in self.images() if tag == "<none>"]
        return [*map(str, self.folder.iterdir()), *self.containers(), *nameless, *marked(self.word)]

    def _listed(self, *command: str) -> list[str]:
        return docker(*command, "--all", f"--filter=label=of-test={self.word}").stdout.split()
