"""Read which GPUs PyTorch's wheels have code for: `python tasks/capabilities.py VERSION...` adds them to the facts.

A wheel tells it itself: what `torch.cuda.get_arch_list()` answers stands in its `libtorch_python.so`, of which some
9 MB are read by ranges. Only the wheels of the Python index are within reach, so only the default CUDA of a release.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from mlcontainers import catalogue
from mlcontainers.engines.index import Index
from mlcontainers.facts.deriving.files import releases
from mlcontainers.facts.store import Store
from mlcontainers.facts.writing import save

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlcontainers.facts.deriving.files import ReleaseFiles

DATA = Path(__file__).parent.parent / "src" / "mlcontainers" / "facts" / "data"
TABLE = "torch-capabilities"
SOURCE = "wheel-arch-flags"
_FLAGS = re.compile(r"(?:(?:sm|compute)_[0-9]+[af]? ?){3,}").search


def main() -> int:
    with Index() as index:
        found = releases("torch", index.page("torch"))
        records = [record for version in sys.argv[1:] for record in _read(index, found[Version(version)], version)]
    known = {str(record["key"]): record for record in Store(DATA).records("tables", TABLE)}
    for record in records:
        print(record["key"], "has", *record["capabilities"], "" if record["key"] not in known else "(known)")
    today = datetime.now(UTC).date().isoformat()
    # What was known is kept: it may tell of PTX too.
    together = {record["key"]: record for record in (*records, *known.values())}
    save(DATA, "tables", TABLE, {"as_of": today, "table": TABLE}, together.values())
    return 0


def _read(index: Index, release: ReleaseFiles, version: str) -> Iterator[dict[str, Any]]:
    known = catalogue().release("torch", version)
    for machine in ("x86_64", "aarch64"):
        cuda = next((wheels.cuda for wheels in known.wheels(machine) if wheels.cuda), None) if known else None
        wheel = next((wheel.file for wheel in release.wheels if wheel.file.name.endswith(f"{machine}.whl")), None)
        if cuda is None or wheel is None:
            continue
        flags = _FLAGS(index.content(wheel, "torch/lib/libtorch_python.so"))
        if flags is None:
            raise SystemExit(f"{wheel.name} does not tell its architectures as others do")
        series = ".".join(version.split(".")[:2])
        yield {
            "key": f"torch {series} {cuda.label} {machine} capabilities",
            "kind": "capabilities",
            "torch": series,
            "cuda": str(cuda),
            "machine": machine,
            "capabilities": list(_capabilities(flags[0].split())),
            "sources": {"*": SOURCE},
        }


def _capabilities(flags: list[str]) -> Iterator[str]:
    """`sm_120` is machine code for 12.0, `compute_120` beside it PTX."""
    for flag in flags:
        kind, _, number = flag.partition("_")
        if kind == "sm":
            ptx = "+PTX" if f"compute_{number}" in flags else ""
            yield f"{number[:-1]}.{number[-1]}{ptx}"


if __name__ == "__main__":
    sys.exit(main())
