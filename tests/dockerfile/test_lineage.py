"""Which stages an image is made of."""

from __future__ import annotations

import pytest

from mlcontainers import Dockerfile

COPIED = "FROM debian AS a\nRUN x\nFROM debian\nCOPY --from=a /x /x\n"
STANDING = "FROM debian AS below\nFROM below AS side\nFROM Below AS Middle\nFROM middle\n"
LATER = "FROM debian AS a\nFROM a AS a\nFROM a\n"
OF_ITS_OWN_NAME = "FROM debian AS debian\nRUN x\n"


@pytest.mark.parametrize(
    ("text", "indices"),
    [(COPIED, [1]), (STANDING, [0, 2, 3]), (LATER, [0, 1, 2]), (OF_ITS_OWN_NAME, [0])],
)
def test_the_last_one_and_all_that_it_stands_on(text: str, indices: list[int]) -> None:
    assert [stage.index for stage in Dockerfile.parse(text).lineage] == indices
