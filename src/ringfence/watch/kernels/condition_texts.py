"""A group's conditions as expressions of Python, from the postfix programs that the general pass interprets."""

from math import nan
from typing import Any, Final, NamedTuple

from ringfence.watch.kernels import programs as kernel
from ringfence.watch.kernels.compiled import inner
from ringfence.watch.kernels.layout import Terms

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
    """Part of an expression; `truth` tells whether it is a truth or a number."""

    source: str
    truth: bool


@inner
def quotient(left: float, right: float) -> float:
    """Return left / right; not-a-number where the divisor is zero."""
    return left / right if right != 0.0 else nan


@inner
def unlike(left: float, right: float) -> bool:
    """Tell whether two numbers differ; not-a-number differs from none."""
    return left < right or left > right


NAMES: Final[dict[str, Any]] = {"quotient": quotient, "unlike": unlike}
"""What the expressions call."""


def condition_text(terms: Terms, rule: int) -> str:
    """Return the condition of a rule over the array `measures`; it calls `NAMES`.

    Comparisons with not-a-number are false, also `!=`, and dividing by zero gives not-a-number, as the interpreter has it.
    """
    stack: list[_Text] = []
    for step in range(terms.begin[rule], terms.begin[rule + 1]):
        operation, operand = int(terms.operation[step]), float(terms.operand[step])
        if operation == kernel.CONSTANT:
            stack.append(_Text(f"({operand!r})", False))
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
            return _Text(f"quotient({_number(left)}, {_number(right)})", False)
        case kernel.UNEQUAL:
            return _Text(f"unlike({_number(left)}, {_number(right)})", True)
    is_comparison = operation not in (kernel.ADD, kernel.SUBTRACT, kernel.MULTIPLY)
    return _Text(f"({_number(left)} {_SYMBOLS[operation]} {_number(right)})", is_comparison)


def _truth(text: _Text) -> str:
    return text.source if text.truth else f"({text.source} != 0.0)"


def _number(text: _Text) -> str:
    return f"(1.0 if {text.source} else 0.0)" if text.truth else text.source
