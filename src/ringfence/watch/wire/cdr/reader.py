"""Lines of a generic call-record file to records, row by row. A row that can't be used costs itself only."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from ipaddress import ip_address
from typing import Final, TypeVar

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.numbers import is_e164, to_e164
from ringfence.vocabulary.times import Micros, micros
from ringfence.watch.wire.cdr.columns import Columns
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem

LONGEST_LINE: Final = 65_536
"""Characters. A longer line is a bad row."""

_ATTESTATIONS: Final = {"": None, **{letter.value: letter for letter in Attestation}}
_RELEASED_BY: Final = {"": None, "caller": "caller", "callee": "callee", "network": "network"}
_DIRECTIONS: Final = {"": None, "outbound": "outbound", "inbound": "inbound"}
_LONGEST_SHORT_CODE: Final = 6
_LONGEST_NUMBER: Final = 12
_REMEMBERED: Final = 65_536
_SHOWN: Final = 40


class _BadValue(Exception):
    def __init__(self, column: str | None, cause: str) -> None:
        self.column = column
        self.cause = cause


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
    return _rows(numbered, columns, _Values(zone, country))


def _rows(numbered: Iterator[tuple[int, str]], columns: Columns, values: "_Values") -> Iterator[CallRecord | RowProblem]:
    for number, line in numbered:
        line = line.strip()
        if not line:
            continue
        try:
            cells = _cells(line)
            if len(cells) != columns.count:
                raise _BadValue(None, f"{len(cells)} values under {columns.count} columns")
            cells.append("")
            yield _record(number, columns.pick(cells), values)
        except _BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)


def _cells(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise _BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error:
        raise _BadValue(None, "a quotation mark that is never closed, or stands within a value") from None


def _record(line: int, cells: tuple[str, ...], values: "_Values") -> CallRecord:
    call_id, start, answer, end, account, caller, callee, source_ip, status, released_by, attestation, *more = map(str.strip, cells)
    trunk, direction, ring_ms, q850, pai, diversion, user_agent = more
    if not call_id:
        raise _BadValue("call_id", "empty")
    began, ended = values.time("start", start), values.time("end", end)
    answered = values.time("answer", answer) if answer else None
    if ended < began:
        raise _BadValue("end", "the call ends before it starts")
    if answered is not None and not began <= answered <= ended:
        raise _BadValue("answer", "the answer is not between start and end")
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
        status=_status(status) if status else 0,
        released_by=_chosen("released_by", released_by, _RELEASED_BY),
        attestation=_chosen("attestation", attestation, _ATTESTATIONS),
        trunk=trunk or None,
        direction=_chosen("direction", direction, _DIRECTIONS),
        ring_ms=_whole("ring_ms", ring_ms) if ring_ms else None,
        q850=_whole("q850", q850) if q850 else None,
        pai=pai or None,
        diversion=diversion or None,
        user_agent=user_agent or None,
    )


class _Values:
    """Reads values that depend on where the file comes from. Remembers addresses, which repeat."""

    def __init__(self, zone: tzinfo | None, country: str | None) -> None:
        self._zone = zone
        self._country = country
        self._addresses: dict[str, str] = {}

    def time(self, column: str, text: str) -> Micros:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _BadValue(column, f"{_short(text)} is no time: write 2026-01-31T10:00:00Z" if text else "empty") from None
        if moment.tzinfo is None:
            if self._zone is None:
                raise _BadValue(column, f"{_short(text)} names no zone: write 2026-01-31T10:00:00Z, or give the zone")
            moment = moment.replace(tzinfo=self._zone)
        return micros(moment)

    def number(self, column: str, text: str) -> str:
        if is_e164(text) or (1 < len(text) <= _LONGEST_SHORT_CODE and text.isdigit() and text.isascii()):
            return text
        read = to_e164(text, self._country) if text else None
        if read is None:
            raise _BadValue(column, f"{_short(text)} is no E.164 number: write + and country code" if text else "empty")
        return read

    def address(self, text: str) -> str:
        known = self._addresses.get(text)
        if known is None:
            try:
                known = str(ip_address(text))
            except ValueError:
                raise _BadValue("source_ip", f"{_short(text)} is no IP address") from None
            if len(self._addresses) >= _REMEMBERED:
                self._addresses.clear()
            self._addresses[text] = known
        return known


_Choice = TypeVar("_Choice")


def _chosen(column: str, text: str, choices: Mapping[str, _Choice]) -> _Choice:
    try:
        return choices[text]
    except KeyError:
        names = ", ".join(choice for choice in choices if choice)
        raise _BadValue(column, f"{_short(text)} is none of {names}") from None


def _status(text: str) -> int:
    if len(text) == 3 and text.isdigit() and text.isascii() and "1" <= text[0] <= "6":
        return int(text)
    raise _BadValue("status", f"{_short(text)} is no SIP status from 100 to 699")


def _whole(column: str, text: str) -> int:
    if text.isdigit() and text.isascii() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    raise _BadValue(column, f"{_short(text)} is no whole number")


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
