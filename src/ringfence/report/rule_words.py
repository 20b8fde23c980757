"""A rule in words: its expressions as text, and its condition as numbers against limits."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Final

from ringfence.policy.durations import write_duration
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
from ringfence.policy.plan import Measure, Rule
from ringfence.report.conditions import COMPARE, value_of
from ringfence.report.writing import number
from ringfence.vocabulary.times import Micros

_WORDS: Final = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "==": "exactly", "!=": "other than"}
_MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Limit:
    """One number that a rule compares: `what` as the rule writes it, `words` such as `at least`."""

    what: str
    words: str
    limit: float
    expression: Expression
    holds: Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Compared:
    """A limit and what was measured, as text. `measured` is empty where it came to no number; `holds`: the limit was reached."""

    what: str
    measured: str
    limit: str
    holds: bool


def limits(rule: Rule) -> tuple[Limit, ...]:
    """Return what the rule's condition compares with constants, in its order."""
    return tuple(_limits(rule.when, negated=False))


def compared(rule: Rule, measures: Mapping[str, float]) -> list[Compared]:
    """Return each limit of the rule beside what `measures` come to."""
    lines = []
    for limit in limits(rule):
        value = value_of(limit.expression, measures)
        measured = "" if isnan(value) else number(value)
        holds = not isnan(value) and limit.holds(value)
        lines.append(Compared(limit.what, measured, f"{limit.words} {number(limit.limit)}", holds))
    return lines


def charted(rule: Rule) -> tuple[tuple[Measure, float], ...]:
    """Return the measures that the rule holds against a constant directly, with it: what a line in a picture can show."""
    measures = {measure.name: measure for measure in rule.measures}
    return tuple(
        (measures[limit.expression.name], limit.limit) for limit in limits(rule) if isinstance(limit.expression, MeasureValue)
    )


def measure_text(measure: Measure) -> str:
    """Return a measure as a rule writes it: `distinct(callee)`."""
    parts = [measure.field] if measure.field else []
    if measure.where is not None:
        condition = text_of(measure.where)
        parts.append(f"where={condition}" if measure.field else condition)
    return f"{measure.function}({', '.join(parts)})"


def text_of(expression: Expression) -> str:
    """Return an expression as text."""
    match expression:
        case Literal(value=str() as text):
            return f'"{text}"'
        case Literal(value=bool() as truth):
            return str(truth)
        case Literal(value=value):
            return number(float(value))
        case Field(name=name) | MeasureValue(name=name):
            return name
        case Arithmetic(operator=operator, left=left, right=right):
            return f"{_inner(left)} {operator} {_inner(right)}"
        case Comparison(operator=operator, left=left, right=right):
            return f"{_side(left, right)} {operator} {_side(right, left)}"
        case Membership(left=left, options=options, negated=negated):
            among = ", ".join(_side(option, left) for option in options)
            return f"{_inner(left)} {'not in' if negated else 'in'} ({among})"
        case Unset(operand=operand, negated=negated):
            return f"{_inner(operand)} is {'not ' if negated else ''}None"
        case Connective(operator=operator, operands=operands):
            return f" {operator} ".join(_inner(operand) for operand in operands)
        case Negation(operand=operand):
            return f"not {_inner(operand)}"
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return f"{_inner(then)} if {_inner(condition)} else {_inner(otherwise)}"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(text_of, arguments))})"
        case Listed(operand=operand, list=name, prefix=prefix, negated=negated):
            return f'{_inner(operand)} {"not in" if negated else "in"} {"prefixes" if prefix else "list"}("{name}")'
        case Lookup(list=name, column=column, keys=keys, prefix=prefix):
            asked = ", ".join((f'"{name}"', f'"{column}"', *map(text_of, keys)))
            return f"{'lookup_prefix' if prefix else 'lookup'}({asked})"
        case PastValue(past=past, measure=measure):
            return f"{past}({measure})"


def _limits(expression: Expression, *, negated: bool) -> Iterator[Limit]:
    match expression:
        case Comparison(operator=operator, left=left, right=Literal(value=int() | float() as limit)):
            yield _limit(operator, left, float(limit), negated)
        case Comparison(operator=operator, left=Literal(value=int() | float() as limit), right=right):
            yield _limit(_MIRRORED[operator], right, float(limit), negated)
        case Connective(operands=operands):
            for operand in operands:
                yield from _limits(operand, negated=negated)
        case Negation(operand=operand):
            yield from _limits(operand, negated=not negated)


def _limit(operator: str, side: Expression, limit: float, negated: bool) -> Limit:
    compare = COMPARE[operator]
    words = f"{'not ' if negated else ''}{_WORDS[operator]}"
    return Limit(text_of(side), words, limit, side, lambda value: compare(value, limit) is not negated)


def _inner(expression: Expression) -> str:
    text = text_of(expression)
    return f"({text})" if isinstance(expression, Arithmetic | Connective | Comparison) else text


def _side(expression: Expression, other: Expression) -> str:
    """Return one side of a comparison: a number beside a duration is one."""
    if isinstance(expression, Literal) and isinstance(other, Field) and FIELDS[other.name].scale != 1:
        return write_duration(Micros(int(expression.value)))
    return text_of(expression) if isinstance(expression, Literal | Arithmetic) else _inner(expression)
