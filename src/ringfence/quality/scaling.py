"""A plan with its thresholds moved: what would be found if each limit asked half as much, or twice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ringfence.policy.expressions import (
    Arithmetic,
    Comparison,
    Connective,
    Expression,
    Literal,
    MeasureValue,
    Negation,
    PastValue,
    Type,
)
from ringfence.policy.plan import Plan, Rule
from ringfence.policy.trees import parts

_MIRRORED: Final[Mapping[str, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def scaled(plan: Plan, factor: float) -> Plan:
    """Return `plan` with each limit of each condition asking `factor` times as much.

    A lower limit is multiplied by the factor, an upper one divided. A lower limit that is a share (above 0, below 1) moves
    towards 1 when it rises, by as much as what is left is divided: twice 0.8 is 0.9. Limits that are no literal numbers, least
    samples and windows stay as they are.
    """
    return replace(plan, rules=tuple(_rule(rule, factor) for rule in plan.rules))


def _rule(rule: Rule, factor: float) -> Rule:
    tiers = tuple(
        replace(
            tier,
            when=_moved(tier.when, factor, up=True),
            clears=None if tier.clears is None else _moved(tier.clears, factor, up=False),
        )
        for tier in rule.tiers
    )
    return replace(rule, tiers=tiers)


def _moved(condition: Expression, factor: float, *, up: bool) -> Expression:
    """Return the condition harder to meet by the factor; with `up` false it says when another is over, and is mirrored."""
    match condition:
        case Connective(operator, operands):
            return Connective(operator, tuple(_moved(operand, factor, up=up) for operand in operands))
        case Negation(operand):
            return Negation(_moved(operand, factor, up=not up))
        case Comparison(operator, left, right) if operator in _MIRRORED:
            if isinstance(right, Literal) and _measured(left):
                return Comparison(operator, left, _limit(right, factor, lower=(operator in (">", ">=")) == up))
            if isinstance(left, Literal) and _measured(right):
                return Comparison(operator, _limit(left, factor, lower=(operator in ("<", "<=")) == up), right)
    return condition


def _measured(side: Expression) -> bool:
    return any(isinstance(part, MeasureValue | PastValue | Arithmetic) for part in parts(side))


def _limit(limit: Literal, factor: float, *, lower: bool) -> Literal:
    value = float(limit.value)
    if limit.type is not Type.NUMBER or value == 0:
        return limit
    if not lower:
        return replace(limit, value=value / factor)
    if 0 < value < 1 and factor > 1:
        return replace(limit, value=1 - (1 - value) / factor)
    return replace(limit, value=value * factor)
