"""Checked parts of an expression: the tree, what it measures (time or a plain number), and where it stands."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Dimension,
    Expression,
    Field,
    Literal,
    Lookup,
    MeasureValue,
    Past,
    PastValue,
    Type,
)
from ringfence.policy.fields import FIELDS, EventField
from ringfence.policy.functions import FUNCTIONS
from ringfence.policy.plan import Table
from ringfence.policy.problems import did_you_mean
from ringfence.policy.tokens import ExpressionRefused, Token, TokenKind, number_in

if TYPE_CHECKING:
    from ringfence.policy.grammar import Parser

__all__ = [
    "Dimension",
    "FieldScope",
    "MeasureScope",
    "Scope",
    "Term",
    "arithmetic",
    "comparison_dimension",
    "constant",
    "field_dimension",
    "field_named",
    "is_constant",
    "joined_dimension",
    "may_be_unset",
    "possible_values",
]


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
    """The names an expression may use, and the lists it may ask."""

    @property
    def lists(self) -> Mapping[str, Table]:
        """The bundle's lists by name."""
        ...

    def term(self, token: Token) -> Term:
        """Return what the name stands for. Raises `ExpressionRefused`."""
        ...

    def call(self, parser: "Parser", word: Token) -> Term | None:
        """Read `word(…)`, where the scope gives it a meaning of its own; `None`, with nothing read, where it is a function.

        The parser stands at the opening parenthesis. Raises `ExpressionRefused`.
        """
        ...


def field_named(token: Token) -> EventField:
    """Return the event field that the name means. Raises `ExpressionRefused`."""
    field = FIELDS.get(token.text)
    if field is None:
        raise ExpressionRefused(token.start, f"unknown field {token.text}", did_you_mean(token.text, FIELDS))
    return field


def field_dimension(field: EventField) -> Dimension:
    """Return what the field's numbers count."""
    return field.dimension


class FieldScope:
    """Names are fields of the event: in `on … where`, `per` and a measure's filter and value."""

    def __init__(self, lists: Mapping[str, Table] | None = None) -> None:
        self._lists = lists or {}

    @property
    def lists(self) -> Mapping[str, Table]:
        """The bundle's lists by name."""
        return self._lists

    def term(self, token: Token) -> Term:
        """Return the field."""
        return _field_term(field_named(token), token)

    def call(self, parser: "Parser", word: Token) -> Term | None:  # noqa: ARG002 - the scope's interface
        """Return `None`: fields are not called."""
        return None


class MeasureScope:
    """Names are the rule's measures and the fields of the event: in `when`, `minimum`, `clears`, quantities.

    Remembers which measures were used. `calendar` names those taken over a calendar window, which alone have periods gone by;
    `None`: not known, any may.
    """

    def __init__(
        self,
        measures: Mapping[str, Dimension],
        lists: Mapping[str, Table] | None = None,
        *,
        calendar: Collection[str] | None = None,
    ) -> None:
        self._measures = measures
        self._lists = lists or {}
        self._calendar = measures if calendar is None else calendar
        self.used: set[str] = set()

    @property
    def lists(self) -> Mapping[str, Table]:
        """The bundle's lists by name."""
        return self._lists

    def term(self, token: Token) -> Term:
        """Return the measure's value, or the field of the event that is looked at."""
        if token.text not in self._measures and token.text in FIELDS:
            return _field_term(FIELDS[token.text], token)
        return Term(MeasureValue(self._measure(token)), self._measures[token.text], token.start, token.end)

    def call(self, parser: "Parser", word: Token) -> Term | None:
        """Read `before(m)`, `calm(m)`, `usual(m, weeks=4)` and `peers(m, 0.5)`."""
        if word.text not in tuple(Past):
            return None
        past = Past(word.text)
        parser.expect("(")
        token = parser.take()
        if token.kind is not TokenKind.NAME:
            raise ExpressionRefused(token.start, f"{past} needs a measure", f"write {_PAST_USAGE[past]}")
        measure = self._measure(token)
        if measure not in self._calendar:
            hint = 'write window: day in "UTC", or another calendar window'
            raise ExpressionRefused(token.start, f"{measure} has no periods gone by: its window rolls", hint)
        periods, quantile = 1, 0.5
        if past is Past.USUAL:
            periods = _weeks(parser)
        elif past is Past.PEERS:
            quantile = _quantile(parser)
        end = parser.expect(")")
        tree = PastValue(past, measure, periods, quantile)
        return Term(tree, self._measures[measure], word.start, end.end)

    def _measure(self, token: Token) -> str:
        if token.text not in self._measures:
            near = did_you_mean(token.text, {*self._measures, *FIELDS})
            hint = near if near.startswith("did") else did_you_mean(token.text, self._measures)
            raise ExpressionRefused(token.start, f"unknown measure {token.text}", hint or "state it under measure")
        if token.text in FIELDS:
            cause = f"{token.text} is a measure here and a field of every event"
            raise ExpressionRefused(token.start, cause, "give the measure another name")
        self.used.add(token.text)
        return token.text


_PAST_USAGE: Final = {
    Past.BEFORE: "before(m)",
    Past.CALM: "calm(m)",
    Past.USUAL: "usual(m, weeks=4)",
    Past.PEERS: "peers(m, 0.5)",
}
_MOST_WEEKS: Final = 52


def _weeks(parser: "Parser") -> int:
    if parser.accept(",") is None:
        return 4
    word = parser.take()
    if word.text != "weeks":
        raise ExpressionRefused(word.start, "usual is taken over weeks", f"write {_PAST_USAGE[Past.USUAL]}")
    parser.expect("=")
    token = parser.take()
    weeks = number_in(token.text)
    if weeks is None or weeks != int(weeks) or not 1 <= weeks <= _MOST_WEEKS:
        raise ExpressionRefused(token.start, "weeks must be a whole number", f"write 1 to {_MOST_WEEKS}")
    return int(weeks)


def _quantile(parser: "Parser") -> float:
    if parser.accept(",") is None:
        return 0.5
    token = parser.take()
    quantile = number_in(token.text)
    if quantile is None or not 0 <= quantile <= 1:
        raise ExpressionRefused(token.start, "a quantile lies between 0 and 1", "write 0.5 for the median of all keys")
    return quantile


def _field_term(field: EventField, token: Token) -> Term:
    return Term(Field(field.name, field.type), field.dimension, token.start, token.end)


def may_be_unset(expression: Expression) -> bool:
    """Tell whether it may yield no value: an unset text, or not-a-number. What is measured may."""
    match expression:
        case Field(name=name):
            return FIELDS[name].may_be_unset
        case Call(function=function, arguments=arguments):
            called = FUNCTIONS[function]
            return called.type is not Type.BOOL and (called.may_be_unset or any(map(may_be_unset, arguments)))
        case Choice(then=then, otherwise=otherwise):
            return may_be_unset(then) or may_be_unset(otherwise)
        case Arithmetic(operator=operator, left=left, right=right):
            return operator == "/" or may_be_unset(left) or may_be_unset(right)
        case Lookup() | MeasureValue() | PastValue():
            return True
        case _:
            return False


def possible_values(expression: Expression) -> frozenset[str]:
    """Return all texts that it may ever yield, where that is a closed list; else nothing."""
    match expression:
        case Field(name=name):
            return FIELDS[name].values
        case Call(function=function):
            return FUNCTIONS[function].values
        case _:
            return frozenset()


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
    if isinstance(expression, Call):
        return not FUNCTIONS[expression.function].needs and all(map(is_constant, expression.arguments))
    if isinstance(expression, Choice):
        return all(map(is_constant, (expression.condition, expression.then, expression.otherwise)))
    if isinstance(expression, Arithmetic):
        return is_constant(expression.left) and is_constant(expression.right)
    return isinstance(expression, Literal)


def comparison_dimension(left: Term, right: Term, operator: Token) -> None:
    """Refuse to compare or add a duration, a moment or a plain number with another of these. Raises `ExpressionRefused`."""
    pair = {left.dimension, right.dimension} - {Dimension.ANY}
    if len(pair) == 2 or (Dimension.MOMENT in pair and Dimension.ANY in (left.dimension, right.dimension)):
        written = next((side.start for side in (right, left) if is_constant(side.expression)), operator.start)
        cause = f"{left.dimension} {operator.text} {right.dimension}"
        moment = Dimension.MOMENT in pair
        hint = 'write moments as date("2026-12-01")' if moment else "write durations with their unit: 6s, 150ms, 5min, 2h"
        raise ExpressionRefused(written, cause, hint)


def joined_dimension(terms: Iterable[Term], word: Token) -> Dimension:
    """Return what several numbers of which one is taken count. Raises `ExpressionRefused` where they don't count one thing."""
    first, *others = terms
    dimension = first.dimension
    for other in others:
        comparison_dimension(first, other, replace(word, text="or"))
        dimension = other.dimension if dimension is Dimension.ANY else dimension
    return dimension


def arithmetic(left: Term, operator: Token, right: Term) -> Term:
    """Return `left operator right`. Raises `ExpressionRefused` where the operands aren't numbers that go together."""
    for operand in (left, right):
        if operand.type is not Type.NUMBER:
            raise ExpressionRefused(operand.start, f"{operator.text} needs numbers, this is {operand.type}")
    tree = Arithmetic(operator.text, left.expression, right.expression)
    if operator.text == "/" and constant(right.expression) == 0:
        raise ExpressionRefused(right.start, "division by zero")
    return Term(tree, _arithmetic_dimension(left, operator, right), left.start, right.end)


def _arithmetic_dimension(left: Term, operator: Token, right: Term) -> Dimension:
    if Dimension.MOMENT in (left.dimension, right.dimension):
        found = _MOMENTS.get((left.dimension, operator.text, right.dimension))
        if found is None:
            cause = f"{left.dimension} {operator.text} {right.dimension}"
            raise ExpressionRefused(operator.start, cause, "from a moment take another, or add or take a duration")
        return found
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


_MOMENTS: Final = {
    (Dimension.MOMENT, "-", Dimension.MOMENT): Dimension.TIME,
    (Dimension.MOMENT, "-", Dimension.TIME): Dimension.MOMENT,
    (Dimension.MOMENT, "+", Dimension.TIME): Dimension.MOMENT,
    (Dimension.TIME, "+", Dimension.MOMENT): Dimension.MOMENT,
}
"""What comes of computing with moments."""
