"""A condition means the same to the kernel's program, to the columns' evaluation, and to the oracle."""

from math import nan
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.expressions import (
    Arithmetic,
    Choice,
    Comparison,
    Connective,
    Expression,
    Literal,
    MeasureValue,
    Membership,
    Negation,
)
from ringfence.policy.expressions import Type as ExpressionType
from ringfence.policy.least import holds_with, least_of
from ringfence.policy.plan import Measure, MeasureFunction
from ringfence.watch.columns import TextHashes, evaluate
from ringfence.watch.kernels import programs as kernel
from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.windows.conditions import program_for
from tests.property.oracles.conditions import meaning
from tests.property.paired_rules import number, rule

_NAMES = ("calls", "short", "usual")
_FEW = st.sampled_from([0.0, 1.0, 2.0, -1.5])
_CONSTANTS = st.builds(number, _FEW)
_NUMBERS = st.recursive(
    st.builds(MeasureValue, st.sampled_from(_NAMES)) | _CONSTANTS,
    lambda inner: st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),
    max_leaves=4,
)
_SCORES = st.builds(
    Choice,
    st.builds(Comparison, st.sampled_from([">", "<="]), _NUMBERS, _CONSTANTS),
    st.sampled_from([1.0, 2.0]).map(number),
    st.sampled_from([0.0, -1.0]).map(number),
    st.just(ExpressionType.NUMBER),
)
_SUMS = st.builds(Arithmetic, st.just("+"), _SCORES, _SCORES)
_LEAVES = (
    st.builds(Comparison, st.sampled_from([">=", "=="]), _SUMS, _CONSTANTS)
    | st.builds(Comparison, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _NUMBERS, _NUMBERS)
    | st.builds(Membership, _NUMBERS, st.lists(_CONSTANTS, max_size=3).map(tuple), st.booleans())
    | st.builds(Literal, st.booleans(), st.just(ExpressionType.BOOL))
)
CONDITIONS: st.SearchStrategy[Expression] = st.recursive(
    _LEAVES,
    lambda inner: (
        st.builds(Negation, inner)
        | st.builds(Connective, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
_MEASURES = st.lists(st.tuples(*(st.sampled_from([0.0, 1.0, 2.0, -1.5, 7.0, nan]) for _ in _NAMES)), min_size=1, max_size=8)


@compiled
def _holds(operation: Any, operand: Any, begin: int, end: int, row: Any, stack: Any) -> bool:  # noqa: ANN401 # arrays, to Numba
    """Give Python a way in: the kernel is called by kernels alone."""
    return kernel.condition_holds(operation, operand, begin, end, row, stack)


@settings(deadline=None, max_examples=500)
@given(CONDITIONS, _MEASURES)
def test_three_readings_of_a_condition_agree(condition: Expression, rows: list[tuple[float, ...]]) -> None:
    counted = tuple(Measure(name, MeasureFunction.COUNT) for name in _NAMES)
    program = program_for(rule("any", measures=counted, when=condition), condition, range(len(counted)))
    steps = (program.operation, program.operand, 0, program.operation.size)
    table = np.array(rows)
    by_column = evaluate(condition, dict(zip(_NAMES, table.T, strict=True)), len(rows), TextHashes(b""))
    stack = np.zeros(program.depth)
    by_program = [_holds(*steps, row, stack) for row in table]
    by_oracle = [bool(meaning(condition, dict(zip(_NAMES, row, strict=True)))) for row in rows]
    assert by_program == by_oracle
    assert by_column.tolist() == by_oracle


_BARE = st.builds(MeasureValue, st.sampled_from(_NAMES))
_LIMITS = st.sampled_from([1.0, 2.0, 0.5, 6.5, -3.0]).map(number)
_BOUNDED = st.builds(Comparison, st.sampled_from([">=", ">", "==", "<"]), _BARE, _LIMITS) | st.builds(
    Comparison, st.sampled_from(["<=", "<", ">"]), _LIMITS, _BARE
)
_TREES: st.SearchStrategy[Expression] = st.recursive(
    _BOUNDED | _LEAVES,
    lambda inner: st.builds(Connective, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    max_leaves=6,
)


@settings(deadline=None, max_examples=500)
@given(_TREES, st.lists(st.tuples(*(st.integers(0, 9) for _ in _NAMES)), min_size=1, max_size=8))
def test_a_condition_holds_only_where_what_it_needs_at_least_is_reached(condition: Expression, rows: list[tuple[int, ...]]) -> None:
    least = least_of(condition)
    for row in rows:
        measures = dict(zip(_NAMES, map(float, row), strict=True))
        if meaning(condition, measures):
            assert all(measures[name] >= number for name, number in least.items())


def test_what_a_condition_needs_at_least_is_read_from_both_sides_and_all_branches() -> None:
    calls, short = MeasureValue("calls"), MeasureValue("short")
    many = Connective("and", (Comparison(">", calls, number(60)), Comparison("<=", number(2.5), short)))
    assert least_of(many) == {"calls": 61, "short": 3}
    assert least_of(Connective("or", (many, Comparison(">=", calls, number(30))))) == {"calls": 30}
    assert least_of(Connective("or", (many, Comparison("<", calls, number(30))))) == {}
    assert least_of(Negation(many)) == {}


_TIERS = st.builds(
    lambda shared, milder, graver: (Connective("and", (*shared, milder)), Connective("and", (graver, *shared))),
    st.lists(_BOUNDED, min_size=1, max_size=2),
    _BOUNDED,
    _BOUNDED,
)


@settings(deadline=None, max_examples=500)
@given(_TIERS, st.lists(st.tuples(*(st.integers(0, 9) for _ in _NAMES)), min_size=1, max_size=8))
def test_a_condition_that_holds_only_with_another_holds_nowhere_without_it(
    tiers: tuple[Expression, Expression], rows: list[tuple[int, ...]]
) -> None:
    milder, graver = tiers
    for row in rows:
        measures = dict(zip(_NAMES, map(float, row), strict=True))
        if holds_with(graver, milder) and meaning(graver, measures):
            assert meaning(milder, measures)


def test_a_graver_tier_holds_only_with_the_milder_one() -> None:
    calls, short = MeasureValue("calls"), MeasureValue("short")
    many = Comparison(">=", calls, number(60))
    milder = Connective("and", (many, Comparison(">", short, number(4))))
    assert holds_with(Connective("and", (many, Comparison(">", short, number(5)))), milder)
    assert holds_with(Connective("and", (Connective("and", (Comparison(">", short, number(4)), many)), Negation(milder))), milder)
    assert holds_with(Comparison("<", calls, number(60)), Comparison("<=", calls, number(60)))
    assert not holds_with(Connective("and", (many, Comparison(">=", short, number(4)))), milder)
    assert not holds_with(Connective("or", (milder, many)), milder)
    assert not holds_with(Comparison("<", calls, number(61)), Comparison("<=", calls, number(60)))
