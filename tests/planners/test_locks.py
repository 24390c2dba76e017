"""A plan with a lock names every base image by its digest, and nothing else about it changes."""

from __future__ import annotations

import pytest

from mlcontainers import Image, ImpossibleError, InvalidValueError, Lock, plan
from mlcontainers.dockerfile import From

DIGEST = f"sha256:{'ab' * 32}"
IMAGE = Image.from_cpu(python="3.12").add_sklearn().add_apt("ffmpeg")
LOCK = Lock.of("2026-11-25", {"python:3.12-slim-bookworm": DIGEST})


def bases(image: Image, lock: Lock) -> list[str]:
    return [part.image for part in plan(image, lock=lock).dockerfile.instructions if isinstance(part, From)]


def test_every_from_has_the_digest() -> None:
    assert bases(IMAGE, LOCK) == [f"python:3.12-slim-bookworm@{DIGEST}"] * 2


def test_what_is_decided_stays() -> None:
    assert plan(IMAGE, lock=LOCK).pins == plan(IMAGE).pins


def test_a_digest_of_the_users_stays() -> None:
    other = f"sha256:{'cd' * 32}"
    image = Image.from_base(f"python:3.12-slim-bookworm@{other}").add_run("true")

    assert bases(image, LOCK) == [f"python:3.12-slim-bookworm@{other}"]


def test_a_base_that_the_lock_has_not() -> None:
    with pytest.raises(ImpossibleError) as caught:
        plan(Image.from_cpu(python="3.13").add_sklearn(), lock=LOCK)

    assert str(caught.value) == (
        "error[not-locked]: the lock of 2026-11-25 has no digest for python:3.13-slim-bookworm\n"
        "  where: base\n"
        "  hint: make it again: mlcontainers lock FILE"
    )


def test_its_text_is_read_back() -> None:
    assert Lock.parse(LOCK.dump()) == LOCK


def test_the_day_in_seconds() -> None:
    assert Lock.of("1970-01-02", {}).epoch == 86400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema = 2",
        "= 1",
        'schema = 1\ndate = "soon"\n[bases]',
        'schema = 1\ndate = "2026-11-25"\n[bases]\n"python:3.12" = "sha256:12"',
        'schema = 1\ndate = "2026-11-25"\n[bases]\n"python:3.12" = 7',
        'schema = 1\ndate = "2026-11-25"\n[bases]\n"Not A Reference" = "sha256:12"',
    ],
)
def test_a_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        Lock.parse(text)
