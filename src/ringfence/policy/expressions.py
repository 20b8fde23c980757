"""The typed tree of an expression: what the checker makes of a rule's text, and what every evaluator reads.

Types are `bool`, `number` and `text`. A field that may be unset is `None` there, and every comparison with an unset value is
false, also `!=`; ask `is None` or `is not None`. Arithmetic with zero as divisor gives not-a-number, which compares false.
"""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What an expression yields."""

    BOOL = "bool"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Durations are written `6s`, `150ms`, `2h` and hold microseconds."""

    value: bool | float | str
    type: Type


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event (see `fields`). Durations read as microseconds whatever unit the contract's field has."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class MeasureValue:
    """The present value of one of the rule's measures. Only in `when`."""

    name: str
    type: Type = Type.NUMBER


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`operator` is one of `+ - * /`."""

    operator: str
    left: "Expression"
    right: "Expression"
    type: Type = Type.NUMBER


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is one of `== != < <= > >=`. Chains (`a < b < c`) arrive as a conjunction of two."""

    operator: str
    left: "Expression"
    right: "Expression"
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Membership:
    """`left in (…)`; with `negated`, `not in`. False for an unset left side either way."""

    left: "Expression"
    options: tuple[Literal, ...]
    negated: bool
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Unset:
    """`operand is None`; with `negated`, `is not None`."""

    operand: Field
    negated: bool
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Connective:
    """`operator` is `and` or `or`, over two or more operands."""

    operator: str
    operands: tuple["Expression", ...]
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Negation:
    """`not operand`."""

    operand: "Expression"
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the event alone, such as `country(callee)` (see `functions`). An unset argument gives an unset value."""

    function: str
    arguments: tuple["Expression", ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Choice:
    """`then if condition else otherwise`."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"
    type: Type


@dataclass(frozen=True, slots=True)
class Listed:
    """`operand in list("name")`: an entry in force at the event's time equals it; with `prefix`, one that it begins with.

    With `negated`, `not in`. False for an unset operand either way.
    """

    operand: "Expression"
    list: str
    prefix: bool
    negated: bool
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Lookup:
    """`lookup("list", "column", key, …)`: the column of the row in force whose entry is the keys joined by a colon.

    With `prefix` the longest entry that the key begins with. Unset where there is no such row.
    """

    list: str
    column: str
    keys: tuple["Expression", ...]
    prefix: bool
    type: Type


class Past(StrEnum):
    """What an earlier value of a measure is taken from."""

    BEFORE = "before"  # the period before the present one
    USUAL = "usual"  # the mean over the same hour or day of the week in the `periods` weeks before
    PEERS = "peers"  # the given quantile over all keys, in the period before the present one


@dataclass(frozen=True, slots=True)
class PastValue:
    """A calendar measure's value in periods gone by; not-a-number where there was none. Only in `when`."""

    past: Past
    measure: str
    periods: int = 1
    quantile: float = 0.5
    type: Type = Type.NUMBER


Expression = (
    Literal
    | Field
    | MeasureValue
    | Arithmetic
    | Comparison
    | Membership
    | Unset
    | Connective
    | Negation
    | Call
    | Choice
    | Listed
    | Lookup
    | PastValue
)
