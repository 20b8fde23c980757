"""Parquet files of call records, in the generic layout or by a mapping, read a block of rows at a time."""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ringfence.watch.sources.call_records import unreadable
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import CallRecord, FileMapping, RecordReader, RowProblem, WrongHeader, once, record_reader

_ROWS: Final = 16_384


class Table:
    """The wanted columns of a file, `names` in its own order."""

    def __init__(self, file: pq.ParquetFile, names: Sequence[str], reader: RecordReader) -> None:
        self.names: Final = tuple(names)
        self._file = file
        self._reader = reader

    def batches(self) -> Iterator[tuple[int, pa.RecordBatch | RowProblem]]:
        """Yield blocks of rows, each with the number of its first; where the rest of the file is damaged, that problem."""
        first = 1
        batches = self._file.iter_batches(batch_size=_ROWS, columns=list(self.names))
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as damage:
                yield first, RowProblem(first, None, f"the rest of the file is damaged: {str(damage)[:80]!r}")
                return
            if batch is None:
                return
            yield first, batch
            first += batch.num_rows

    def rows(self, first: int, batch: pa.RecordBatch) -> Iterator[CallRecord | RowProblem]:
        """Yield the record of each row of a block, or why it has none."""
        columns = [_texts(batch.column(name)) for name in self.names]
        for line, cells in enumerate(zip(*columns, strict=True), start=first):
            yield self._reader.row(line, cells)


def opened_table(file: BinaryIO, mapping: FileMapping | None, *, zone: tzinfo | None, country: str | None) -> Table:
    """Return what is wanted of a Parquet file. Raises `UnreadableFile` as `read` does."""
    try:
        opened = pq.ParquetFile(file)
    except (pa.ArrowException, OSError, ValueError) as damage:
        cause = "it breaks off, or is damaged" if file.seekable() else "it is a pipe: a Parquet file must be read from its end"
        raise UnreadableFile(f"this Parquet file can't be read: {cause}", permanent=True) from damage
    try:
        reader = record_reader(opened.schema_arrow.names, mapping, zone=zone, country=country)
    except WrongHeader as wrong:
        raise unreadable(wrong, mapping) from wrong
    wanted = [name for name in opened.schema_arrow.names if name.strip().lower() in reader.wanted or name in reader.wanted]
    return Table(opened, wanted, record_reader(wanted, mapping, zone=zone, country=country))


def read(
    file: BinaryIO, *, zone: tzinfo | None = None, country: str | None = None, mapping: FileMapping | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the records of a Parquet file, and its unusable rows. Rows count from 1. Times without a zone are in `zone`.

    Raises `UnreadableFile` where it is damaged, has other columns, or can't be read from any place (a pipe): what a Parquet file
    holds stands at its end.
    """
    return once(_rows(opened_table(file, mapping, zone=zone, country=country)))


def _rows(table: Table) -> Iterator[CallRecord | RowProblem]:
    for first, batch in table.batches():
        if isinstance(batch, RowProblem):
            yield batch
        else:
            yield from table.rows(first, batch)


def as_texts(column: pa.Array) -> pa.Array | None:
    """Return the values as text that says what `read` reads of them, perhaps in another form; `None` where it must be asked."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.string()) if kind.tz else None
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return None
    return column.cast(pa.string())


def _texts(column: pa.Array) -> list[str]:
    """Return the values as text: times in ISO 8601 with their zone, if they have one; nothing for no value."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        text = pc.strftime(column.cast(pa.timestamp("us", kind.tz and "UTC"), safe=False), "%Y-%m-%dT%H:%M:%S")
        text = pc.binary_join_element_wise(text, "Z" if kind.tz else "", "")
    elif pa.types.is_dictionary(kind):
        text = column.dictionary_decode().cast(pa.string())
    elif pa.types.is_nested(kind) or pa.types.is_binary(kind):
        return [str(value) if value is not None else "" for value in column.to_pylist()]
    else:
        text = column.cast(pa.string())
    return [value or "" for value in text.to_pylist()]
