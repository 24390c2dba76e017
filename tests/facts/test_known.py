"""Three values: unknown stays unknown until a yes or a no settles it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcontainers.facts import Known

KNOWN = st.sampled_from(Known)
COMPLETED = {Known.YES: (True,), Known.NO: (False,), Known.UNKNOWN: (True, False)}


@given(KNOWN, KNOWN)
def test_both_is_what_all_completions_agree_on(one: Known, other: Known) -> None:
    answers = {a and b for a in COMPLETED[one] for b in COMPLETED[other]}

    assert one & other is Known.of(answers.pop() if len(answers) == 1 else None)


@given(KNOWN, KNOWN)
def test_either_is_what_all_completions_agree_on(one: Known, other: Known) -> None:
    answers = {a or b for a in COMPLETED[one] for b in COMPLETED[other]}

    assert one | other is Known.of(answers.pop() if len(answers) == 1 else None)


@pytest.mark.parametrize("known", Known)
def test_it_is_never_taken_for_a_truth_value(known: Known) -> None:
    with pytest.raises(TypeError, match=r"compare with Known\.YES"):
        bool(known)
