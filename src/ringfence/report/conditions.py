"""A rule's filters, event by event: which events a rule looked at, and what a condition's sides come to.

The same reading as the engine's: a comparison with an unset value or with not-a-number is false, also `!=` and `not in`.
"""

from collections.abc import Callable, Mapping
from math import isnan, nan
from operator import add, attrgetter, eq, ge, gt, le, lt, mul, ne, sub
from typing import Any, Final

from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Connective,
    Expression,
    Field,
    Listed,
    Literal,
    Lookup,
    MeasureValue,
    Membership,
    Negation,
    PastValue,
    Unset,
)
from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.contracts import Event

Reading = Callable[[Any], Any]
"""From an event (for filters) or from measures by name (for conditions) to a value."""

COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
"""Operator to its test."""
_COMPUTE: Final[dict[str, Callable[[Any, Any], Any]]] = {"+": add, "-": sub, "*": mul}


def passes(where: Expression | None) -> Callable[[Event], bool]:
    """Return what tells whether an event passes `where`. `None` passes every one."""
    return (lambda _: True) if where is None else reading(where)


def value_of(expression: Expression, measures: Mapping[str, float]) -> float:
    """Return what an expression over measures comes to; not-a-number where a measure has no value."""
    try:
        return float(reading(expression)(measures))
    except KeyError:  # a mean of nothing is left out of a finding
        return nan


def reading(expression: Expression) -> Reading:
    """Return the expression as a function."""
    match expression:
        case Literal(value=value):
            return lambda _: value
        case Field(name=name):
            return _field(name)
        case MeasureValue(name=name):
            return lambda measures: measures[name]
        case Arithmetic(operator=operator, left=left, right=right):
            return _arithmetic(operator, reading(left), reading(right))
        case Comparison(operator=operator, left=left, right=right):
            return _comparison(operator, reading(left), reading(right))
        case Membership(left=left, options=options, negated=negated):
            return _membership(reading(left), frozenset(option.value for option in options), negated)
        case Unset(operand=operand, negated=negated):
            present = reading(operand)
            return lambda event: (present(event) is not None) == negated
        case Connective(operator=operator, operands=operands):
            parts = [reading(operand) for operand in operands]
            joined = all if operator == "and" else any
            return lambda event: joined(part(event) for part in parts)
        case Negation(operand=operand):
            inner = reading(operand)
            return lambda event: not inner(event)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            truth, yes, no = reading(condition), reading(then), reading(otherwise)
            return lambda event: yes(event) if truth(event) else no(event)
        case Call() | Listed() | Lookup() | PastValue():
            raise KeyError(type(expression).__name__)


def _field(name: str) -> Reading:
    field = FIELDS[name]
    read = attrgetter(field.attribute)
    if field.scale == 1:
        return read
    scale = field.scale
    return lambda event: read(event) * scale


def _comparison(operator: str, left: Reading, right: Reading) -> Reading:
    compare = COMPARE[operator]

    def read(event: object) -> bool:
        first, second = left(event), right(event)
        return _is_set(first) and _is_set(second) and bool(compare(first, second))

    return read


def _membership(left: Reading, options: frozenset[object], negated: bool) -> Reading:
    def read(event: object) -> bool:
        value = left(event)
        return _is_set(value) and (value in options) != negated

    return read


def _arithmetic(operator: str, left: Reading, right: Reading) -> Reading:
    if operator != "/":
        compute = _COMPUTE[operator]
        return lambda event: compute(left(event), right(event))

    def divide(event: object) -> float:
        divisor = float(right(event))
        return float(left(event)) / divisor if divisor != 0 else nan

    return divide


def _is_set(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and isnan(value))
