"""What a condition compares with constants."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from ringfence.policy.expressions import Arithmetic, Comparison, Connective, Expression, MeasureValue, Negation, Type
from ringfence.policy.terms import constant
from ringfence.policy.trees import measures_in, parts
from ringfence.policy.written import written

MIRRORED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
"""The operator that says the same with the sides changed."""

OPPOSITE: Final = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}
"""The operator that holds where this one does not."""

SHIFTED: Final = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}
"""The operator that differs at the limit itself alone."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`compared operator value`."""

    compared: Expression
    operator: str
    value: float


def limits(condition: Expression, *, negated: bool = False) -> Iterator[Limit]:
    """Yield what it compares with constants, the constant on the right; what stands under `not` the other way round."""
    match condition:
        case Connective(operands=operands):
            for operand in operands:
                yield from limits(operand, negated=negated)
        case Negation(operand=operand):
            yield from limits(operand, negated=not negated)
        case Comparison(operator=operator, left=left, right=right):
            stated = OPPOSITE[operator] if negated else operator
            if (value := constant(right)) is not None:
                yield Limit(left, stated, value)
            elif (value := constant(left)) is not None:
                yield Limit(right, MIRRORED[stated], value)
        case _:
            return


def varying_limits(condition: Expression, stated: Collection[str] = ()) -> Iterator[tuple[str, Expression]]:
    """Yield what it compares numbers with that is no constant (a looked-up limit, a field, the past), by the compared text.

    The side with the most of the rule's measures as they stand is the compared one, the other its limit; the left where both have
    as many. Where one text is compared twice, or with a constant too (`stated`), it stands under text and operator.
    """
    known = set(stated)
    for part in parts(condition):
        if not isinstance(part, Comparison) or part.left.type is not Type.NUMBER:
            continue
        operator, compared, limit = part.operator, part.left, part.right
        if _measured(limit) > _measured(compared):
            operator, compared, limit = MIRRORED[operator], limit, compared
        if constant(limit) is not None or constant(compared) is not None:
            continue
        name = written(compared)
        yield (f"{name} {operator}" if name in known else name), limit
        known.add(name)


def _measured(expression: Expression) -> int:
    return len({part.name for part in parts(expression) if isinstance(part, MeasureValue)})


def lower_bounds(condition: Expression) -> frozenset[str]:
    """Return the measures that are above zero wherever the condition holds: the sides that it holds above a limit."""
    if isinstance(condition, Connective) and condition.operator == "and":
        return frozenset().union(*map(lower_bounds, condition.operands))
    if not isinstance(condition, Comparison):
        return frozenset()
    operator, left, right = condition.operator, condition.left, condition.right
    if operator in ("<", "<="):
        operator, left, right = MIRRORED[operator], right, left
    limit = constant(right)
    least = limit is None or limit > 0 or (operator == ">" and limit >= 0)
    divides = any(isinstance(part, Arithmetic) and part.operator in "/-" for part in parts(left))
    if operator not in (">", ">=", "==") or not least or divides or measures_in(right):
        return frozenset()
    return frozenset(part.name for part in parts(left) if isinstance(part, MeasureValue))
