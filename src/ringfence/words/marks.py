"""Conditions that add up marks: so many points for each that holds, and a sum that is compared with a limit."""

from collections.abc import Mapping
from typing import NamedTuple

from ringfence.policy.expressions import Arithmetic, Choice, Expression, Literal
from ringfence.words.conditions import value_of

_FEWEST = 2


class Mark(NamedTuple):
    """What holds or does not, and what it is worth where it holds."""

    condition: Expression
    points: float
    choice: Choice

    def holds(self, measures: Mapping[str, float]) -> bool:
        """Tell whether it held with these measures."""
        return value_of(self.choice, measures) > 0


def marks_of(expression: Expression) -> tuple[Mark, ...]:
    """Return the marks that the expression adds up, in its order; none where it is anything else than such a sum."""
    found = _marks(expression)
    return tuple(found) if found is not None and len(found) >= _FEWEST else ()


def _marks(expression: Expression) -> list[Mark] | None:
    match expression:
        case Arithmetic(operator="+", left=left, right=right):
            first, second = _marks(left), _marks(right)
            return None if first is None or second is None else [*first, *second]
        case Choice(condition=condition, then=Literal(value=int() | float() as points), otherwise=Literal(value=0)):
            return [Mark(condition, float(points), expression)]
        case _:
            return None
