"""Parquet files of call records, in the generic layout or by a mapping, read a block of rows at a time."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ringfence.watch.sources.call_records import unreadable
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import CallRecord, FileMapping, RecordReader, RowProblem, WrongHeader, once, record_reader

MAGIC: Final = b"PAR1"
_ROWS: Final = 16_384


def read(
    file: BinaryIO, *, zone: tzinfo | None = None, country: str | None = None, mapping: FileMapping | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the records of a Parquet file, and its unusable rows. Rows count from 1. Times without a zone are in `zone`.

    Raises `UnreadableFile` where it is damaged, has other columns, or can't be read from any place (a pipe): what a Parquet file
    holds stands at its end.
    """
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
    return once(_rows(opened, wanted, record_reader(wanted, mapping, zone=zone, country=country)))


def _rows(opened: pq.ParquetFile, wanted: list[str], reader: RecordReader) -> Iterator[CallRecord | RowProblem]:
    first = 1
    batches = opened.iter_batches(batch_size=_ROWS, columns=wanted)
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError) as damage:
            yield RowProblem(first, None, f"the rest of the file is damaged: {str(damage)[:80]!r}")
            return
        if batch is None:
            return
        columns = [_texts(batch.column(name)) for name in wanted]
        for line, cells in enumerate(zip(*columns, strict=True), start=first):
            yield reader.row(line, cells)
        first += batch.num_rows


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
