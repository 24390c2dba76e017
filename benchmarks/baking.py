"""Six images that share a base and a framework: one run of the builder for all, against six builds in turn.

Needs an engine. Each round has its own first step, so that nothing below it is in the cache. The images are neither
verified nor loaded: what is compared is the building.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from mlcontainers import Image, build, build_all

ROUNDS = 3
LIGHT = ("iniconfig", "six", "toolz", "click", "attrs", "wcwidth")


def images() -> list[Image]:
    """scikit-learn below, one small package and the code above."""
    shared = Image.from_cpu(python="3.11").add_run(f"echo {uuid4()}").add_sklearn()
    return [shared.add_pip(name).add_files("app.py", "/app") for name in LIGHT]


def in_turn(some: list[Image], context: Path) -> float:
    """Seconds of one build after the other."""
    started = time.monotonic()
    for image in some:
        build(image, context=context, host_settings=True, load=False, verify=False)
    return time.monotonic() - started


def at_once(some: list[Image], context: Path) -> float:
    """Seconds of one run for all."""
    started = time.monotonic()
    answers = build_all(some, context=context, host_settings=True, load=False, verify=False)
    assert all(answer.state == "built" for answer in answers), [str(answer.error) for answer in answers]
    return time.monotonic() - started


def main() -> int:
    """0 where one run for all is faster, cold and after a change of the code."""
    ratios: dict[str, list[tuple[float, float]]] = {"cold": [], "code changed": []}
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        for _ in range(ROUNDS):
            turn, once = images(), images()
            for kind, pairs in ratios.items():
                (context / "app.py").write_text(f"print({str(uuid4())!r})\n")
                pairs.append((in_turn(turn, context), at_once(once, context)))
                print(f"{kind}: in turn {pairs[-1][0]:.1f} s, at once {pairs[-1][1]:.1f} s", flush=True)
    worse = False
    for kind, pairs in ratios.items():
        turns, onces = zip(*pairs, strict=True)
        ratio = statistics.median(once / turn for turn, once in pairs)
        worse = worse or ratio >= 1
        print(
            f"{kind}: medians {statistics.median(turns):.1f} s in turn, {statistics.median(onces):.1f} s at once,"
            f" ratio {ratio:.2f}"
        )
    return int(worse)


if __name__ == "__main__":
    sys.exit(main())
