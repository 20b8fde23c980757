"""A rule in words: its expressions as text, and its condition as numbers against limits."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Final

from ringfence.policy.evaluation import COMPARE
from ringfence.policy.expressions import Comparison, Connective, Expression, Literal, MeasureValue, Negation
from ringfence.policy.plan import Measure, Rule
from ringfence.policy.written import written
from ringfence.words.conditions import value_of
from ringfence.words.writing import number

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


def limits(rule: Rule, tier: int = 0) -> tuple[Limit, ...]:
    """Return what the condition of one of the rule's thresholds compares with constants, in its order."""
    return limits_in(rule.tiers[tier].when)


def limits_in(condition: Expression) -> tuple[Limit, ...]:
    """Return what a condition compares with constants, in its order."""
    return tuple(_limits(condition, negated=False))


def compared(rule: Rule, measures: Mapping[str, float], tier: int = 0) -> list[Compared]:
    """Return each limit of a threshold beside what `measures` come to."""
    lines = []
    for limit in limits(rule, tier):
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
    return Limit(written(side), words, limit, side, lambda value: compare(value, limit) is not negated)
