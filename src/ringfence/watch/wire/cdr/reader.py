"""Lines of a generic call-record file to records, row by row. A row that can't be used costs itself only."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Final

from ringfence.vocabulary.attestation import Attestation
from ringfence.watch.wire.cdr.columns import Columns
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values, chosen, in_order, status, whole

LONGEST_LINE: Final = 65_536
"""Characters. A longer line is a bad row."""

ATTESTATIONS: Final = {"": None, **{letter.value: letter for letter in Attestation}}
RELEASED_BY: Final = {"": None, "caller": "caller", "callee": "callee", "network": "network"}
DIRECTIONS: Final = {"": None, "outbound": "outbound", "inbound": "inbound"}


def read_records(
    lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the record of each line after the header, or why it has none. Empty lines are passed over.

    A value never runs over a line's end, so that an open quote costs one row. Times without a zone of their own are in `zone`, and
    a problem where that is `None`; national numbers are those of `country` (ISO 3166 alpha-2).
    Raises `WrongHeader` before the first row.
    """
    numbered = enumerate(lines, start=1)
    header = next(((number, line) for number, line in numbered if line.strip()), (1, ""))[1]
    columns = Columns([name.strip().strip('"').lower() for name in header.lstrip("\ufeff").split(",")])
    return _rows(numbered, columns, Values(zone, country))


def _rows(numbered: Iterator[tuple[int, str]], columns: Columns, values: Values) -> Iterator[CallRecord | RowProblem]:
    for number, line in numbered:
        line = line.strip()
        if not line:
            continue
        try:
            cells = _cells(line)
            if len(cells) != columns.count:
                raise BadValue(None, f"{len(cells)} values under {columns.count} columns")
            cells.append("")
            yield generic_record(number, columns.pick(cells), values)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)


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
    trunk, direction, ring_ms, q850, pai, diversion, user_agent = more
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
    )
