"""Expressions in plain Python: as functions of an event, or of an event and the measures at that moment.

Unset texts are `None`, unset numbers not-a-number; a truth that nobody can tell is false. `watch.columns` evaluates the same over
columns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import nan
from operator import add, attrgetter, eq, ge, gt, le, lt, mul, ne, sub
from typing import Any, Final

from ringfence.policy.context import Context
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
    Type,
    Unset,
)
from ringfence.policy.fields import FIELDS
from ringfence.policy.function_values import Value, computation, needed, parameters
from ringfence.vocabulary.contracts import Event

__all__ = ["COMPARE", "UNSET", "Context", "Occasion", "Reading", "Value", "judging", "reading"]


@dataclass(slots=True)
class Occasion:
    """What a condition is looked at with: the event, every measure's value by name, and values of periods gone by.

    At a boundary of time `event` is the newest of the key.
    """

    event: Event
    measures: Mapping[str, float]
    past: Callable[[PastValue], float] = field(default=lambda _: nan)


Reading = Callable[[Any], Any]
"""From an event, or from an `Occasion`, to a value."""

UNSET: Final[dict[Type, Value]] = {Type.TEXT: None, Type.NUMBER: nan, Type.BOOL: False}
"""What an expression of each type yields where it has no value."""

COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
"""Operator to its test."""
_COMPUTE: Final[dict[str, Callable[[Any, Any], Any]]] = {"+": add, "-": sub, "*": mul}


def reading(expression: Expression, context: Context) -> Callable[[Event], Any]:
    """Return an expression over fields as a function of an event. Raises `KeyError` where it reads a measure."""
    return _Maker(context, "").of(expression)


def judging(expression: Expression, context: Context) -> Callable[[Occasion], Any]:
    """Return an expression over measures and fields as a function of an `Occasion`."""
    return _Maker(context, "event.").of(expression)


@dataclass(frozen=True, slots=True)
class _Maker:
    """`path` leads from what the functions are given to the event."""

    context: Context
    path: str

    def of(self, expression: Expression) -> Reading:
        """Return the expression as a function."""
        match expression:
            case Literal(value=value):
                return lambda _: value
            case Field():
                return self._field(expression)
            case MeasureValue() | PastValue():
                return self._measured(expression)
            case Arithmetic(operator=operator, left=left, right=right):
                return _arithmetic(operator, self.of(left), self.of(right))
            case Comparison(operator=operator, left=left, right=right):
                return _comparison(operator, self.of(left), self.of(right), left.type)
            case Membership(left=left, options=options, negated=negated):
                among = frozenset(option.value for option in options)
                return _membership(self.of(left), among, negated=negated)
            case Unset(operand=operand, negated=negated):
                return _unset(self.of(operand), operand.type, negated=negated)
            case Connective(operator=operator, operands=operands):
                return _connective(operator, [self.of(operand) for operand in operands])
            case Negation(operand=operand):
                inner = self.of(operand)
                return lambda given: not inner(given)
            case Choice(condition=condition, then=then, otherwise=otherwise):
                truth, yes, no = self.of(condition), self.of(then), self.of(otherwise)
                return lambda given: yes(given) if truth(given) else no(given)
            case Listed() | Lookup():
                return self._of_list(expression)
            case Call():
                return self._call(expression)

    def _field(self, expression: Field) -> Reading:
        known = FIELDS[expression.name]
        read = attrgetter(self.path + known.attribute)
        if known.type is not Type.NUMBER:
            return read
        scale = float(known.scale)  # so that numbers are computed with as in columns
        if known.may_be_unset:
            return lambda given: nan if (value := read(given)) is None else value * scale
        return lambda given: read(given) * scale

    def _measured(self, expression: MeasureValue | PastValue) -> Reading:
        if not self.path:
            raise KeyError("a measure, where only fields can be read")
        if isinstance(expression, PastValue):
            return lambda occasion: occasion.past(expression)
        name = expression.name
        return lambda occasion: occasion.measures[name]

    def _of_list(self, expression: Listed | Lookup) -> Reading:
        time = attrgetter(f"{self.path}time")
        entries = self.context.entries(expression.list)
        if isinstance(expression, Listed):
            operand, negated = self.of(expression.operand), expression.negated
            found = entries.longest if expression.prefix else entries.at

            def listed(given: object) -> bool:
                value = operand(given)
                return value is not None and (found(value, time(given)) is not None) != negated

            return listed
        keys, kind, column, prefix = (
            [self.of(key) for key in expression.keys],
            expression.type,
            expression.column,
            expression.prefix,
        )

        def looked_up(given: object) -> Value:
            parts = [key(given) for key in keys]
            key = None if None in parts else ":".join(parts)
            value = entries.value(column, kind, key, time(given), prefix=prefix)
            return UNSET[kind] if value is None else value

        return looked_up

    def _call(self, expression: Call) -> Reading:
        compute, unset = computation(expression, self.context), UNSET[expression.type]
        event = attrgetter(self.path.removesuffix(".")) if self.path else _itself
        parts, must = [self.of(part) for part in parameters(expression)], needed(expression)

        def call(given: object) -> Value:
            values = [part(given) for part in parts]
            if not all(map(_is_set, values[:must])):
                return unset
            return compute(event(given), *values)

        return call


def _itself(given: object) -> object:
    return given


def _comparison(operator: str, left: Reading, right: Reading, kind: Type) -> Reading:
    compare = COMPARE[operator]
    if kind is Type.NUMBER and operator != "!=":
        return lambda given: compare(left(given), right(given))  # not-a-number compares false by itself

    def both_set(given: object) -> bool:
        first, second = left(given), right(given)
        return _is_set(first) and _is_set(second) and compare(first, second)

    return both_set


def _membership(left: Reading, options: frozenset[object], *, negated: bool) -> Reading:
    def read(given: object) -> bool:
        value = left(given)
        return _is_set(value) and (value in options) != negated

    return read


def _unset(operand: Reading, kind: Type, *, negated: bool) -> Reading:
    if kind is Type.TEXT:
        return lambda given: (operand(given) is None) != negated
    return lambda given: _is_set(operand(given)) == negated


def _connective(operator: str, parts: list[Reading]) -> Reading:
    decides = operator == "or"

    def read(given: object) -> bool:
        for part in parts:
            if part(given) == decides:
                return decides
        return not decides

    return read


def _arithmetic(operator: str, left: Reading, right: Reading) -> Reading:
    if operator != "/":
        compute = _COMPUTE[operator]
        return lambda given: compute(left(given), right(given))

    def divide(given: object) -> float:
        divisor = float(right(given))
        return float(left(given)) / divisor if divisor != 0 else nan

    return divide


def _is_set(value: object) -> bool:
    return value is not None and value == value
