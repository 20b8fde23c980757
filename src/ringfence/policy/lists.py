"""lists/*.csv: entries with where each comes from and until when it holds.

The first line names the columns: `entry`, `source`, `expiry` and `review` must be there, others (`country`, `note` …) may.
Every row has a source and a date: after the day of `expiry` the entry is out of use, `review` asks a person to look again. Two more
columns have a meaning: from `valid_from` on an entry is in use, and at `fetched` it was taken from its source. Dates count in UTC.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from ipaddress import ip_network
from typing import Final

from ringfence.policy.moments import MOMENT_HINT, parse_moment
from ringfence.policy.plan import Row, Table
from ringfence.policy.problems import START, Mark, Report
from ringfence.vocabulary.times import DAY, Micros, micros

COLUMNS: Final = ("entry", "source", "expiry", "review")
OPTIONAL: Final = ("valid_from", "fetched")
MAX_ROWS: Final = 200_000

_DIGITS: Final = re.compile(r"\+?[0-9]{2,15}\Z", re.ASCII)
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListRow:
    """One entry. At least one of `expiry` and `review` is set. `columns` holds the file's other columns.

    `expiry` is the last day on which it holds.
    """

    entry: str
    source: str
    expiry: date | None
    review: date | None
    columns: dict[str, str]
    valid_from: Micros | None = None
    fetched: Micros | None = None


@dataclass(slots=True)
class _Reader:
    name: str
    file: str
    report: Report

    def refuse(self, line: int, cause: str, hint: str = "") -> None:
        self.report.add(self.file, Mark(line, 1), cause, hint)

    def row(self, line: int, cells: dict[str, str]) -> ListRow | None:
        before = len(self.report.problems)
        expiry, review = (self._date(line, column, cells[column]) for column in ("expiry", "review"))
        valid_from, fetched = (self._moment(line, column, cells.get(column, "")) for column in OPTIONAL)
        if valid_from is not None and expiry is not None and valid_from >= end_of(expiry):
            self.refuse(line, f"{cells['entry']!r} expires before it is valid", "valid_from is the first day, expiry the last")
        if "fetched" in cells and fetched is None and not cells["fetched"]:
            self.refuse(
                line, f"{cells['entry']!r} says not when it was fetched", "give every row the date, or leave the column out"
            )
        if not cells["expiry"] and not cells["review"]:
            self.refuse(line, f"{cells['entry']!r} has neither expiry nor review", "write a date as 2027-06-30 in one of the two")
        if not cells["source"]:
            self.refuse(line, f"{cells['entry']!r} has no source", "say who vouches for it")
        entry = self._entry(line, cells["entry"])
        if len(self.report.problems) > before:
            return None
        others = {column: value for column, value in cells.items() if column not in (*COLUMNS, *OPTIONAL)}
        return ListRow(entry, cells["source"], expiry, review, others, valid_from, fetched)

    def _date(self, line: int, column: str, value: str) -> date | None:
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.refuse(line, f"{column} {value!r} is no date", "write it as 2027-06-30")
            return None

    def _moment(self, line: int, column: str, value: str) -> Micros | None:
        moment = parse_moment(value) if value else None
        if value and moment is None:
            self.refuse(line, f"{column} {value!r} is no date", MOMENT_HINT)
        return moment

    def _entry(self, line: int, value: str) -> str:
        """Return the entry in canonical form: networks and numbers are checked where the list's name says it holds them."""
        if not value or len(value) > 200:
            self.refuse(line, "the entry is empty or overlong")
        elif self.name == "protected-sources":
            try:
                network = ip_network(value)
            except ValueError:
                self.refuse(line, f"{value!r} is no address or network", "write 192.0.2.7 or 192.0.2.0/24, host bits zero")
            else:
                return str(network.network_address) if network.num_addresses == 1 else str(network)
        elif self.name == "emergency-numbers" and not _DIGITS.match(value):
            self.refuse(line, f"{value!r} is no number to dial", "write digits alone, as a caller dials them")
        return value


def read_list(name: str, file: str, text: str, report: Report) -> tuple[ListRow, ...]:
    """Return the rows of the list; rows with problems, which go to `report`, are left out."""
    reader = _Reader(name, file, report)
    if "\0" in text:
        report.add(file, START, "a zero character", "write the file as plain text")
        return ()
    lines = csv.reader(text.split("\n"), strict=True)
    rows: list[ListRow] = []
    header: list[str] | None = None
    try:
        for cells in lines:
            values = [cell.strip() for cell in cells]
            if not any(values):
                continue
            if header is None:
                header = values
                if not _header_holds(reader, header):
                    return ()
            elif len(values) != len(header):
                reader.refuse(lines.line_num, f"{len(values)} values for {len(header)} columns", "quote a value that holds a comma")
            elif len(rows) == MAX_ROWS:
                hint = "list prefixes instead of numbers, or let what changes come as facts"
                reader.refuse(lines.line_num, f"more than {MAX_ROWS} rows", hint)
                return ()
            elif (row := reader.row(lines.line_num, dict(zip(header, values, strict=True)))) is not None:
                rows.append(row)
    except csv.Error as error:
        reader.refuse(max(1, lines.line_num), f"not readable as CSV: {error}", "check quotation marks")
    if header is None:
        report.add(file, START, "the list has no header", f"begin with {','.join(COLUMNS)}")
    return tuple(rows)


def table_of(name: str, rows: Iterable[ListRow]) -> Table:
    """Return the list as rules look it up. What was fetched at different times is as old as its oldest row."""
    kept = tuple(rows)
    fetched = [row.fetched for row in kept if row.fetched is not None]
    in_force = (Row(row.entry, row.columns, row.valid_from, end_of(row.expiry) if row.expiry else None) for row in kept)
    due = [end_of(row.review) for row in kept if row.review is not None]
    return Table(name, tuple(in_force), min(fetched, default=None), min(due, default=None))


def end_of(day: date) -> Micros:
    """Return the first moment after the day."""
    return Micros(micros(datetime.combine(day, time(), UTC)) + DAY)


def _header_holds(reader: _Reader, header: list[str]) -> bool:
    before = len(reader.report.problems)
    for column in COLUMNS:
        if column not in header:
            reader.refuse(1, f"column {column} is missing", f"the header needs {', '.join(COLUMNS)}")
    for column in header:
        if header.count(column) > 1 or not _COLUMN.match(column):
            reader.refuse(1, f"column {column!r} stands twice or is no name", "write lower-case words, each once")
    return len(reader.report.problems) == before
