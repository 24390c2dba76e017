"""Ratios of reading, writing and editing Dockerfiles, against two peers and against size, in the same run.

The peers are `dockerfile`, which wraps the Go parser of BuildKit 0.12.5 and reads only, and the raw structure of
dockerfile-parse, which splits lines and misreads 15 % of real files.
"""

from __future__ import annotations

import io
import time
import timeit
import tracemalloc
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dockerfile_parse import DockerfileParser

from mlcontainers.dockerfile import Dockerfile

if TYPE_CHECKING:
    from collections.abc import Callable

go: Any = import_module("dockerfile")
HERE = Path(__file__).parent
TYPICAL, DENSE = HERE / "typical.Dockerfile", HERE / "dense.Dockerfile"
"""40 lines each: long RUNs over several lines, as in most images; and an instruction on nearly every line."""
MEBIBYTE = 1 << 20


def structure(content: bytes) -> object:
    """What dockerfile-parse makes of a file, in memory."""
    stream: Any = io.BytesIO(content)
    return DockerfileParser(fileobj=stream).structure


def seconds(call: Callable[[], object]) -> float:
    """The best of many, in processor time: what the machine allows when nothing disturbs it."""
    call()
    timer = timeit.Timer(call, timer=time.process_time)
    number = max(1, int(0.02 / max(timer.timeit(1), 1e-6)))
    return min(timer.repeat(number=number, repeat=11)) / number


def peak(call: Callable[[], object]) -> int:
    """Bytes that Python holds at most while it runs."""
    call()
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def against_peers(path: Path) -> None:
    text = path.read_text()
    parse = seconds(lambda: Dockerfile.parse(text))
    print(f"{path.stem}: {text.count(chr(10))} lines, {len(Dockerfile.parse(text).instructions)} instructions")
    print(f"  parse / dockerfile (Go):           {parse / seconds(lambda: go.parse_string(text)):.2f}")
    print(f"  parse / dockerfile-parse, raw:     {parse / seconds(lambda: structure(text.encode())):.2f}")
    ours, theirs = peak(lambda: Dockerfile.parse(text)), peak(lambda: structure(text.encode()))
    print(f"  peak memory / dockerfile-parse:    {ours / theirs:.2f}")


def fresh(document: Dockerfile) -> Dockerfile:
    """The same document, which does not remember its text yet."""
    return Dockerfile(document.items)


def edited(document: Dockerfile) -> Dockerfile:
    """One edit in the middle of a file."""
    return document.with_env("EDITED", "1", stage=len(document.stages) // 2)


def against_size() -> None:
    """The cost of a line in a long file over that in a short one; 1 means flat."""
    once = TYPICAL.read_text()
    long = once * 1000
    small, large = Dockerfile.parse(once), Dockerfile.parse(long)
    print(f"a line of {long.count(chr(10))} over a line of {once.count(chr(10))}")
    for name, of_small, of_large in (
        ("parse", lambda: Dockerfile.parse(once), lambda: Dockerfile.parse(long)),
        ("parse, dockerfile-parse", lambda: structure(once.encode()), lambda: structure(long.encode())),
        ("render", lambda: fresh(small).render(), lambda: fresh(large).render()),
        ("edit and render", lambda: edited(small).render(), lambda: edited(large).render()),
        ("format", small.formatted, large.formatted),
    ):
        print(f"  {name + ':':<34} {seconds(of_large) / seconds(of_small) / 1000:.2f}")


def with_a_large_heredoc() -> None:
    """A heredoc of 1 MiB over the work that nobody can spare: splitting its lines and joining them."""
    body = "print('a line of some length, as programs have them')\n" * (MEBIBYTE // 54)
    text = f"FROM x\nRUN <<'EOF'\n{body}EOF\nUSER 1000\n"
    document = Dockerfile.parse(text)
    least = seconds(lambda: "\n".join(text.split("\n")))
    parse = seconds(lambda: Dockerfile.parse(text))
    print("a heredoc of 1 MiB over splitting and joining its lines")
    print(f"  parse:                             {parse / least:.2f}")
    print(f"  render:                            {seconds(lambda: fresh(document).render()) / least:.2f}")
    print(f"  edit and render:                   {seconds(lambda: edited(document).render()) / least:.2f}")
    print(f"  parse / dockerfile (Go):           {parse / seconds(lambda: go.parse_string(text)):.5f}")
    print(f"  peak memory / size:                {peak(lambda: Dockerfile.parse(text)) / len(text):.2f}")


def main() -> None:
    against_peers(TYPICAL)
    against_peers(DENSE)
    against_size()
    with_a_large_heredoc()


if __name__ == "__main__":
    main()
