"""FreeSWITCH's log: the lines in which it refuses somebody. A challenge is no refusal."""

import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from ipaddress import ip_address
from typing import Final

from ringfence.watch.wire.cdr.local_times import LocalTimes
from ringfence.watch.wire.cdr.record import RowProblem
from ringfence.watch.wire.cdr.values import BadValue, short
from ringfence.watch.wire.logs.entry import LogEntry

_STAMP: Final = re.compile(
    r"^(?:[0-9a-f-]{36} )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) .*?\[[A-Z]{3,10}\] (\w+\.\w+):\d+ (.*)$"
)
# User names stand as they were sent: each pattern takes the last address of its line, which is the switch's own.
_FAILURE: Final = re.compile(r"SIP auth failure \(([A-Z]{2,20})\) on sofia profile '.*?' for \[(.*)\] from ip (\S+)\s*\Z")
_UNKNOWN: Final = re.compile(r"Can't find user \[(.*)\] from (\S+)\s*\Z")
_REJECTED: Final = re.compile(r"IP (\S+) Rejected by register acl\b")
_LONGEST: Final = 256


def looks_like_freeswitch_log(line: str) -> bool:
    """Tell whether a line is one of FreeSWITCH's log: date, level and the place in its source."""
    return _STAMP.match(line) is not None


def read_freeswitch_log(lines: Iterable[str], *, zone: tzinfo | None) -> Iterator[LogEntry | RowProblem]:
    """Yield what each refusal tells, or why it can't be used; other lines are passed over. Times are in `zone`."""
    times = LocalTimes(zone)
    for number, line in enumerate(lines, start=1):
        try:
            entry = parse_freeswitch_line(number, line, times)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
            continue
        if entry is not None:
            yield entry


def parse_freeswitch_line(number: int, line: str, times: LocalTimes) -> LogEntry | None:
    """Return what a line tells; `None` where it is no refusal. Raises `BadValue`."""
    stamped = _STAMP.match(line.strip())
    return None if stamped is None else _entry(number, stamped[1], stamped[3], times)


def _entry(number: int, stamp: str, text: str, times: LocalTimes) -> LogEntry | None:
    method, who, status, credentials, what = "REGISTER", "", 403, True, "auth_failure"
    if (match := _FAILURE.match(text)) is not None:
        method, who, address = match[1], match[2], match[3]
    elif (match := _UNKNOWN.match(text)) is not None:
        # It looks a user up once credentials came; it does not say for which method.
        who, address, status, what = match[1], match[2], 404, "user_enumeration"
    elif (match := _REJECTED.match(text)) is not None:
        address, credentials, what = match[1], False, "acl_reject"
    else:
        return None
    user, _, domain = who[:_LONGEST].partition("@")
    return LogEntry(
        line=number,
        time=times.end("time", stamp),
        what=what,
        method=method,
        status=status,
        credentials=credentials,
        source=_address(address),
        user=user or None,
        domain=domain or None,
        service="sofia",
    )


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise BadValue("ip", f"{short(text)} is no address") from None
