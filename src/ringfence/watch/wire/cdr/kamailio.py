"""Kamailio's accounting, from a database dump (tables acc, missed_calls, acc_cdrs) or syslog: transactions joined to calls."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.cdr.accounting import Joiner, Row, answer_and_end
from ringfence.watch.wire.cdr.local_times import LocalTimes
from ringfence.watch.wire.cdr.reader import LONGEST_LINE
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem, WrongHeader
from ringfence.watch.wire.cdr.values import BadValue, Values, short, status

_ACC: Final = frozenset(("method", "callid", "sip_code", "time"))
_CDRS: Final = frozenset(("start_time", "end_time", "duration"))
_LINE: Final = re.compile(r"ACC: (?:transaction answered|request accounted|request acknowledged|call missed): (.*)")
_CDR_LINE: Final = re.compile(r"\bstart_time=[^;]*; end_time=[^;]*; duration=[^;]*.*")
_PAIR: Final = re.compile(r";(?=[A-Za-z_][\w.-]{0,63}=)")
_CDR_PAIR: Final = re.compile(r"; (?=[A-Za-z_][\w.-]{0,63}=)")
_EPOCH: Final = re.compile(r"\d{9,11}(?:\.\d{1,6})?\Z")
_RENAMED: Final = {"call_id": "callid", "code": "sip_code", "reason": "sip_reason", "timestamp": "time"}
_CONTROLS: Final = str.maketrans({"\t": " ", "\0": ""})


def looks_like_dump(header: str) -> bool:
    """Tell whether a line names the columns of acc, missed_calls or acc_cdrs."""
    names = set(_names(header))
    return names >= _ACC or names >= _CDRS


def looks_like_syslog(line: str) -> bool:
    """Tell whether a log's line is one of accounting."""
    return _LINE.search(line) is not None or _CDR_LINE.search(line) is not None


def needs_zone(header: str, row: str) -> bool:
    """Tell whether the times of a dump are local: DATETIME columns name no zone."""
    cells = dict(zip(_names(header), _cells(row, _delimiter(header)), strict=False))
    text = cells.get("time", cells.get("end_time", "")).strip()
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return not _EPOCH.match(text)


def read_dump(lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None) -> Iterator[CallRecord | RowProblem]:
    """Yield the calls of a dump with a header, separated by commas, semicolons or tabs, and why rows can't be used.

    INVITE and BYE are rows of their own: they are joined by Call-ID and tags. Raises `WrongHeader` before the first row.
    """
    numbered = enumerate(lines, start=1)
    header = next((line for _, line in numbered if line.strip()), "")
    names = _names(header)
    if not looks_like_dump(header):
        hint = "the first line must name callid, method, sip_code and time, or start_time, end_time and duration"
        raise WrongHeader("the header is none of acc, missed_calls or acc_cdrs", seen=header.strip()[:200], missing=(), hint=hint)
    return _dump(numbered, names, _delimiter(header), _Reading(zone, country))


def read_syslog(
    lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the calls of a log with lines of accounting, and why some can't be used. Other lines are passed over.

    Times are those of the accounting itself, never those that syslog writes before it.
    """
    reading = _Reading(zone, country)
    for number, line in enumerate(lines, start=1):
        found = _LINE.search(line)
        is_cdr = found is None
        found = found or _CDR_LINE.search(line)
        if found is None:
            continue
        parts = _CDR_PAIR.split(found[0].strip()) if is_cdr else _PAIR.split(found[1].strip())
        pairs = _pairs(parts)
        yield from reading.take(number, {_RENAMED.get(name, name): value for name, value in pairs.items()})
    yield from reading.rest()


def _dump(
    numbered: Iterator[tuple[int, str]], names: Sequence[str], delimiter: str, reading: "_Reading"
) -> Iterator[CallRecord | RowProblem]:
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            cells = _cells(line, delimiter)
            if len(cells) != len(names):
                raise BadValue(None, f"{len(cells)} values under {len(names)} columns")
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
            continue
        yield from reading.take(number, {name: _set(cell) for name, cell in zip(names, cells, strict=True)})
    yield from reading.rest()


class _Reading:
    """Rows as names and values, to calls."""

    def __init__(self, zone: tzinfo | None, country: str | None) -> None:
        self._values = Values(zone, country)
        self._times = LocalTimes(zone)
        self._joiner = Joiner()

    def take(self, number: int, row: Mapping[str, str]) -> Iterator[CallRecord | RowProblem]:
        try:
            if row.keys() >= _CDRS:
                yield self._cdr(number, row)
            else:
                yield from self._joiner.take(self._transaction(number, row))
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)

    def rest(self) -> Iterator[CallRecord | RowProblem]:
        yield from self._joiner.rest()

    def _transaction(self, number: int, row: Mapping[str, str]) -> Row:
        call_id = row.get("callid", "")
        if not call_id:
            raise BadValue("callid", "empty")
        code = status(row.get("sip_code", ""), "sip_code")
        written = row.get("time", "")
        exact = row.get("time_hires") or row.get("time_attr") or ""
        text = exact if _EPOCH.match(exact) else written
        return Row(
            line=number,
            call_id=call_id,
            method=row.get("method", "").upper(),
            tags=frozenset((row.get("from_tag", ""), row.get("to_tag", ""))),
            from_tag=row.get("from_tag", ""),
            status=code,
            time=self._time("time", text),
            **self._who(row),
        )

    def _cdr(self, number: int, row: Mapping[str, str]) -> CallRecord:
        ended = self._time("end_time", row["end_time"])
        text = row["duration"]
        try:
            length_us = round(float(text) * 1_000_000)
        except (ValueError, OverflowError):
            raise BadValue("duration", f"{short(text)} is no number of seconds") from None
        if length_us < 0:
            raise BadValue("duration", f"{short(text)} is negative")
        start = row["start_time"]
        began = (
            self._time("start_time", start)
            if _EPOCH.match(start)
            else self._times.before("start_time", start, ended, length_us=length_us)
        )
        who = self._who(row)
        # A dialog's record begins with its answer: ringing is not told.
        call_id = row.get("callid") or f"acc_cdrs:{row.get('id') or f'{number}@{start}'}"
        return answer_and_end(number, call_id, began, ended, who["caller"], who["callee"], who["source"], who["account"])

    def _time(self, column: str, text: str) -> Micros:
        if _EPOCH.match(text):
            seconds, _, fraction = text.partition(".")
            return Micros(int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")))
        return self._times.end(column, text)

    def _who(self, row: Mapping[str, str]) -> dict[str, str | None]:
        """Return what the configured further columns say of the parties, by their usual names."""
        source = _first(row, ("src_ip", "source_ip", "srcip", "si"))
        return {
            "caller": self._values.user(_first(row, ("src_user", "caller_id", "caller", "from_user", "from_uri", "fu", "fU"))),
            "callee": self._values.user(
                _first(row, ("dst_user", "callee", "ruri_user", "dst_ouser", "to_user", "ruri", "to_uri", "rU", "ru", "tU"))
            ),
            "source": self._values.address(source, "src_ip") if source else None,
            "account": _first(row, ("account", "accountcode", "auth_user", "au", "aU")) or None,
        }


def _pairs(parts: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for part in parts:
        name, _, value = part.partition("=")
        pairs[name] = value
    return pairs


def _first(row: Mapping[str, str], names: Iterable[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _names(header: str) -> list[str]:
    return [name.strip().strip('"`').lower() for name in header.lstrip("\ufeff").strip().split(_delimiter(header))]


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _cells(line: str, delimiter: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    line = line.rstrip("\r\n")
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise BadValue(None, "a quotation mark that is never closed, or stands within a value") from None


def _set(cell: str) -> str:
    """Return the cell's text, empty where the database writes that it has none."""
    text = cell.strip()
    return "" if text in ("NULL", "\\N") else text.translate(_CONTROLS)
