"""Lines of a generic call-record file to records, row by row. A row that can't be used costs itself only."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Final

from ringfence.vocabulary.attestation import Attestation
from ringfence.watch.kernels.row_layout import LONGEST_LINE
from ringfence.watch.wire.cdr.columns import Columns
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values, chosen, in_order, status, verification, whole

__all__ = ["ATTESTATIONS", "DIRECTIONS", "LONGEST_LINE", "RELEASED_BY", "Lines", "generic_record", "read_records"]

ATTESTATIONS: Final = {"": None, **{letter.value: letter for letter in Attestation}}
RELEASED_BY: Final = {"": None, "caller": "caller", "callee": "callee", "network": "network"}
DIRECTIONS: Final = {"": None, "outbound": "outbound", "inbound": "inbound"}


class Lines:
    """Reads the lines after a header, one by one; a line that can't be used costs itself only.

    A value never runs over a line's end, so that an open quote costs one row. Times without a zone of their own are in `zone`, and
    a problem where that is `None`; national numbers are those of `country` (ISO 3166 alpha-2).
    """

    def __init__(self, header: str, *, zone: tzinfo | None = None, country: str | None = None) -> None:
        """Raise `WrongHeader` where a column is missing, or stands twice."""
        self.names: Final = [name.strip().strip('"').lower() for name in header.lstrip("\ufeff").split(",")]
        self.delimiter: Final = ","
        self.zone: Final = zone
        self.drops_answers: Final = False
        self._values = Values(zone, country)
        self._columns = Columns(self.names)

    def row(self, number: int, line: str) -> CallRecord | RowProblem | None:
        """Return the record of a line, or why it has none; `None` where it is empty."""
        line = line.strip()
        if not line:
            return None
        try:
            cells = _cells(line)
            if len(cells) != self._columns.count:
                raise BadValue(None, f"{len(cells)} values under {self._columns.count} columns")
            cells.append("")
            return generic_record(number, self._columns.pick(cells), self._values)
        except BadValue as bad:
            return RowProblem(number, bad.column, bad.cause)

    def in_form(self, name: str, text: str) -> str:
        """Return the number or address `text` of a column as records have it. Raises `BadValue`."""
        return self._values.address(text) if name == "source_ip" else self._values.number(name, text)


def read_records(
    lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the record of each line after the header, or why it has none, as `Lines` reads them.

    Raises `WrongHeader` before the first row.
    """
    numbered = enumerate(lines, start=1)
    header = next(((number, line) for number, line in numbered if line.strip()), (1, ""))[1]
    reader = Lines(header, zone=zone, country=country)
    return (row for number, line in numbered if (row := reader.row(number, line)) is not None)


def _cells(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error:
        raise BadValue(None, "a quotation mark that is never closed, or stands within a value") from None


def generic_record(line: int, cells: Sequence[str], values: Values) -> CallRecord:
    """Return the record of a row whose cells stand in the order of `KNOWN`. Raises `BadValue`."""
    call_id, start, answer, end, account, caller, callee, source_ip, final, released_by, attestation, *more = map(str.strip, cells)
    trunk, direction, ring_ms, q850, pai, diversion, user_agent, verstat = more
    if not call_id:
        raise BadValue("call_id", "empty")
    began, ended = values.time("start", start), values.time("end", end)
    answered = values.time("answer", answer) if answer else None
    in_order(began, answered, ended)
    return CallRecord(
        line=line,
        call_id=call_id,
        start=began,
        answer=answered,
        end=ended,
        account=account or None,
        caller=values.number("caller", caller) if caller else None,
        callee=values.number("callee", callee),
        source_ip=values.address(source_ip) if source_ip else None,
        status=status(final) if final else 0,
        released_by=chosen("released_by", released_by, RELEASED_BY),
        attestation=chosen("attestation", attestation, ATTESTATIONS),
        trunk=trunk or None,
        direction=chosen("direction", direction, DIRECTIONS),
        ring_ms=whole("ring_ms", ring_ms) if ring_ms else None,
        q850=whole("q850", q850) if q850 else None,
        pai=pai or None,
        diversion=diversion or None,
        user_agent=user_agent or None,
        verification=verification("verstat", verstat),
    )
