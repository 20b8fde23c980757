"""Call records: lines and rows to records and problems, in the generic layout, by a mapping, or as switches write them; no I/O."""

from ringfence.watch.wire.cdr.columns import HEADER, looks_like_header
from ringfence.watch.wire.cdr.mapping import FileMapping, MappingRefused, read_mapping
from ringfence.watch.wire.cdr.reader import LONGEST_LINE, read_records
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem, WrongHeader
from ringfence.watch.wire.cdr.repeats import once
from ringfence.watch.wire.cdr.rows import (
    RecordReader,
    looks_like_json_records,
    read_json_records,
    read_mapped_records,
    record_reader,
)

__all__ = [
    "HEADER",
    "LONGEST_LINE",
    "CallRecord",
    "FileMapping",
    "MappingRefused",
    "RecordReader",
    "RowProblem",
    "WrongHeader",
    "looks_like_header",
    "looks_like_json_records",
    "once",
    "read_json_records",
    "read_mapped_records",
    "read_mapping",
    "read_records",
    "record_reader",
]
