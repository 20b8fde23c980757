"""A rule's condition as the postfix program that the kernel runs over a key's measures."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import (
    Arithmetic,
    Choice,
    Comparison,
    Connective,
    Expression,
    Literal,
    MeasureValue,
    Membership,
    Negation,
)
from ringfence.policy.plan import Rule
from ringfence.watch.kernels import programs as kernel
from ringfence.watch.windows.errors import RuleUnmeasurable

_OPERATIONS: Final = {
    "and": kernel.AND,
    "or": kernel.OR,
    "+": kernel.ADD,
    "-": kernel.SUBTRACT,
    "*": kernel.MULTIPLY,
    "/": kernel.DIVIDE,
    "==": kernel.EQUAL,
    "!=": kernel.UNEQUAL,
    "<": kernel.LESS,
    "<=": kernel.LESS_OR_EQUAL,
    ">": kernel.GREATER,
    ">=": kernel.GREATER_OR_EQUAL,
}


class Program(NamedTuple):
    """Steps in postfix order; `operand` is a constant, or a measure's index. `depth` is how deep a stack can get."""

    operation: NDArray[np.int64]
    operand: NDArray[np.float64]
    depth: int


def program_for(rule: Rule, condition: Expression, places: Sequence[int]) -> Program:
    """Return the program of a condition of `rule`, whose measures stand at `places`. Raises `RuleUnmeasurable`
    where it reads anything but numbers, truths and measures.
    """
    steps: list[tuple[int, float]] = []
    _compile(condition, rule, {measure.name: place for measure, place in zip(rule.measures, places, strict=True)}, steps)
    operation = np.array([step for step, _ in steps], np.int64)
    operand = np.array([value for _, value in steps], np.float64)
    return Program(operation, operand, len(steps))


def _compile(expression: Expression, rule: Rule, measures: dict[str, int], steps: list[tuple[int, float]]) -> None:
    match expression:
        case Literal(value=bool() | int() | float() as value):
            steps.append((kernel.CONSTANT, float(value)))
        case MeasureValue(name=name):
            steps.append((kernel.MEASURE, float(measures[name])))
        case Arithmetic(operator=operator, left=left, right=right) | Comparison(operator=operator, left=left, right=right):
            _compile(left, rule, measures, steps)
            _compile(right, rule, measures, steps)
            steps.append((_OPERATIONS[operator], 0.0))
        case Connective(operator=operator, operands=operands):
            for index, operand in enumerate(operands):
                _compile(operand, rule, measures, steps)
                if index > 0:
                    steps.append((_OPERATIONS[operator], 0.0))
        case Membership():
            _compile(_spelled_out(expression), rule, measures, steps)
        case Choice(condition=condition, then=Literal(value=float() as then), otherwise=Literal(value=float() as otherwise)):
            _compile(condition, rule, measures, steps)  # 1 or 0; both numbers are whole, so that nothing is lost
            if then - otherwise != 1:
                steps += [(kernel.CONSTANT, then - otherwise), (_OPERATIONS["*"], 0.0)]
            if otherwise != 0:
                steps += [(kernel.CONSTANT, otherwise), (_OPERATIONS["+"], 0.0)]
        case Negation(operand=operand):
            _compile(operand, rule, measures, steps)
            steps.append((kernel.NOT, 0.0))
        case _:
            raise RuleUnmeasurable(rule.name, f"its condition reads {expression}, but a condition is over measures and numbers")


def _spelled_out(membership: Membership) -> Expression:
    """Return `in` as one equality or another; `not in` as a number that equals none. An equality with itself says: a number."""
    left = membership.left
    if membership.negated:
        return Connective("and", (Comparison("==", left, left), *(Comparison("!=", left, option) for option in membership.options)))
    none = Comparison("!=", left, left)
    return Connective("or", (none, *(Comparison("==", left, option) for option in membership.options)))
