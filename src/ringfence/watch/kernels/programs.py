"""Conditions as postfix programs over a key's measures, one step an operator, a constant or a measure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import inner

CONSTANT: Final = 0
MEASURE: Final = 1
NOT: Final = 2
AND: Final = 3
OR: Final = 4
ADD: Final = 5
SUBTRACT: Final = 6
MULTIPLY: Final = 7
DIVIDE: Final = 8
EQUAL: Final = 9
UNEQUAL: Final = 10
LESS: Final = 11
LESS_OR_EQUAL: Final = 12
GREATER: Final = 13
GREATER_OR_EQUAL: Final = 14


@inner
def apply(operation: int, left: float, right: float) -> float:
    """Return one operator's result; truth is 1.0. A comparison with not-a-number is false, and so is dividing by zero a number."""
    if operation == AND:
        return min(left, right)
    if operation == OR:
        return max(left, right)
    if operation == ADD:
        return left + right
    if operation == SUBTRACT:
        return left - right
    if operation == MULTIPLY:
        return left * right
    if operation == DIVIDE:
        return left / right if right != 0.0 else np.nan
    if np.isnan(left) or np.isnan(right):
        return 0.0
    truth = (
        (operation == EQUAL and left == right)
        or (operation == UNEQUAL and left != right)
        or (operation == LESS and left < right)
        or (operation == LESS_OR_EQUAL and left <= right)
        or (operation == GREATER and left > right)
        or (operation == GREATER_OR_EQUAL and left >= right)
    )
    return 1.0 if truth else 0.0


@inner
def condition_holds(
    operation: NDArray[np.int64],
    operand: NDArray[np.float64],
    begin: int,
    end: int,
    measures: NDArray[np.float64],
    stack: NDArray[np.float64],
) -> bool:
    """Evaluate the condition whose steps stand from `begin` to `end` over a key's measures. `stack` is as deep as it can need."""
    top = -1
    for step in range(begin, end):
        if operation[step] == CONSTANT:
            top += 1
            stack[top] = operand[step]
        elif operation[step] == MEASURE:
            top += 1
            stack[top] = measures[np.int64(operand[step])]
        elif operation[step] == NOT:
            stack[top] = 1.0 - stack[top]
        else:
            top -= 1
            stack[top] = apply(operation[step], stack[top], stack[top + 1])
    return bool(stack[0] != 0.0)
