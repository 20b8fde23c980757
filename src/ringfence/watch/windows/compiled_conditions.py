"""A group's conditions as one compiled function, written from the same postfix programs that the kernel interprets."""

from collections.abc import Callable
from functools import cache
from math import nan
from typing import Any, Final, NamedTuple

from numba import cfunc, njit, types

from ringfence.watch.kernels import programs as kernel
from ringfence.watch.kernels.layout import Terms
from ringfence.watch.kernels.windows import Conditions

_SIGNATURE: Final = types.int64(types.float64[::1])
_SYMBOLS: Final = {
    kernel.ADD: "+",
    kernel.SUBTRACT: "-",
    kernel.MULTIPLY: "*",
    kernel.EQUAL: "==",
    kernel.LESS: "<",
    kernel.LESS_OR_EQUAL: "<=",
    kernel.GREATER: ">",
    kernel.GREATER_OR_EQUAL: ">=",
}


class _Text(NamedTuple):
    """Part of the function's source; `truth` tells whether it is a truth or a number."""

    source: str
    truth: bool


@cache
def interpreted() -> Conditions:
    """Return what stands in for compiled conditions while the kernel interprets them."""
    return _function(_nothing)


def compiled_conditions(terms: Terms) -> Conditions:
    """Return the conditions of `terms` as machine code: bit g of what it gives is rule g's.

    Comparisons with not-a-number are false, also `!=`, and dividing by zero gives not-a-number, as the kernel has it.
    """
    lines = ["def conditions(measures):", "    bits = 0"]
    for rule in range(terms.begin.size - 1):
        lines += [f"    if {_source(terms, rule)}:", f"        bits |= {1 << rule}"]
    space: dict[str, Any] = {"divided": _divided, "unequal": _unequal}
    # Nothing but numbers, operators and the names above comes from the rules: names of theirs never do.
    exec("\n".join([*lines, "    return bits"]), space)
    return _function(space["conditions"])


def _source(terms: Terms, rule: int) -> str:
    stack: list[_Text] = []
    for step in range(terms.begin[rule], terms.begin[rule + 1]):
        operation, operand = int(terms.operation[step]), float(terms.operand[step])
        if operation == kernel.CONSTANT:
            stack.append(_Text(repr(operand), False))
        elif operation == kernel.MEASURE:
            stack.append(_Text(f"measures[{int(operand)}]", False))
        elif operation == kernel.NOT:
            stack.append(_Text(f"(not {_truth(stack.pop())})", True))
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(_joined(operation, left, right))
    return _truth(stack.pop())


def _joined(operation: int, left: _Text, right: _Text) -> _Text:
    match operation:
        case kernel.AND | kernel.OR:
            word = "and" if operation == kernel.AND else "or"
            return _Text(f"({_truth(left)} {word} {_truth(right)})", True)
        case kernel.DIVIDE:
            return _Text(f"divided({left.source}, {right.source})", False)
        case kernel.UNEQUAL:
            return _Text(f"unequal({_number(left)}, {_number(right)})", True)
    is_comparison = operation not in (kernel.ADD, kernel.SUBTRACT, kernel.MULTIPLY)
    return _Text(f"({_number(left)} {_SYMBOLS[operation]} {_number(right)})", is_comparison)


def _truth(text: _Text) -> str:
    return text.source if text.truth else f"({text.source} != 0.0)"


def _number(text: _Text) -> str:
    return f"(1.0 if {text.source} else 0.0)" if text.truth else text.source


def _nothing(measures: object) -> int:  # noqa: ARG001 - the kernel asks with the measures
    return 0


@njit(inline="always")
def _divided(left: float, right: float) -> float:
    return left / right if right != 0.0 else nan


@njit(inline="always")
def _unequal(left: float, right: float) -> bool:
    return left < right or left > right


def _function(source: Callable[..., int]) -> Conditions:
    made: Conditions = cfunc(_SIGNATURE, error_model="numpy")(source)
    return made
