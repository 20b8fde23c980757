"""What made a condition true, and what would have made it false."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.policy.expressions import Comparison, Connective, Expression, Literal, MeasureValue, Negation, Type
from ringfence.policy.wording import condition_in_words
from ringfence.words.conditions import value_of
from ringfence.words.reasons import ways, what_held

MEASURES = ("a", "b", "c")


def at_least(name: str, limit: int) -> Comparison:
    return Comparison(">=", MeasureValue(name), Literal(limit, Type.NUMBER))


def both(*parts: Expression) -> Connective:
    return Connective("and", parts)


def either(*parts: Expression) -> Connective:
    return Connective("or", parts)


def told(expression: Expression) -> str:
    return condition_in_words(expression)


@pytest.mark.parametrize(
    ("measures", "reason"),
    [
        ({"a": 5.0, "b": 0.0, "c": 0.0}, "“a” is at least 5"),
        ({"a": 0.0, "b": 3.0, "c": 2.0}, "“b” is at least 3 and “c” is at least 2"),
        ({"a": 5.0, "b": 3.0, "c": 2.0}, "“a” is at least 5 or (“b” is at least 3 and “c” is at least 2)"),
    ],
)
def test_of_alternatives_those_that_held_are_the_reason(measures: Mapping[str, float], reason: str) -> None:
    assert told(what_held(either(at_least("a", 5), both(at_least("b", 3), at_least("c", 2))), measures)) == reason


def test_what_measures_alone_do_not_tell_is_the_reason_where_nothing_else_held() -> None:
    without_a = {"b": 1.0}
    assert told(what_held(either(at_least("a", 5), at_least("b", 3)), without_a)) == "“a” is at least 5"


def test_alternatives_within_a_condition_that_leave_one_are_told_in_one_row() -> None:
    condition = both(at_least("a", 1), either(both(at_least("b", 1), at_least("c", 1)), at_least("c", 9)))
    reason = what_held(condition, {"a": 1.0, "b": 1.0, "c": 1.0})
    assert told(reason) == "“a” is at least 1 and “b” is at least 1 and “c” is at least 1"
    assert [len(way) for way in ways(reason)] == [3]


def test_an_alternative_without_a_number_of_its_own_leaves_no_ways() -> None:
    assert ways(Negation(at_least("a", 1))) == ()


CONDITIONS = st.recursive(
    st.builds(at_least, st.sampled_from(MEASURES), st.integers(0, 4)),
    lambda inner: st.builds(Connective, st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    max_leaves=8,
)


@given(CONDITIONS, st.fixed_dictionaries({name: st.integers(0, 4).map(float) for name in MEASURES}))
def test_the_reason_of_what_held_holds_by_itself_and_implies_the_whole(condition: Expression, measures: dict[str, float]) -> None:
    if not value_of(condition, measures):
        return
    reason = what_held(condition, measures)
    assert value_of(reason, measures)
    for lower in ({**measures, name: 0.0} for name in MEASURES):
        assert value_of(condition, lower) >= value_of(reason, lower)
    for way in ways(reason):
        assert all(value_of(comparison, measures) for comparison in way)
