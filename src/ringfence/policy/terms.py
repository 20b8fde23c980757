"""Checked parts of an expression: the tree, what it measures (time or a plain number), and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from ringfence.policy.expressions import Arithmetic, Expression, Field, Literal, MeasureValue, Type
from ringfence.policy.fields import FIELDS, EventField
from ringfence.policy.problems import did_you_mean
from ringfence.policy.tokens import ExpressionRefused, Token


class Dimension(StrEnum):
    """What a number counts. A duration is never compared with a plain number: `duration < 6` would mean microseconds."""

    PLAIN = "a plain number"
    TIME = "a duration"
    ANY = "zero"  # fits either


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an expression, standing at the characters `start` to `end`.

    `inside` leaves out the parentheses around it; `None` where there are none.
    """

    expression: Expression
    dimension: Dimension
    start: int
    end: int
    inside: tuple[int, int] | None = None

    @property
    def type(self) -> Type:
        """What it yields."""
        return self.expression.type

    def written(self, text: str) -> str:
        """Return it as it stands in `text`, without outer parentheses and with single spaces."""
        start, end = self.inside or (self.start, self.end)
        return " ".join(text[start:end].split())


class Scope(Protocol):
    """The names an expression may use."""

    def term(self, token: Token) -> Term:
        """Return what the name stands for. Raises `ExpressionRefused`."""
        ...


CLOSED_VALUES: Final[dict[str, frozenset[str]]] = {
    "direction": frozenset({"outbound", "inbound"}),
    "released_by": frozenset({"caller", "callee", "network"}),
    "attestation": frozenset({"A", "B", "C"}),
    "transport": frozenset({"udp", "tcp", "tls", "ws", "wss"}),
}
"""Text fields that only ever hold one of few values: a comparison with another could never hold."""


def field_named(token: Token) -> EventField:
    """Return the event field that the name means. Raises `ExpressionRefused`."""
    field = FIELDS.get(token.text)
    if field is None:
        raise ExpressionRefused(token.start, f"unknown field {token.text}", did_you_mean(token.text, FIELDS))
    return field


def field_dimension(field: EventField) -> Dimension:
    """Return what the field's numbers count."""
    return Dimension.TIME if field.attribute.endswith("_ms") else Dimension.PLAIN


class FieldScope:
    """Names are fields of the event: in `on … where` and in a measure's filter."""

    def term(self, token: Token) -> Term:
        """Return the field."""
        field = field_named(token)
        return Term(Field(field.name, field.type), field_dimension(field), token.start, token.end)


class MeasureScope:
    """Names are the rule's measures: in `when`. Remembers which were used."""

    def __init__(self, measures: Mapping[str, Dimension]) -> None:
        self._measures = measures
        self.used: set[str] = set()

    def term(self, token: Token) -> Term:
        """Return the measure's value."""
        if token.text not in self._measures:
            cause = f"unknown measure {token.text}"
            if token.text in FIELDS:
                raise ExpressionRefused(
                    token.start, cause, "a field of the event: count it under measure, and name the measure here"
                )
            raise ExpressionRefused(token.start, cause, did_you_mean(token.text, self._measures) or "state it under measure")
        self.used.add(token.text)
        return Term(MeasureValue(token.text), self._measures[token.text], token.start, token.end)


def constant(expression: Expression) -> float | None:
    """Return the number that an expression of literals alone yields; `None` for any other. Dividing by zero yields `None`."""
    if isinstance(expression, Literal):
        return float(expression.value) if expression.type is Type.NUMBER else None
    if not isinstance(expression, Arithmetic):
        return None
    left, right = constant(expression.left), constant(expression.right)
    if left is None or right is None or (expression.operator == "/" and right == 0):
        return None
    match expression.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right


def is_constant(expression: Expression) -> bool:
    """Tell whether it holds nothing but literals."""
    if isinstance(expression, Arithmetic):
        return is_constant(expression.left) and is_constant(expression.right)
    return isinstance(expression, Literal)


def comparison_dimension(left: Term, right: Term, operator: Token) -> None:
    """Refuse to compare or add a duration and a plain number. Raises `ExpressionRefused`."""
    pair = {left.dimension, right.dimension} - {Dimension.ANY}
    if len(pair) == 2:
        written = next((side.start for side in (right, left) if is_constant(side.expression)), operator.start)
        cause = f"{left.dimension} {operator.text} {right.dimension}"
        raise ExpressionRefused(written, cause, "write durations with their unit: 6s, 150ms, 5min, 2h")


def arithmetic(left: Term, operator: Token, right: Term) -> Term:
    """Return `left operator right`. Raises `ExpressionRefused` where the operands aren't numbers that go together."""
    for operand in (left, right):
        if operand.type is not Type.NUMBER:
            raise ExpressionRefused(operand.start, f"{operator.text} needs numbers, this is {operand.type}")
    tree = Arithmetic(operator.text, left.expression, right.expression)
    if operator.text == "/" and is_constant(right.expression) and not constant(right.expression):
        raise ExpressionRefused(right.start, "division by zero")
    return Term(tree, _arithmetic_dimension(left, operator, right), left.start, right.end)


def _arithmetic_dimension(left: Term, operator: Token, right: Term) -> Dimension:
    if operator.text in "+-":
        comparison_dimension(left, right, operator)
        return right.dimension if left.dimension is Dimension.ANY else left.dimension
    times = (left.dimension is Dimension.TIME, right.dimension is Dimension.TIME)
    if operator.text == "*":
        if all(times):
            raise ExpressionRefused(operator.start, "a duration times a duration means nothing here")
        return Dimension.TIME if any(times) else Dimension.PLAIN
    if times == (False, True):
        raise ExpressionRefused(operator.start, "a plain number / a duration", "state a rate as a count and its window")
    return Dimension.TIME if times == (True, False) else Dimension.PLAIN
