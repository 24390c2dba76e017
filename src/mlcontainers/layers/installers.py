"""The programs that install packages, and how each is told what to do."""

from __future__ import annotations

from typing import Literal

from mlcontainers.layers.model import Model
from mlcontainers.values.quoting import shell


class Installer(Model, frozen=True):
    """What installs packages. It is mounted while it is needed, and is in no layer of the image."""

    program: Literal["uv", "pip"] = "uv"
    bytecode: bool = True
    """Compile packages to bytecode while building: a larger image and a longer build, a shorter start each time."""

    @property
    def home(self) -> str:
        """Where it is mounted."""
        return f"/opt/{self.program}"

    @property
    def cache(self) -> str:
        """Said to it, too: it would follow HOME, and leave gigabytes in a layer where that is set."""
        return f"/root/.cache/{self.program}"

    def run(self, verb: str, interpreter: str) -> str:
        """It with one of the verbs that both know (`install`, `freeze`, `check`), for this Python."""
        if self.program == "uv":
            # Without a place for it, it makes a cache below HOME also for a verb that fetches nothing.
            cache = "" if verb == "install" else " --no-cache"
            # By a bare name it would look among virtual environments alone, and find none.
            python = interpreter if "/" in interpreter else f'"$(command -v {interpreter})"'
            return f"{self.home}/bin/uv pip {verb} --python={python}{cache}"
        return f"{interpreter} {self.home}/pip {verb}"

    @property
    def hashed_bytecode(self) -> str:
        """The variable by which it compiles to bytecode that names its source's hash instead of its time."""
        return "PYC_INVALIDATION_MODE=UNCHECKED_HASH" if self.program == "uv" else "SOURCE_DATE_EPOCH=0"

    @property
    def options(self) -> str:
        """What every install is told."""
        if self.program == "uv":
            return f"--cache-dir={self.cache} --link-mode=copy{' --compile-bytecode' if self.bytecode else ''}"
        told = f"--cache-dir={self.cache} --no-input --disable-pip-version-check --root-user-action=ignore"
        return f"{told}{'' if self.bytecode else ' --no-compile'}"

    def only_from(self, url: str) -> str:
        """The option for one index instead of the Python index."""
        return f"--{'default-index' if self.program == 'uv' else 'index-url'}={shell(url)}"


def wheels_in(folder: str, program: str) -> str:
    """The options for a folder of wheels and nothing else.

    uv has them in its cache by name and version, and takes what lies there, also where the file has become another.
    """
    return f"--no-index --find-links={folder}{' --refresh' if program == 'uv' else ''}"
