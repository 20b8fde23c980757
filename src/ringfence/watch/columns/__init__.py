"""Events as checked columns, and the conditions that filter them."""

from ringfence.watch.columns.batches import KIND_CODES, Columns, columns_of
from ringfence.watch.columns.conditions import evaluate, field_names, operands
from ringfence.watch.columns.hashes import UNSET, TextHashes, fold

__all__ = ["KIND_CODES", "UNSET", "Columns", "TextHashes", "columns_of", "evaluate", "field_names", "fold", "operands"]
