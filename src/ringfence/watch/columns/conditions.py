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
from ringfence.watch.columns.batches import Columns
from ringfence.watch.columns.derived import ARITHMETIC, derived_parts
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
    texts, lists and time. What an `and` or `or` has decided for every row by its first parts is not asked of the others.
    """
    column = _evaluated(expression, values, hashes)
    return column if column.ndim else np.full(size, column)


def _evaluated(expression: Expression, values: Mapping[str, Column], hashes: TextHashes) -> Column:
    """Return the same, as a single value where it reads nothing of the rows."""

    def column(part: Expression) -> Column:
        return _evaluated(part, values, hashes)

    match expression:
        case Literal(value=value, type=kind):
            return _constant(value, kind, hashes)
        case Field(name=name) | MeasureValue(name=name):
            return values[name]
        case Arithmetic(operator=operator, left=left, right=right):
            return _compute(operator, column(left), column(right))
        case Comparison(operator=operator, left=left, right=right):
            return _compare(operator, column(left), column(right))
        case Membership(left=left, options=options, negated=negated):
            present = column(left)
            among = reduce(np.logical_or, (_compare("==", present, column(option)) for option in options), np.zeros((), np.bool_))
            return _is_set(present) & ~among if negated else among
        case Unset(operand=operand, negated=negated):
            return _is_set(column(operand)) if negated else ~_is_set(column(operand))
        case Connective(operator=operator, operands=several):
            return _connected(operator, map(column, several))
        case Negation(operand=operand):
            return ~column(operand)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return np.where(column(condition), column(then), column(otherwise))
        case Call(function=function, arguments=arguments) if function in ARITHMETIC:
            return _ARITHMETIC[function](*map(column, arguments))
        case Call() | Listed() | Lookup() | PastValue():
            return values[written(expression)]


def _constant(value: str | float | bool, kind: Type, hashes: TextHashes) -> Column:
    if isinstance(value, str):
        return np.array(hashes[value], np.uint64)
    return np.array(value, np.bool_ if kind is Type.BOOL else np.float64)


def _connected(operator: str, columns: Iterator[Column]) -> Column:
    """Return what some truths come to together; the others are not made once it is decided for every row."""
    together = next(columns)
    is_and = operator == "and"
    while together.any() if is_and else not together.all():
        another = next(columns, None)
        if another is None:
            break
        together = together & another if is_and else together | another
    return together


Asked = tuple[tuple[str, Expression], ...]
"""What must all be true of an event, each with its name: what reads fields alone first, since what is derived takes longer."""


def asked_of(where: Expression | None) -> Asked:
    """Return the parts of a filter."""
    if where is None:
        return ()
    operands = where.operands if isinstance(where, Connective) and where.operator == "and" else (where,)
    return tuple((written(each), each) for each in sorted(operands, key=lambda each: any(derived_parts(each))))


def leave_out(columns: Columns, asked: Asked, part: Column, hashes: TextHashes) -> bool:
    """Leave out of what takes `part` all events of which something `asked` is not true; return whether any is left.

    Each truth stands among the columns from then on, since many rules ask for the same. What is asked of none is not made.
    """
    for name, expression in asked:
        if not part.any():
            return False
        column = columns.fields.get(name)
        if column is None:
            column = columns.fields[name] = evaluate(expression, columns.fields, part.size, hashes)
        part &= column
    return bool(part.any())


def _is_set(column: Column) -> Column:
    if column.dtype == np.uint64:
        return np.not_equal(column, UNSET)
    if column.dtype == np.float64:
        return np.equal(column, column)  # not-a-number equals nothing
    return np.ones((), np.bool_)


def _compare(operator: str, left: Column, right: Column) -> Column:
    compared = _COMPARE[operator](left, right)
    if operator != "!=" and left.dtype == right.dtype == np.float64:
        return compared  # not-a-number compares false by itself
    if operator == "==" and left.dtype == right.dtype:
        return compared & _is_set(right)  # what equals something set is set too
    return compared & _is_set(left) & _is_set(right)


def _compute(operator: str, left: Column, right: Column) -> Column:
    if operator != "/":
        return _COMPUTE[operator](left, right)
    quotient = np.full(np.broadcast_shapes(left.shape, right.shape), np.nan)
    np.divide(left, right, out=quotient, where=right != 0)
    return quotient
