"""What a finding's numbers say, for people to read. Pure."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.vocabulary.contracts import Finding

_OPERATORS: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One line: what was measured, what the rule compared it with, and how the two stand. Empty where there is no threshold."""

    what: str
    measured: str
    threshold: str
    words: str


def compared(finding: Finding) -> list[Compared]:
    """Return a line for each threshold, then for each measure that the rule compares with nothing."""
    lines = [_line(what, value_of(what, finding.measures), threshold) for what, threshold in finding.thresholds.items()]
    rest = [Compared(what, number(value), "", "") for what, value in finding.measures.items() if what not in finding.thresholds]
    return lines + rest


def value_of(what: str, measures: Mapping[str, float]) -> float | None:
    """Return what a compared expression came to, such as `refusals / (refusals + served)`; `None` where that can't be told.

    >>> value_of("failures / (failures + successes)", {"failures": 9.0, "successes": 1.0})
    0.9
    """
    try:
        return _value(ast.parse(what, mode="eval").body, measures)
    except (SyntaxError, ValueError, KeyError, ZeroDivisionError, RecursionError):
        return None


def _value(node: ast.expr, measures: Mapping[str, float]) -> float:
    match node:
        case ast.Name(id=name):
            return measures[name]
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=sign, right=right):
            return _OPERATORS[type(sign)](_value(left, measures), _value(right, measures))
    raise ValueError("no arithmetic of measures")


def _line(what: str, measured: float | None, threshold: float) -> Compared:
    if measured is None:
        return Compared(what, "", number(threshold), "not told by the measures alone")
    difference = measured - threshold
    words = (
        f"{number(abs(difference))} {'above' if difference > 0 else 'below'} the threshold" if difference else "at the threshold"
    )
    if difference > 0 and threshold > 0:
        words += f" ({measured / threshold:.1f} times it)"
    return Compared(what, number(measured), number(threshold), words)


def number(value: float) -> str:
    """Return a number as people write it: whole where it is whole, else with three significant decimals.

    >>> number(1200.0), number(0.25)
    ('1,200', '0.25')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"
