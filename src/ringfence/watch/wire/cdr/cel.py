"""Asterisk's channel event log (CEL) as its sample configuration writes it: the events of a call's channels to one record."""

import csv
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.cdr.causes import q850, sip_status
from ringfence.watch.wire.cdr.local_times import LocalTimes
from ringfence.watch.wire.cdr.reader import LONGEST_LINE
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values, in_order

COLUMNS: Final = 20
MOST_OPEN: Final = 100_000
"""Calls followed at once. Beyond it the oldest is given up, as one whose end the file does not tell."""

_KNOWN: Final = frozenset(
    ("CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT", "LINKEDID_END")
)
_TYPE, _TIME, _CALLER, _EXTEN, _CHANNEL, _ACCOUNT, _UNIQUE, _LINKED, _EXTRA = 0, 1, 3, 7, 9, 13, 14, 15, 19


@dataclass(slots=True)
class _Call:
    line: int
    start: Micros
    channel: str
    caller: str
    callee: str
    account: str
    answer: Micros | None = None
    end: Micros | None = None
    cause: int | None = None
    released_by: str | None = None


def looks_like_cel(line: str) -> bool:
    """Tell whether a line is one of CEL's sample layout."""
    try:
        cells = _cells(line)
    except BadValue:
        return False
    return len(cells) == COLUMNS and cells[_TYPE] in _KNOWN and _epoch(cells[_TIME]) is not None


def read_cel(lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None) -> Iterator[CallRecord | RowProblem]:
    """Yield a record of each call when its first channel ends, and why lines can't be used.

    Times are seconds since 1970, or, where the date format was changed, local times in `zone`. The first channel is the caller's: a
    call is answered when that is. A call that the file ends before has no end.
    """
    values, times = Values(zone, country), LocalTimes(zone)
    open_calls: OrderedDict[str, _Call] = OrderedDict()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cells = _cells(line)
            moment = _moment(cells[_TIME], times)
            ended = _followed(open_calls, number, cells, moment)
            if ended is not None:
                yield _record(*ended, values)
            while len(open_calls) > MOST_OPEN:
                yield _record(*open_calls.popitem(last=False), values)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
    for call_id, call in open_calls.items():
        yield _record(call_id, call, values)


def _followed(open_calls: OrderedDict[str, _Call], number: int, cells: list[str], moment: Micros) -> tuple[str, _Call] | None:
    """Take in one event; return the call that it ends."""
    kind, linked, is_first = cells[_TYPE], cells[_LINKED], cells[_UNIQUE] == cells[_LINKED]
    if kind == "CHAN_START" and is_first:
        open_calls[linked] = _Call(number, moment, cells[_CHANNEL], cells[_CALLER], cells[_EXTEN], cells[_ACCOUNT])
        return None
    call = open_calls.get(linked)
    if call is None or not (is_first or kind == "LINKEDID_END"):
        return None
    # A phone's account and the dialled number may become known only as the call is handled.
    call.account, call.caller = call.account or cells[_ACCOUNT], call.caller or cells[_CALLER]
    call.callee = cells[_EXTEN] if call.callee in ("", "s") else call.callee
    if kind == "ANSWER" and call.answer is None:
        call.answer = moment
    elif kind == "HANGUP":
        call.end = moment
        call.cause, call.released_by = _hangup(cells[_EXTRA], call.channel)
    elif kind in ("CHAN_END", "LINKEDID_END"):
        call.end = call.end or moment
        return linked, open_calls.pop(linked)
    return None


def _record(call_id: str, call: _Call, values: Values) -> CallRecord | RowProblem:
    answered = call.answer is not None
    try:
        if call.end is not None:
            in_order(call.start, call.answer, call.end)
    except BadValue as bad:
        return RowProblem(call.line, bad.column, bad.cause)
    return CallRecord(
        line=call.line,
        call_id=call_id,
        start=call.start,
        answer=call.answer,
        end=call.end,
        account=call.account or None,
        caller=values.user(call.caller),
        callee=values.user(call.callee),
        source_ip=None,
        status=sip_status(call.cause, answered=answered),
        released_by=call.released_by,
        attestation=None,
        q850=q850(call.cause),
    )


def _hangup(extra: str, channel: str) -> tuple[int | None, str | None]:
    """Return the cause and who hung up, as far as the event says."""
    try:
        told = json.loads(extra)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(told, dict):
        return None, None
    cause, source = told.get("hangupcause"), told.get("hangupsource")
    number = cause if isinstance(cause, int) else int(cause) if isinstance(cause, str) and cause.isdecimal() else None
    if not isinstance(source, str) or not source:
        return number, None
    return number, "caller" if source == channel else "callee"


def _cells(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    try:
        cells = next(csv.reader([line.strip()], strict=True), [])
    except csv.Error:
        raise BadValue(None, "a quotation mark that is never closed, or stands within a value") from None
    if len(cells) != COLUMNS:
        raise BadValue(None, f"{len(cells)} values, where the channel event log has {COLUMNS}")
    if not cells[_LINKED]:
        raise BadValue("linkedid", "empty")
    return cells


def _moment(text: str, times: LocalTimes) -> Micros:
    epoch = _epoch(text)
    return epoch if epoch is not None else times.end("eventtime", text)


def _epoch(text: str) -> Micros | None:
    seconds, _, fraction = text.partition(".")
    if not (seconds.isdecimal() and len(seconds) <= 11 and (not fraction or fraction.isdecimal())):
        return None
    return Micros(int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0")))
