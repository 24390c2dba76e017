"""A coverage-guided fuzz run over the Dockerfile floor: `python tasks/fuzz_dockerfiles.py [seconds]`.

Needs the package atheris, which the tests do not. Whatever bytes come in, parsing raises nothing but its own error,
what parses renders as it stood, and checking, formatting, resolving and the tree hold their laws. Every finding
becomes a case under `tests/dockerfile`.
"""

from __future__ import annotations

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

atheris: Any = import_module("atheris")
CASES = Path(__file__).parent.parent / "tests" / "dockerfile"
WORDS = (
    "FROM", "RUN", "COPY", "ADD", "ENV", "LABEL", "ARG", "CMD", "ENTRYPOINT", "SHELL", "HEALTHCHECK", "ONBUILD",
    "EXPOSE", "VOLUME", "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER", "NONE", "AS", "# escape=`", "# check=skip=all",
    "# syntax=docker/dockerfile:1.3", "--mount=type=", "--from=", "--platform=", "--interval=5s", "--chmod=", "<<EOF",
    "<<-'E'", "${a:-", "${a#", "${a//", '["', '"]', " \\\\", "\\x0a", "\\x0d\\x0a", "\\xef\\xbb\\xbf", "$(", "scratch",
)  # fmt: skip

with atheris.instrument_imports(include=["mlcontainers.dockerfile"]):
    # All of it, since some parts are loaded when they are first used.
    from mlcontainers.dockerfile import Dockerfile, checking, editing, formatting, resolving, tree
    from mlcontainers.errors import InvalidDockerfileError

LOADED = (editing, formatting, resolving, tree)


def hold_the_laws(content: bytes) -> None:
    """Raises AssertionError, or whatever else went wrong."""
    checking.check_all(content)
    try:
        document = Dockerfile.parse(content)
    except InvalidDockerfileError as error:
        assert error.problems
        return
    assert document.encode() == content
    assert Dockerfile.from_json(document.to_json()) == document
    document.resolve({"a": "b"})
    try:
        formatted = document.formatted()
    except InvalidDockerfileError:
        return
    assert formatted.instructions == document.instructions
    assert formatted.formatted().render() == formatted.render()


def main() -> None:
    seconds = sys.argv[1] if len(sys.argv) > 1 else "1800"
    with tempfile.TemporaryDirectory() as folder:
        corpus, dictionary = Path(folder, "corpus"), Path(folder, "words")
        corpus.mkdir()
        for case in CASES.rglob("*.Dockerfile"):
            (corpus / case.stem).write_bytes(case.read_bytes())
        dictionary.write_text("".join('"' + word.replace('"', '\\"') + '"\n' for word in WORDS))
        options = [f"-max_total_time={seconds}", f"-dict={dictionary}", "-max_len=512", "-timeout=20"]
        atheris.Setup([sys.argv[0], *options, str(corpus)], hold_the_laws)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
