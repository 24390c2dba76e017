"""A real shell in a root of its own, where stub programs write down how they were called.

The text that it runs is what BuildKit's own parser reads out of a Dockerfile, to the byte: no path in it is changed,
since the root has the stubs in the places that the text names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlcontainers import Dockerfile

go: Any = import_module("dockerfile")
SHELLS = ("dash", "bash")
REAL = ("sed", "rm", "mkdir", "cat", "env", "chmod", "ln", "mv", "cp", "dirname", "basename", "awk", "nproc")
"""Programs that are what they are everywhere; a text that needs another finds it in neither list and fails."""
STUBS = (
    "/opt/uv/bin/uv",
    "/opt/uv/bin/pip",
    "/opt/micromamba/bin/micromamba",
    "/opt/conda/bin/python3",
    "/opt/venv/bin/python3",
    "/usr/local/bin/python3",
    "/usr/local/bin/python",
    "/usr/local/bin/pip",
    "/usr/bin/apt-get",
    "/usr/bin/install",
    "/usr/bin/curl",
    "/usr/bin/stub",
)
_STUB = """\
#!/bin/sh
{ printf '%s\\0' "$#" "$0" "$@"; env -0; printf '\\0'; } >> /calls
if [ -e "/answers/${0##*/}" ]; then cat "/answers/${0##*/}"; fi
"""


@dataclass(frozen=True)
class Call:
    """A program as it was started."""

    program: str
    arguments: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True)
class Said:
    """What came of one text."""

    calls: tuple[Call, ...]
    files: dict[str, str]
    """What the shell itself wrote, by path."""

    def of(self, program: str, *words: str) -> list[Call]:
        """The calls of a program whose first arguments are these words."""
        called = (call for call in self.calls if call.program.rpartition("/")[2] == program)
        return [call for call in called if call.arguments[: len(words)] == words]


class ShellRoot:
    """A folder that is `/` to the shells: the shells, the stubs, and nothing of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in (*SHELLS, *REAL):
            self._copy(Path(shutil.which(name) or f"/bin/{name}"), f"/bin/{name}")
        (root / "bin" / "sh").symlink_to("dash")
        for path in STUBS:
            self._write(path, _STUB).chmod(0o755)
        self._fresh = self._files()
        chroot = (shutil.which("chroot") or "/usr/sbin/chroot", str(root))
        # Who is not root gets a namespace in which they are.
        self._enter = chroot if os.geteuid() == 0 else (shutil.which("unshare") or "unshare", "-r", *chroot)

    def run(
        self,
        text: str,
        *,
        shell: str = "dash",
        answers: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Said:
        """Run `text` as `sh -c` does; `answers` is what programs print, `files` what is there before.

        Fails with what the shell says where the text ends with another code than 0.
        """
        given = {**{f"/answers/{name}": answer for name, answer in (answers or {}).items()}, **(files or {})}
        try:
            for folder in (
                "/tmp",
                "/etc",
                "/dev/shm",
                "/var/lib/apt/lists",
                "/etc/apt/sources.list.d",
                "/usr/share/keyrings",
            ):
                (self.root / folder[1:]).mkdir(parents=True, exist_ok=True)
            for path, content in given.items():
                self._write(path, content)
            done = subprocess.run(
                [*self._enter, f"/bin/{shell}", "-c", text],
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", **(environment or {})},
                capture_output=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, b""), (text, done)
            return self._said({*given, "/calls"})
        finally:
            self._clean()

    def _said(self, ours: set[str]) -> Said:
        fresh = (path for path in self._files() - self._fresh if path not in ours)
        written = [path for path in fresh if not (self.root / path[1:]).is_symlink()]
        log = self.root / "calls"
        calls = tuple(_calls(log.read_bytes().decode().split("\0"))) if log.exists() else ()
        return Said(calls, {path: (self.root / path[1:]).read_bytes().decode() for path in written})

    def _files(self) -> set[str]:
        return {f"/{path.relative_to(self.root)}" for path in self.root.rglob("*") if not path.is_dir()}

    def _clean(self) -> None:
        for path in self._files() - self._fresh:
            (self.root / path[1:]).unlink()

    def _write(self, path: str, content: str) -> Path:
        file = self.root / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
        return file

    def _copy(self, program: Path, path: str) -> None:
        for file in (program, *_libraries(program)):
            copy = self.root / (path if file == program else str(file))[1:]
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.resolve(), copy)


def shell_texts(dockerfile: Dockerfile) -> list[str]:
    """What each RUN in shell form gives to the shell, as BuildKit's parser reads it."""
    read = go.parse_string(dockerfile.render())
    return [command.value[0] for command in read if command.cmd == "RUN" and not command.json]


def _libraries(program: Path) -> Iterable[Path]:
    said = subprocess.run(("ldd", program), capture_output=True, text=True, check=True).stdout
    return map(Path, re.findall(r"(/\S+) \(", said))


def _calls(fields: list[str]) -> Iterable[Call]:
    """Number of arguments, program, arguments, environment, nothing."""
    position = 0
    while position < len(fields) - 1:
        count = int(fields[position])
        program, *arguments = fields[position + 1 : position + 2 + count]
        end = fields.index("", position + 2 + count)
        pairs = (entry.partition("=") for entry in fields[position + 2 + count : end])
        yield Call(program, tuple(arguments), {name: value for name, _, value in pairs})
        position = end + 1
