"""Call records in the generic layout: lines to records and problems; no I/O."""

from ringfence.watch.wire.cdr.columns import HEADER, looks_like_header
from ringfence.watch.wire.cdr.reader import LONGEST_LINE, read_records
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem, WrongHeader

__all__ = ["HEADER", "LONGEST_LINE", "CallRecord", "RowProblem", "WrongHeader", "looks_like_header", "read_records"]
