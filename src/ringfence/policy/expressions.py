"""The typed tree of an expression: what the checker makes of a rule's text, and what every evaluator reads.

Types are `bool`, `number` and `text`. A field that may be unset is `None` there, and every comparison with an unset value is
false, also `!=`; ask `is None` or `is not None`. Arithmetic with zero as divisor gives not-a-number, which compares false. An unset
number is not-a-number too, and a truth that nobody can tell (`valid` of an unset text) is false.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Type(StrEnum):
    """What an expression yields."""

    BOOL = "bool"
    NUMBER = "number"
    TEXT = "text"


class Dimension(StrEnum):
    """What a number counts. A duration is never compared with a plain number: `duration < 6` would mean microseconds."""

    PLAIN = "a plain number"
    TIME = "a duration"
    MOMENT = "a moment"
    ANY = "zero"  # fits plain numbers and durations


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Durations are written `6s`, `150ms`, `2h` and hold microseconds; moments, `date("2026-12-01")`, those since 1970.

    `dimension` is how it was written. It makes no other value: two that differ in it alone are equal.
    """

    value: bool | float | str
    type: Type
    dimension: Dimension = field(default=Dimension.ANY, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event (see `fields`), in `when` of the event that is looked at: at a boundary the key's newest.

    Durations read as microseconds whatever unit the contract's field has.
    """

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
    """`operand is None`; with `negated`, `is not None`. A number is unset where it is not-a-number."""

    operand: "Expression"
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
    """A function, such as `country(callee)` or `hour("UTC")` (see `functions`). An unset argument gives an unset value.

    Zones, patterns, lists and counts of digits are arguments too: literals.
    """

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
    """`operand in list("name")`: an entry in force at the event's time equals it; with `prefix`, `in prefixes("name")`, one that it
    begins with (an entry without + also where the operand has one).

    With `negated`, `not in`. False for an unset operand either way.
    """

    operand: "Expression"
    list: str
    prefix: bool
    negated: bool
    type: Type = Type.BOOL


@dataclass(frozen=True, slots=True)
class Lookup:
    """`lookup("list", "column", key, …)`: the column of the first row in force whose entry is the keys joined by a colon.

    With `prefix`, `lookup_prefix`, the row of the longest entry that the key begins with. Where there is none, and for an unset
    key, the row whose entry is `*`; unset where there is no such row or its cell is empty. It is a number where every cell of the
    column is a number, a duration or a moment.
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
    CALM = "calm"  # the last period before the present one in which the rule found nothing for the key, of the week before
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
