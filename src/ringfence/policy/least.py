"""What a condition can't hold without, told cheaply: so that it need not be looked at where most keys are, far below."""

from math import ceil, floor
from typing import Final

from ringfence.policy.expressions import Comparison, Connective, Expression, Literal, MeasureValue

_FARTHEST: Final = float(1 << 53)
"""Beyond it not every whole number is a double."""
_RISING: Final = (">", ">=")
_FALLING: Final = ("<", "<=")


def least_of(condition: Expression) -> dict[str, int]:
    """Return what whole numbers some measures must reach at least for a condition to hold; fewer than there are, perhaps."""
    match condition:
        case Connective(operator="and", operands=operands):
            least: dict[str, int] = {}
            for operand in operands:
                for name, number in least_of(operand).items():
                    least[name] = max(number, least.get(name, number))
            return least
        case Connective(operands=operands):
            several = [least_of(operand) for operand in operands]
            common = set(several[0]).intersection(*several)
            return {name: min(each[name] for each in several) for name in common}
        case Comparison(
            operator=">" | ">=" | "==" as sign, left=MeasureValue(name=name), right=Literal(value=float() | int() as number)
        ):
            if abs(number) >= _FARTHEST:
                return {}
            return {name: floor(number) + 1 if sign == ">" else ceil(number)}
        case Comparison(operator="<" | "<=" as sign, left=Literal() as number, right=MeasureValue() as measure):
            return least_of(Comparison({"<": ">", "<=": ">="}[sign], measure, number))
    return {}


def holds_with(condition: Expression, other: Expression) -> bool:
    """Tell whether `other` holds wherever `condition` does, as far as their texts say: a graver tier

    So it is where each part of `other` is a part of `condition` too, or asks less of the same number than one of these does.
    """
    own = _operands(condition)
    return all(part in own or any(_is_within(each, part) for each in own) for part in _operands(other))


def _is_within(part: Expression, other: Expression) -> bool:
    match part, other:
        case (
            Comparison(operator=sign, left=left, right=Literal(value=float() | int() as number)),
            Comparison(operator=other_sign, left=other_left, right=Literal(value=float() | int() as least)),
        ) if left == other_left:
            beyond = (sign in _RISING and other_sign in _RISING and number > least) or (
                sign in _FALLING and other_sign in _FALLING and number < least
            )
            return beyond or (number == least and other_sign == f"{sign}=")
    return False


def _operands(condition: Expression) -> tuple[Expression, ...]:
    """Return what must all be true."""
    if not (isinstance(condition, Connective) and condition.operator == "and"):
        return (condition,)
    return tuple(part for operand in condition.operands for part in _operands(operand))
