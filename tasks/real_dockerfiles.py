"""Tries this library on the Dockerfiles of public repositories: `python tasks/real_dockerfiles.py CLONES`.

CLONES is a folder with clones as `owner/name`; the files tried are those of `tests/dockerfile/real-dockerfiles.tsv`, at
the commits it names, and what came out must be what it says. `--add owner/name` puts those of a repository on the list.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.dockerfile.test_go_parser import assert_same  # noqa: E402

from mlcontainers import InvalidDockerfileError  # noqa: E402
from mlcontainers.dockerfile import Dockerfile, check  # noqa: E402

LIST = ROOT / "tests" / "dockerfile" / "real-dockerfiles.tsv"
NAME = re.compile(r"(?:.*/)?(?:[\w.-]*\.)?(?:docker|container)file(?:[._-][\w.-]*)?", re.IGNORECASE).fullmatch
NO_DOCKERFILE = re.compile(r".*\.(?:j2|jinja2?|template|tmpl|tpl|in|md|py|ts|js|go|sh)").fullmatch


class Tried(NamedTuple):
    """One file and what came out."""

    repository: str
    commit: str
    path: str
    instructions: str
    """How many, or `refused`."""
    problems: str
    """Codes, sorted."""


def try_file(repository: str, commit: str, path: str, content: bytes) -> Tried:
    """Raises AssertionError where one of the laws does not hold."""
    problems = ",".join(sorted({problem.code for problem in check(content)}))
    try:
        document = Dockerfile.parse(content)
    except InvalidDockerfileError:
        return Tried(repository, commit, path, "refused", problems)
    assert document.encode() == content, "it renders as it stood"
    assert Dockerfile.from_json(document.to_json()) == document, "it comes back from its tree"
    formatted = document.formatted()
    assert formatted.instructions == document.instructions, "formatted, it says the same"
    assert formatted.formatted().render() == formatted.render(), "formatting twice changes nothing"
    document.resolve()
    assert_same(content.decode())
    return Tried(repository, commit, path, str(len(document.instructions)), problems)


def git(clone: Path, *command: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *command], capture_output=True, check=True).stdout


def add(clones: Path, repository: str, most: int) -> list[Tried]:
    """Every Dockerfile of a repository, spread over its folders where there are too many."""
    clone = clones / repository
    commit = git(clone, "rev-parse", "HEAD").decode().strip()
    files = git(clone, "ls-tree", "-r", "--name-only", "-z", "HEAD").decode().split("\0")
    wanted = [path for path in files if NAME(path) and not NO_DOCKERFILE(path)]
    step = max(1, len(wanted) // most)
    return [
        try_file(repository, commit, path, git(clone, "show", f"{commit}:{path}")) for path in wanted[::step][:most]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("clones", type=Path)
    parser.add_argument("--add", metavar="OWNER/NAME", action="append", default=[])
    parser.add_argument("--most", type=int, default=25, help="files of one repository")
    given = parser.parse_args()
    with LIST.open(encoding="utf-8", newline="") as file:
        known = [Tried(*row) for row in csv.reader(file, dialect="excel-tab")][1:]
    wanted = {row.repository for row in known} | set(given.add)
    if missing := sorted(name for name in wanted if not (given.clones / name).exists()):
        print(f"{given.clones} lacks clones of: {', '.join(missing)}", file=sys.stderr)
        return 2
    differ = 0
    for row in known:
        found = try_file(*row[:3], git(given.clones / row.repository, "show", f"{row.commit}:{row.path}"))
        if found != row:
            differ += 1
            print(f"{row.repository} {row.path}: {row[3:]} is now {found[3:]}")
    rows = {row[:3]: row for row in known}
    for repository in given.add:
        rows |= {row[:3]: row for row in add(given.clones, repository, given.most)}
    if given.add:
        with LIST.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, dialect="excel-tab", lineterminator="\n")
            writer.writerows([Tried._fields, *sorted(rows.values())])
    print(f"{len(rows)} files of {len({row.repository for row in rows.values()})} repositories, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
