"""Files of call records in the generic layout or, by a mapping, in anybody's own: CSV and JSON lines to records."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO

from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.text_lines import text_lines
from ringfence.watch.wire.cdr import (
    LONGEST_LINE,
    CallRecord,
    FileMapping,
    RowProblem,
    WrongHeader,
    once,
    read_json_records,
    read_mapped_records,
    read_records,
)

_LONGEST_DOCUMENT = 16 * LONGEST_LINE


def read(
    file: BinaryIO, *, zone: tzinfo | None = None, country: str | None = None, mapping: FileMapping | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the records of a CSV file, and its unusable rows, in the file's order and as they are read.

    `zone` and `country` as in `read_records`. Raises `UnreadableFile` where the header names other columns.
    """
    lines = text_lines(file)
    try:
        if mapping is not None:
            return once(read_mapped_records(lines, mapping, zone=zone, country=country))
        return once(read_records(lines, zone=zone, country=country))
    except WrongHeader as wrong:
        raise unreadable(wrong, mapping) from wrong


def read_json_lines(
    file: BinaryIO, *, zone: tzinfo | None = None, country: str | None = None, mapping: FileMapping | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the records of a file with one JSON object a line. A name with points looks into inner objects. Raises nothing."""
    return once(read_json_records(text_lines(file, longest=_LONGEST_DOCUMENT), mapping, zone=zone, country=country))


def unreadable(wrong: WrongHeader, mapping: FileMapping | None) -> UnreadableFile:
    """Return the error of a file whose columns are others."""
    seen = f"its columns are {wrong.seen!r}" if mapping is not None else f"its first line is {wrong.seen!r}"
    kind = "no call records of the generic layout" if mapping is None else f"not the columns that {mapping.name} maps"
    message = f"these are {kind}: {wrong}; {seen if wrong.seen else 'it is empty'}; {wrong.hint}"
    return UnreadableFile(message, permanent=True)
