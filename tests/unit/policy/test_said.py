"""Numbers in words are understood well enough to hold them against a condition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.said import bounds
from ringfence.vocabulary.times import HOUR, SECOND


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("More than forty-one calls", [(">", 41.0)]),
        ("at least one hundred and twenty calls", [(">=", 120.0)]),
        ("more than a hundred thousand calls of up to 3 s", [(">", 100_000.0), ("<=", 3.0 * SECOND)]),
        ("over 1 200 calls, or 4,500 messages or more", [(">", 1200.0), (">=", 4500.0)]),
        ("under 50 % of them, less than half, at most 2.5 percent", [("<", 0.5), ("<", 0.5), ("<=", 0.025)]),
        ("no more than two thirds", [("<=", 2.0)]),
        ("longer than four hours", [(">", 4.0 * HOUR)]),
        ("6 s or less", [("<=", 6.0 * SECOND)]),
        ("six calls an hour or more", [(">=", 6.0)]),
        ("more than that, moreover 5, below", []),
        ("a call", []),
        ("", []),
    ],
)
def test_limits_in_words_are_found(text: str, found: list[tuple[str, float]]) -> None:
    assert [(bound.operator, bound.value) for bound in bounds(text)] == found


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    text=st.text(max_size=60)
    | st.lists(st.sampled_from(["more than", "a", "hundred", "and", "or more", "6", "%", "s", ",", "-", "fifth"])).map(" ".join)
)
def test_any_text_has_limits_or_none(text: str) -> None:
    for bound in bounds(text):
        assert text.lower()[bound.start :].split()[0] == bound.words.split()[0]
