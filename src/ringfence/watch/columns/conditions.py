"""Expressions over columns: a filter's truth for every event at once.

Text is compared by its hashes. A comparison with an unset value or with not-a-number is false, also `!=` and `not in`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Connective,
    Expression,
    Field,
    Listed,
    Literal,
    Lookup,
    MeasureValue,
    Membership,
    Negation,
    PastValue,
    Type,
    Unset,
)
from ringfence.policy.trees import children
from ringfence.policy.written import written
from ringfence.watch.columns.derived import ARITHMETIC
from ringfence.watch.columns.hashes import UNSET, TextHashes

Column = NDArray[Any]

_COMPARE: Final[dict[str, Callable[[Column, Column], Column]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_COMPUTE: Final[dict[str, Callable[[Column, Column], Column]]] = {"+": np.add, "-": np.subtract, "*": np.multiply}
_ARITHMETIC: Final[dict[str, Callable[..., Column]]] = {
    "abs": np.abs,
    "min": lambda *columns: reduce(np.minimum, columns),
    "max": lambda *columns: reduce(np.maximum, columns),
    "round": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
}


def field_names(expression: Expression | None) -> Iterator[str]:
    """Yield the event fields that `expression` reads, some perhaps twice."""
    if isinstance(expression, Field):
        yield expression.name
    elif expression is not None:
        for operand in children(expression):
            yield from field_names(operand)


def evaluate(expression: Expression, values: Mapping[str, Column], size: int, hashes: TextHashes) -> Column:
    """Return the value of `expression` in each of `size` rows: bool, float64, or for text uint64 hashes.

    `values` holds a column for each field and measure that it reads, by name, and those of `Derivations` for its functions of
    texts, lists and time.
    """

    def column(part: Expression) -> Column:
        return evaluate(part, values, size, hashes)

    match expression:
        case Literal(value=str() as text):
            return np.full(size, hashes[text], np.uint64)
        case Literal(value=value, type=kind):
            return np.full(size, value, np.bool_ if kind is Type.BOOL else np.float64)
        case Field(name=name) | MeasureValue(name=name):
            return values[name]
        case Arithmetic(operator=operator, left=left, right=right):
            return _compute(operator, column(left), column(right))
        case Comparison(operator=operator, left=left, right=right):
            return _compare(operator, column(left), column(right))
        case Membership(left=left, options=options, negated=negated):
            present = column(left)
            among = np.zeros(size, np.bool_)
            for option in options:
                among |= _compare("==", present, column(option))
            return _is_set(present) & ~among if negated else among
        case Unset(operand=operand, negated=negated):
            return _is_set(column(operand)) if negated else ~_is_set(column(operand))
        case Connective(operator=operator, operands=several):
            return reduce(np.logical_and if operator == "and" else np.logical_or, map(column, several))
        case Negation(operand=operand):
            return ~column(operand)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return np.where(column(condition), column(then), column(otherwise))
        case Call(function=function, arguments=arguments) if function in ARITHMETIC:
            return _ARITHMETIC[function](*map(column, arguments))
        case Call() | Listed() | Lookup() | PastValue():
            return values[written(expression)]


def _is_set(column: Column) -> Column:
    if column.dtype == np.uint64:
        return np.not_equal(column, UNSET)
    if column.dtype == np.float64:
        return np.equal(column, column)  # not-a-number equals nothing
    return np.ones(column.shape, np.bool_)


def _compare(operator: str, left: Column, right: Column) -> Column:
    return _COMPARE[operator](left, right) & _is_set(left) & _is_set(right)


def _compute(operator: str, left: Column, right: Column) -> Column:
    if operator != "/":
        return _COMPUTE[operator](left, right)
    quotient = np.full(left.shape, np.nan)
    np.divide(left, right, out=quotient, where=right != 0)
    return quotient
