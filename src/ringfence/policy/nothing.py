"""Whether a rule's condition may hold where nothing was measured: `calls < 2` does, `calls > 100` does not."""

from enum import Enum
from math import nan
from typing import Final

from ringfence.policy.evaluation import COMPARE, Context, Occasion, judging
from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Connective,
    Expression,
    Field,
    Listed,
    Lookup,
    Negation,
    PastValue,
    Type,
)
from ringfence.policy.plan import MeasureFunction, Rule
from ringfence.policy.trees import parts
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros

ZERO: Final = frozenset(
    {
        MeasureFunction.COUNT,
        MeasureFunction.DISTINCT,
        MeasureFunction.SUM,
        MeasureFunction.MOST,
        MeasureFunction.RUN,
        MeasureFunction.CONCURRENT,
    }
)
"""Measures that are 0 over nothing. All others are not-a-number."""


class _Unknown(Enum):
    """What an expression may come to, as far as nobody can tell."""

    ANY = "anything"
    POSITIVE = "a number above zero"


_Known = float | bool | str | None
_Value = _Known | _Unknown
_EVENT: Final = Event(kind=EventKind.ATTEMPT, time=Micros(0), call_id="")


def may_hold_on_nothing(rule: Rule) -> bool:
    """Tell whether a tier may hold for a key for which no measure holds anything.

    What depends on the event may come to anything; numbers of a list are taken to be above zero, as limits are.
    """
    nothing = {measure.name: 0.0 if measure.function in ZERO else nan for measure in rule.measures}
    minimum = True if rule.minimum is None else _of(rule.minimum, nothing)
    return minimum is not False and any(_of(tier.when, nothing) is not False for tier in rule.tiers)


def _of(expression: Expression, nothing: dict[str, float]) -> _Value:
    if all(_is_told(part) for part in parts(expression)):
        value: _Known = judging(expression, Context())(Occasion(_EVENT, nothing))
        return value
    match expression:
        case Lookup(type=Type.NUMBER):
            return _Unknown.POSITIVE
        case Negation(operand=operand):
            inner = _of(operand, nothing)
            return inner if isinstance(inner, _Unknown) else not inner
        case Connective(operator=operator, operands=operands):
            values = [_of(operand, nothing) for operand in operands]
            decides = operator == "or"
            if decides in values:
                return decides
            return _Unknown.ANY if _Unknown.ANY in values else not decides
        case Choice(then=then, otherwise=otherwise):
            first, second = _of(then, nothing), _of(otherwise, nothing)
            return _Unknown.POSITIVE if _is_positive(first) and _is_positive(second) else _Unknown.ANY
        case Arithmetic(operator=operator, left=left, right=right):
            first, second = _of(left, nothing), _of(right, nothing)
            return _Unknown.POSITIVE if operator != "-" and _is_positive(first) and _is_positive(second) else _Unknown.ANY
        case Comparison(operator=operator, left=left, right=right):
            return _compared(operator, _of(left, nothing), _of(right, nothing))
        case _:
            return _Unknown.ANY


def _is_told(part: Expression) -> bool:
    """Tell whether what it comes to depends on measures alone."""
    if isinstance(part, Call):
        return part.function in ("abs", "min", "max", "round", "floor", "ceil", "date")
    return not isinstance(part, Field | Lookup | Listed | PastValue)


def _is_positive(value: _Value) -> bool:
    if value is _Unknown.POSITIVE:
        return True
    return isinstance(value, int | float) and not isinstance(value, _Unknown) and value > 0


def _compared(operator: str, left: _Value, right: _Value) -> _Value:
    for one in (left, right):
        if isinstance(one, float) and one != one:
            return False  # an unset number compares false, whatever with
    for one, other, least in ((left, right, (0.0, 1.0)), (right, left, (1.0, 0.0))):
        if isinstance(one, int | float) and other is _Unknown.POSITIVE and one <= 0:
            return bool(COMPARE[operator](*least))
    return _Unknown.ANY
