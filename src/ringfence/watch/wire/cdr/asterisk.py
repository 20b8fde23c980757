"""Asterisk's call records: `Master.csv` of cdr_csv in its variants, which have no header and differ in the number of columns."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from ringfence.vocabulary.times import SECOND
from ringfence.watch.wire.cdr.local_times import LocalTimes
from ringfence.watch.wire.cdr.reader import LONGEST_LINE
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values, in_order, short, whole

FEWEST, MOST = 16, 21
_PARTY: Final = 3
"""peeraccount, linkedid and sequence come together, or not at all."""
_STATUS: Final = {"ANSWERED": 200, "NO ANSWER": 480, "BUSY": 486, "CONGESTION": 503, "FAILED": 0}
"""Final SIP status by disposition; `FAILED` stands for many."""
_UNIQUE: Final = re.compile(r"(?:[\w.-]+-)?\d{6,12}\.\d+\Z")


class _Leg(NamedTuple):
    record: CallRecord
    unique: str
    channel: str
    """The called channel."""


def looks_like_master(line: str) -> bool:
    """Tell whether a line is one of `Master.csv`: the right number of values, and dispositions and times in their places."""
    try:
        cells = _cells(line)
    except BadValue:
        return False
    return FEWEST <= len(cells) <= MOST and cells[14] in _STATUS and cells[12].lstrip("-").isdigit() and cells[9][4:5] == "-"


def read_master(
    lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the record of each call, or why a line has none. Times are in `zone`: Asterisk writes local time.

    Where a call rang several phones, Asterisk writes a line for each, one after another: they are one call. Lines written without
    a unique id take the calling channel and the start as the call's id.
    """
    legs = MasterLegs(zone, country)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield from legs.take(number, _cells(line))
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
    yield from legs.rest()


class MasterLegs:
    """Lines, as their values, to calls: those of several phones that rang for one call are one."""

    def __init__(self, zone: tzinfo | None, country: str | None) -> None:
        self._values, self._times = Values(zone, country), LocalTimes(zone)
        self._held: _Leg | None = None

    def take(self, number: int, cells: Sequence[str]) -> Iterator[CallRecord]:
        """Take in the values of a line; yield the call before it, if that is whole. Raises `BadValue`."""
        leg = _leg(number, cells, self._values, self._times)
        held = self._held
        if held is not None and _is_fork(held, leg):
            self._held = leg if leg.record.answer is not None and held.record.answer is None else held
            return
        yield from self.rest()
        self._held = leg

    def rest(self) -> Iterator[CallRecord]:
        """Yield the call that waits for further lines."""
        if self._held is not None:
            yield self._held.record
            self._held = None


def _is_fork(held: _Leg, leg: _Leg) -> bool:
    same = held.record.start == leg.record.start and held.record.callee == leg.record.callee
    return same and held.unique == leg.unique != "" and held.channel != leg.channel


def _cells(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    try:
        return next(csv.reader([line.strip()], strict=True), [])
    except csv.Error:
        raise BadValue(None, "a quotation mark that is never closed, or stands within a value") from None


def _leg(number: int, cells: Sequence[str], values: Values, times: LocalTimes) -> _Leg:
    if not FEWEST <= len(cells) <= MOST:
        raise BadValue(None, f"{len(cells)} values, where Asterisk writes {FEWEST} to {MOST}")
    accountcode, src, dst, _, _, channel, called, _, _, start, answer, end, duration, billsec, disposition = cells[:15]
    if disposition not in _STATUS:
        raise BadValue("disposition", f"{short(disposition)} is none of {', '.join(_STATUS)}: columns may be shifted")
    length_us, talk_us = whole("duration", duration) * SECOND, whole("billsec", billsec) * SECOND
    ended = times.end("end", end)
    began = times.before("start", start, ended, length_us=length_us)
    answered = times.before("answer", answer, ended, length_us=talk_us) if answer and disposition == "ANSWERED" else None
    in_order(began, answered, ended)
    unique = _unique_id(cells[FEWEST:])
    record = CallRecord(
        line=number,
        call_id=unique or f"{channel}@{start}",
        start=began,
        answer=answered,
        end=ended,
        account=accountcode or None,
        caller=values.user(src),
        callee=values.user(dst),
        source_ip=None,
        status=_STATUS[disposition],
        released_by=None,
        attestation=None,
    )
    return _Leg(record, unique, called)


def _unique_id(more: Sequence[str]) -> str:
    """Return the unique id out of the columns that are configured one by one, empty where it was not."""
    own = more[:-_PARTY] if len(more) >= _PARTY else more
    return own[0] if own and _UNIQUE.match(own[0]) else ""
