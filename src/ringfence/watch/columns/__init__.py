"""Events as checked columns, and the conditions that filter them."""

from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch, Columns, call_ids_of, columns_of, times_of
from ringfence.watch.columns.conditions import evaluate, field_names
from ringfence.watch.columns.derived import Derivations, as_hashes, column_names, derived_parts
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold

__all__ = [
    "KIND_CODES",
    "UNSET",
    "ColumnBatch",
    "Columns",
    "Derivations",
    "TextHashes",
    "as_hashes",
    "call_ids_of",
    "column_names",
    "columns_of",
    "derived_parts",
    "evaluate",
    "field_names",
    "fold",
    "times_of",
]
