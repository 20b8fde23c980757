"""A file of call records: bytes to lines to records."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO

from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import LONGEST_LINE, CallRecord, RowProblem, WrongHeader, read_records


def read(file: BinaryIO, *, zone: tzinfo | None = None, country: str | None = None) -> Iterator[CallRecord | RowProblem]:
    """Yield the records of a file in the generic layout, and its unusable rows, in the file's order and as they are read.

    `zone` and `country` as in `read_records`. Raises `UnreadableFile` where the header names other columns.
    """
    try:
        return read_records(_lines(file), zone=zone, country=country)
    except WrongHeader as wrong:
        seen = f"its first line is {wrong.seen!r}" if wrong.seen else "it is empty"
        raise UnreadableFile(
            f"these are no call records of the generic layout: {wrong}; {seen}; {wrong.hint}", permanent=True
        ) from wrong


def _lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines, none much longer than a record may be: what is beyond is passed over, so that one line takes no memory."""
    while line := file.readline(LONGEST_LINE + 1):
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE + 1)
        yield line.decode("utf-8", "replace")
