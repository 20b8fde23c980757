"""Parquet files of call records in the generic layout as blocks of columns: the same records and problems as row by row, sooner."""

import io
from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from ringfence.watch.kernels.row_layout import LONGEST_LINE, Hashing
from ringfence.watch.sources.parquet_records import Table, as_texts, opened_table
from ringfence.watch.sources.record_blocks import VERSTAT, once_in_blocks
from ringfence.watch.wire.cdr import RowProblem
from ringfence.watch.wire.cdr.blocks import BlockReader, RecordBlock, block_of
from ringfence.watch.wire.cdr.reader import Lines

_PLAIN: Final = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
_NEWLINE: Final = ord("\n")


def read_blocks(
    file: BinaryIO, hashing: Hashing, *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[RecordBlock]:
    """Yield what `parquet_records.read` does without a mapping, in blocks. Raises `UnreadableFile` as it does."""
    table = opened_table(file, None, zone=zone, country=country)
    lines = Lines(",".join(table.names), zone=zone, country=country)
    return once_in_blocks(_blocks(table, BlockReader(lines, hashing), hashing))


def _blocks(table: Table, reader: BlockReader, hashing: Hashing) -> Iterator[RecordBlock]:
    is_by_row = VERSTAT in (name.lower() for name in table.names)
    for first, batch in table.batches():
        if isinstance(batch, RowProblem):
            yield block_of([batch], hashing)
            continue
        text = None if is_by_row else _written(table, batch)
        if text is None:
            yield block_of(table.rows(first, batch), hashing)
        else:
            yield reader.read(text, first)


def _written(table: Table, batch: pa.RecordBatch) -> bytes | None:
    """Return a batch as lines of values that say what its rows do; `None` where lines can't."""
    columns = [as_texts(batch.column(name)) for name in table.names]
    if any(column is None for column in columns):
        return None
    out = io.BytesIO()
    pa.csv.write_csv(pa.RecordBatch.from_arrays(columns, names=list(table.names)), out, _PLAIN)
    text = out.getvalue()
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == _NEWLINE)
    longest = int(np.diff(ends, prepend=-1).max(initial=0))
    return text if ends.size == batch.num_rows and longest <= LONGEST_LINE and b"\r" not in text else None
