"""Runs inside an image: what its framework says of CUDA, and which CUDA libraries lie in it. Prints JSON.

`python - PROGRAM < cuda_probe.py`, where PROGRAM leaves what the framework says in `told`; standard library alone.
"""

from __future__ import annotations

import json
import struct
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path


def soname(path: Path) -> str:
    """What a shared library calls itself (DT_SONAME), or nothing: System V ABI, chapter 5; 64 bits, little-endian."""
    with path.open("rb") as file:
        head = file.read(64)
        if head[:6] != b"\x7fELF\x02\x01":
            return ""
        offset, size, count = *struct.unpack_from("<Q", head, 32), *struct.unpack_from("<HH", head, 54)
        file.seek(offset)
        table = file.read(size * count)
        segments = [struct.unpack_from("<IIQQQQ", table, size * n) for n in range(count)]
        dynamic = next((segment for segment in segments if segment[0] == 2), None)
        if dynamic is None:
            return ""
        file.seek(dynamic[2])
        entries = dict(struct.iter_unpack("<QQ", file.read(dynamic[5] // 16 * 16)))
        if 14 not in entries:
            return ""
        address = entries[5] + entries[14]
        load = next(one for one in segments if one[0] == 1 and one[3] <= address < one[3] + one[5])
        file.seek(load[2] + address - load[3])
        return file.read(256).split(b"\0")[0].decode()


def libraries() -> dict[str, list[str]]:
    """By soname the files of NVIDIA's libraries, wherever they are in the image."""
    found: dict[str, set[str]] = {}
    for root in (sysconfig.get_path("purelib"), "/usr", "/opt"):
        for path in Path(root).rglob("*.so*"):
            if path.is_file() and not path.is_symlink():
                name = soname(path)
                if name.startswith(("libcu", "libnv", "libnccl")):
                    found.setdefault(name, set()).add(str(path.resolve()))
    return {name: sorted(paths) for name, paths in sorted(found.items())}


def main() -> None:
    names: dict[str, object] = {}
    exec(sys.argv[1], names)
    installed = {one.metadata["Name"].lower(): one.version for one in distributions()}
    print(json.dumps({"told": names["told"], "installed": installed, "libraries": libraries()}))


if __name__ == "__main__":
    main()
