"""Events as checked columns, and the conditions that filter them."""

from ringfence.watch.columns.batches import (
    KIND_CODES,
    ColumnBatch,
    Columns,
    Fields,
    Outcomes,
    Part,
    call_ids_of,
    columns_of,
    times_of,
)
from ringfence.watch.columns.conditions import Asked, asked_of, evaluate, field_names, leave_out
from ringfence.watch.columns.derived import Derivations, column_names, derived_parts
from ringfence.watch.columns.given import as_hashes, number_bits
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold
from ringfence.watch.columns.listed import ListedEvents
from ringfence.watch.columns.numbers import NOTHING, NumberCodes, number_code

__all__ = [
    "KIND_CODES",
    "NOTHING",
    "UNSET",
    "Asked",
    "ColumnBatch",
    "Columns",
    "Derivations",
    "Fields",
    "ListedEvents",
    "NumberCodes",
    "Outcomes",
    "Part",
    "TextHashes",
    "as_hashes",
    "asked_of",
    "call_ids_of",
    "column_names",
    "columns_of",
    "derived_parts",
    "evaluate",
    "field_names",
    "fold",
    "leave_out",
    "number_bits",
    "number_code",
    "times_of",
]
