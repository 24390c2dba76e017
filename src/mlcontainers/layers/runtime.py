"""What frameworks need beside themselves: threads that fit the container, and proof of what is installed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mlcontainers.dockerfile import Comment, Run, ShellForm
from mlcontainers.layers.installing import CONSTRAINTS, installer_mount, scratch_mounts
from mlcontainers.values.quoting import shell

if TYPE_CHECKING:
    from mlcontainers.dockerfile import Instruction
    from mlcontainers.layers.installers import Installer

THREADS = """\
import os
def read(name):
    try: return open("/sys/fs/cgroup/" + name).read().split()
    except OSError: return []
limit = read("cpu.max") or read("cpu/cpu.cfs_quota_us") + read("cpu/cpu.cfs_period_us")
pools = ("OMP_NUM", "RAYON_NUM", "TF_NUM_INTEROP", "TF_NUM_INTRAOP")
for name in pools if limit and limit[0] not in ("max", "-1") else ():
    os.environ.setdefault(name + "_THREADS", str(-(-int(limit[0]) // int(limit[1]))))
"""
"""Every Python of the image runs it before anything else: libraries count the cores of the machine, not the limit."""
_SITE = 'import sysconfig; print(sysconfig.get_path("purelib"))'
_COMPARE = (
    "import os, sys",
    "names = [name for folder in reversed(sys.path) if os.path.isdir(folder) for name in os.listdir(folder)]",
    'pairs = [name[:-10].rpartition("-") for name in names if name.endswith(".dist-info")]',
    'found = {name.lower().replace("_", "-").replace(".", "-"): text for name, _, text in pairs}',
    f'planned = [line.split("==") for line in open("{CONSTRAINTS}").read().split()]',
    "wrong = [(name, found.get(name), text) for name, text in planned if found.get(name) != text]",
    'raise SystemExit("\\n".join("{} {} is installed, planned was {}".format(*each) for each in wrong) or None)',
)
"""Names and versions are those of the folders that installers write: to read the metadata takes eight times as long."""


@lru_cache(maxsize=16)
def threads(interpreter: str) -> tuple[Instruction | Comment, ...]:
    """A module that Python loads at its start, by a `.pth` file beside it."""
    lines = [shell(line) for line in THREADS.splitlines()]
    return (
        Comment("As many threads as the container's CPU limit allows: libraries would count the machine's cores."),
        Run.shell(
            f"site=\"$({interpreter} -Bc '{_SITE}')\"",
            "&& echo 'import container_threads' > \"$site/container_threads.pth\"",
            "&& printf '%s\\n'",
            *lines,
            '> "$site/container_threads.py"',
            # By the hash of its source: the next start of Python would write its time into a later layer.
            f'&& {interpreter} -Bm compileall -q --invalidation-mode=unchecked-hash "$site/container_threads.py"',
        ),
    )


_REMARK = Comment("What is installed is what was planned, and fits together; otherwise the build ends here.")


@lru_cache(maxsize=16)
def compared(interpreter: str, installer: Installer) -> tuple[Instruction | Comment, ...]:
    """A step that changes nothing: it fails where what is installed is not what was planned."""
    mounts = (installer_mount(installer), *scratch_mounts(installer))
    return (_REMARK, Run.shell(*_checks(interpreter, installer), mounts=mounts))


@lru_cache(maxsize=256)
def compared_within(
    items: tuple[Instruction | Comment, ...], interpreter: str, installer: Installer
) -> tuple[Instruction | Comment, ...]:
    """The same at the end of a step that installs, which spares the start of a container in every rebuild."""
    *before, last = items
    assert isinstance(last, Run) and isinstance(last.command, ShellForm)
    first, *others = _checks(interpreter, installer)
    return (*before, _REMARK, Run.shell(*last.command.pieces, f"&& {first}", *others, mounts=last.mounts))


def _checks(interpreter: str, installer: Installer) -> tuple[str, ...]:
    first, *others = comparison(interpreter)
    return installer.run("check", interpreter), f"&& {first}", *others


@lru_cache(maxsize=16)
def comparison(interpreter: str) -> list[str]:
    """A command that fails where what is installed is not what was planned, and names both."""
    first, *others = shell(";\n".join(_COMPARE)).splitlines()
    return [f"{interpreter} -Bc {first}", *others]
