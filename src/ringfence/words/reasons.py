"""What made a condition true: of its alternatives those that held, and how each of them would have failed."""

from collections.abc import Iterator, Mapping
from math import isnan

from ringfence.policy.expressions import Comparison, Connective, Expression, Literal
from ringfence.words.conditions import value_of


def what_held(condition: Expression, measures: Mapping[str, float]) -> Expression:
    """Return the part of a condition that made it true with these measures.

    Of alternatives that is each that held; where none is known to have held, those of which measures alone don't tell.
    """
    if not isinstance(condition, Connective):
        return condition
    kept = _holding(condition.operands, measures) if condition.operator == "or" else condition.operands
    reduced: list[Expression] = []
    for operand in kept:
        part = what_held(operand, measures)
        same = isinstance(part, Connective) and part.operator == condition.operator
        reduced += part.operands if isinstance(part, Connective) and same else [part]
    parts = tuple(dict.fromkeys(reduced))
    return parts[0] if len(parts) == 1 else Connective(condition.operator, parts)


def ways(held: Expression) -> tuple[tuple[Comparison, ...], ...]:
    """Return, for each alternative that held, its comparisons with constants: one of them failing ends that alternative.

    Empty where an alternative has none: what would have ended it can't be said of one number.
    """
    alternatives = held.operands if isinstance(held, Connective) and held.operator == "or" else (held,)
    found = tuple(tuple(_plain(each)) for each in alternatives)
    return found if all(found) else ()


def _holding(operands: tuple[Expression, ...], measures: Mapping[str, float]) -> tuple[Expression, ...]:
    """Return which operands held, or else those that need more than measures, or else all."""
    values = [(each, value_of(each, measures)) for each in operands]
    held = tuple(each for each, value in values if value > 0)
    return held or tuple(each for each, value in values if isnan(value)) or operands


def _plain(alternative: Expression) -> Iterator[Comparison]:
    parts = alternative.operands if isinstance(alternative, Connective) and alternative.operator == "and" else (alternative,)
    for part in parts:
        if isinstance(part, Comparison) and any(isinstance(side, Literal) for side in (part.left, part.right)):
            yield part
