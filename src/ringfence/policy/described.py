"""The language's words as tables: what the reference shows of kinds of event, fields and functions."""

from collections.abc import Iterable
from typing import Final

from ringfence.policy.expressions import Dimension, Type
from ringfence.policy.fields import FIELDS, KINDS, OUTCOME_FIELDS, EventField
from ringfence.policy.functions import FUNCTIONS, SPECIAL, Function

_DIMENSIONS: Final = {Dimension.TIME: "duration", Dimension.MOMENT: "moment", None: "as given"}


def kind_table() -> str:
    """Return the kinds of event as a Markdown table."""
    return _table(("kind", "what it is"), ((f"`{kind}`", meaning) for kind, meaning in KINDS.items()))


def field_table() -> str:
    """Return the fields as a Markdown table."""
    return _table(("field", "type", "may be unset", "known at the end", "meaning"), map(_field_row, FIELDS.values()))


def function_table() -> str:
    """Return the functions as a Markdown table."""
    special = (
        (f"`{usage}`", "by the column" if "lookup" in name else "moment", meaning) for name, (usage, meaning) in SPECIAL.items()
    )
    return _table(("function", "yields", "meaning"), (*map(_function_row, FUNCTIONS.values()), *special))


def type_of(kind: Type, dimension: Dimension | None) -> str:
    """Return how the reference calls what is of that type and dimension."""
    return _DIMENSIONS.get(dimension, str(kind)) if kind is Type.NUMBER else str(kind)


def _field_row(field: EventField) -> tuple[str, ...]:
    unset, at_end = "yes" * field.may_be_unset, "yes" * (field.name in OUTCOME_FIELDS)
    return (f"`{field.name}`", type_of(field.type, field.dimension), unset, at_end, field.meaning)


def _function_row(function: Function) -> tuple[str, ...]:
    return (f"`{function.usage}`", type_of(function.type, function.dimension), function.meaning)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_line(head), f"|{'---|' * len(head)}", *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
