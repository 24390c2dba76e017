"""Short words for the docker program, as the tests of built images use them."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("docker", *arguments), capture_output=True, text=True, errors="replace", check=False)


def ran(reference: str, *command: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """A command in a container of its own, without a network, gone afterwards."""
    return docker("run", "--rm", "--network=none", *options, reference, *command)


def output(reference: str, *command: str, options: Sequence[str] = ()) -> str:
    """What a command prints that has to succeed."""
    done = ran(reference, *command, options=options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def started(reference: str, *command: str, options: Sequence[str] = ()) -> Generator[str]:
    """The name of a running container, which is gone afterwards."""
    name = f"mlcontainers-test-{uuid4().hex[:12]}"
    begun = docker("run", "--detach", f"--name={name}", "--network=none", *options, reference, *command)
    try:
        assert begun.returncode == 0, begun.stderr
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


@contextmanager
def temporary_tag() -> Generator[str]:
    """A name for an image, which is gone afterwards; the engine's cache stays."""
    tag = a_tag()
    try:
        yield tag
    finally:
        forget(tag)


def a_tag() -> str:
    """A name in a repository of its own: images are found again by their repository and their content."""
    return f"mlcontainers-test-{uuid4().hex[:12]}:1"


def forget(tag: str) -> None:
    """Take away all names of a tag's repository, those after its content too."""
    repository = tag.rpartition(":")[0]
    names = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}", repository).stdout.split()
    if names:
        docker("image", "rm", "--force", *names)
