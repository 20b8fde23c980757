"""Rows of any table to records: CSV lines, JSON lines and Parquet alike, in the generic layout or by a mapping."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any, Final

import msgspec

from ringfence.watch.wire.cdr.columns import KNOWN, Columns
from ringfence.watch.wire.cdr.mapped import MappedRows
from ringfence.watch.wire.cdr.mapping import FileMapping
from ringfence.watch.wire.cdr.reader import LONGEST_LINE, generic_record
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values


class RecordReader:
    """Reads rows, of which the columns `wanted` are used. `record` takes the wanted cells, in their order.

    `columns` picks these out of a row's; `None`: rows hold the wanted cells and no others.
    """

    def __init__(self, wanted: Sequence[str], columns: Columns | None, record: Callable[[int, Sequence[str]], CallRecord]) -> None:
        self.wanted: Final = tuple(wanted)
        self._columns = columns
        self._record = record

    def row(self, line: int, cells: Sequence[str]) -> CallRecord | RowProblem:
        """Return the record of a row's cells, or why it has none."""
        columns = self._columns
        if columns is not None:
            if len(cells) != columns.count:
                return RowProblem(line, None, f"{len(cells)} values under {columns.count} columns")
            cells = columns.pick((*cells, ""))
        try:
            return self._record(line, cells)
        except BadValue as bad:
            return RowProblem(line, bad.column, bad.cause)


def record_reader(
    names: Sequence[str] | None, mapping: FileMapping | None, *, zone: tzinfo | None = None, country: str | None = None
) -> RecordReader:
    """Return what reads rows whose columns are `names`; `None`: whose cells are the wanted ones already.

    Raises `WrongHeader` where a column is missing, or stands twice.
    """
    if mapping is not None:
        rows = MappedRows(mapping, zone, country)
        hint = "map to the columns that it has"
        columns = None if names is None else Columns(names, wanted=rows.columns, required=rows.columns, hint=hint)
        return RecordReader(rows.columns, columns, rows.record)
    values = Values(zone, country)
    columns = None if names is None else Columns([name.strip().lower() for name in names])
    return RecordReader(KNOWN, columns, lambda line, cells: generic_record(line, cells, values))


class MappedLines:
    """Reads the lines of a separated file with somebody's own columns, one by one; one that can't be used costs itself only.

    `header` is the file's first line, `None` where the mapping names the columns.
    """

    def __init__(self, header: str | None, mapping: FileMapping, *, zone: tzinfo | None = None, country: str | None = None) -> None:
        """Raise `WrongHeader` where the header lacks a column that is mapped."""
        names, delimiter = mapping.header, mapping.delimiter
        if names is None:
            header = (header or "").strip()
            delimiter = delimiter or max(",;\t|", key=header.count)
            try:
                names = tuple(name.strip() for name in separated(header, delimiter))
            except BadValue:
                names = (header[:LONGEST_LINE],)
        self.delimiter: Final = delimiter or ","
        self.drops_answers: Final = True
        self._rows = MappedRows(mapping, zone, country)
        hint = "map to the columns that it has"
        columns = Columns(names, wanted=self._rows.columns, required=self._rows.columns, hint=hint)
        self._reader = RecordReader(self._rows.columns, columns, self._rows.record)
        ours = self._rows.plain()
        self.is_plain: Final = ours is not None
        """Values stand as in the generic layout."""
        self.names: Final = [(ours or {}).get(name, "") for name in names]
        self.zone: Final = self._rows.zone

    def row(self, number: int, line: str) -> CallRecord | RowProblem | None:
        """Return the record of a line, or why it has none; `None` where it is empty."""
        line = line.strip("\r\n")
        if not line.strip():
            return None
        try:
            return self._reader.row(number, separated(line, self.delimiter))
        except BadValue as bad:
            return RowProblem(number, bad.column, bad.cause)

    def in_form(self, name: str, text: str) -> str:
        """Return the number or address `text` of a column of ours as records have it. Raises `BadValue`."""
        return self._rows.in_form(name, text)


def read_mapped_records(
    lines: Iterable[str], mapping: FileMapping, *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the record of each line of a separated file with somebody's own columns, or why it has none.

    Raises `WrongHeader` before the first row where the header lacks a column that is mapped.
    """
    numbered = enumerate(lines, start=1)
    header = next((line for _, line in numbered if line.strip()), "") if mapping.header is None else None
    reader = MappedLines(header, mapping, zone=zone, country=country)
    return (row for number, line in numbered if (row := reader.row(number, line)) is not None)


def read_json_records(
    lines: Iterable[str], mapping: FileMapping | None, *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the record of each line, a JSON object, or why it has none. A name that it lacks is empty."""
    reader = record_reader(None, mapping, zone=zone, country=country)
    decoder = msgspec.json.Decoder()
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if not line:
            continue
        try:
            document = decoder.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            yield RowProblem(number, None, "no JSON: the line is cut or broken")
            continue
        if not isinstance(document, dict):
            yield RowProblem(number, None, "a JSON value that is no object")
            continue
        yield reader.row(number, [_text(_found(document, name)) for name in reader.wanted])


def looks_like_json_records(line: str) -> bool:
    """Tell whether a line is an object with at least three names of the generic layout."""
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return False
    return isinstance(document, dict) and len(set(KNOWN).intersection(document)) >= 3


def separated(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line. Raises `BadValue`."""
    if len(line) > LONGEST_LINE:
        raise BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        raise BadValue(None, "a quotation mark that is never closed, or stands within a value") from None


def _found(document: dict[str, Any], name: str) -> object:
    """Return a value by its name, or, where no name is such, by the path that its points divide."""
    if name in document or "." not in name:
        return document.get(name)
    found: object = document
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
