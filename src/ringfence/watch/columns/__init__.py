"""Events as checked columns, and the conditions that filter them."""

from ringfence.watch.columns.batches import KIND_CODES, ColumnBatch, Columns, call_ids_of, columns_of, times_of
from ringfence.watch.columns.conditions import evaluate, field_names, operands
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold

__all__ = [
    "KIND_CODES",
    "UNSET",
    "ColumnBatch",
    "Columns",
    "TextHashes",
    "call_ids_of",
    "columns_of",
    "evaluate",
    "field_names",
    "fold",
    "operands",
    "times_of",
]
