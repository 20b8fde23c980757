"""Asterisk's security log: lines `SecurityEvent="…",EventTV="…",…` of res_security_log, in a file or by syslog."""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple

import msgspec

from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros, micros
from ringfence.watch.wire.cdr.record import RowProblem
from ringfence.watch.wire.cdr.values import BadValue, short
from ringfence.watch.wire.logs.entry import LogEntry

PAIRED_US: Final = 5 * MILLISECOND
"""PJSIP writes both events of one attempt at the same time, or nearly."""
HELD_US: Final = SECOND
MOST_HELD: Final = 1_000
"""Lines that wait for their other halves. Asterisk writes both at once, but for what other threads write between them."""
_LONGEST: Final = 256


class Meaning(NamedTuple):
    """What an event stands for."""

    status: int
    credentials: bool = False
    method: str = "REGISTER"


_LIMIT: Final = Meaning(503, method="UNKNOWN")
EVENTS: Final[dict[str, Meaning | None]] = {
    "FailedACL": Meaning(403),
    "InvalidAccountID": Meaning(404),
    "SessionLimit": _LIMIT,
    "MemoryLimit": _LIMIT,
    "LoadAverageLimit": _LIMIT,
    "RequestNotSupported": Meaning(501, method="UNKNOWN"),
    "RequestNotAllowed": Meaning(403, method="UNKNOWN"),
    "AuthMethodNotAllowed": Meaning(403),
    "RequestBadFormat": Meaning(400, method="UNKNOWN"),
    "SuccessfulAuth": Meaning(200, credentials=True),
    "UnexpectedAddress": Meaning(403),
    "ChallengeResponseFailed": Meaning(401, credentials=True),
    "InvalidPassword": Meaning(401, credentials=True),
    "ChallengeSent": None,  # every request begins so: no failure, and no event
    "InvalidTransport": Meaning(403),
}
"""What each event stands for. The log names no method where somebody authenticates: such are taken for registrations."""

_DATED: Final = re.compile(r"\s*(?:<\d{1,3}>)?(?:\[|[A-Z][a-z]{2} +\d|\d{4}-\d)")
_PAIR: Final = re.compile(r'(?<![A-Za-z])([A-Za-z]{1,64})="([^"]*)"')  # a long name must not be tried from each of its letters
USED: Final = ("SecurityEvent", "EventTV", "AccountID", "SessionID", "LocalAddress", "RemoteAddress", "RequestType")
_KEPT: Final = frozenset((*USED, "Service"))
_ADDRESS: Final = re.compile(r"(?:IPV4|IPV6)/([A-Za-z]{2,8})/([0-9A-Fa-f.:]{2,45})/(\d{1,5})\Z", re.IGNORECASE)
_SECONDS: Final = re.compile(r"(\d{9,11})-(\d{1,6})\Z")
_METHOD: Final = re.compile(r"[A-Z]{2,20}\Z")
_NOBODY: Final = ("", "<unknown>")
NAMED: Final = "InvalidAccountID"
FAILED: Final = "ChallengeResponseFailed"
"""Of one attempt PJSIP writes both: one names the account, the other says that there were credentials."""


def looks_like_security_log(line: str) -> bool:
    """Tell whether a line is one of the security log: after a date, of its own or of syslog's."""
    return tells_event(line) and _DATED.match(line) is not None


def read_security_log(lines: Iterable[str]) -> Iterator[LogEntry | RowProblem]:
    """Yield what each security event tells, or why it can't be used; other lines and challenges are passed over.

    Where PJSIP writes that both the response failed and the account is unknown, both lines are one entry, which names the account.
    """
    pairs = Pairs()
    for number, line in enumerate(lines, start=1):
        if not tells_event(line):
            continue
        try:
            entry = parse_security_line(number, line)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
            continue
        if entry is None:
            continue
        yield from pairs.take(entry)
    yield from pairs.rest()


def tells_event(line: str) -> bool:
    """Tell whether a line has an event: any other is passed over."""
    return 'SecurityEvent="' in line and 'EventTV="' in line


class Pairs:
    """Lets the two events of one attempt be one entry: holds back what may be half of a pair."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str | None, str, int], LogEntry] = OrderedDict()

    def take(self, entry: LogEntry) -> Iterator[LogEntry]:
        """Take in an entry; yield those that no longer can be half of a pair, and pairs."""
        held = self._held
        while held and (len(held) > MOST_HELD or next(iter(held.values())).time < entry.time - HELD_US):
            yield held.popitem(last=False)[1]
        if entry.what not in (NAMED, FAILED):
            yield entry
            return
        key = (entry.session, entry.source, entry.source_port)
        other = held.pop(key, None)
        if other is not None and other.what != entry.what and abs(other.time - entry.time) <= PAIRED_US:
            named, failed = (other, entry) if other.what == NAMED else (entry, other)
            yield msgspec.structs.replace(failed, user=named.user, status=named.status)
            return
        if other is not None:
            yield other
        held[key] = entry

    def rest(self) -> Iterator[LogEntry]:
        """Yield what is still held back."""
        yield from self._held.values()


def parse_security_line(number: int, line: str) -> LogEntry | None:
    """Return what a line tells; `None` for a challenge. Raises `BadValue`.

    A line where a name stands twice is refused: user names are written as they were sent, and may hold forged addresses.
    """
    values: dict[str, str] = {}
    for match in _PAIR.finditer(line, line.index("SecurityEvent=")):
        name, value = match[1], match[2]
        if name in values:
            raise BadValue(name, "stands twice in the line: a value may be forged")
        # What is not needed is dropped here: challenges and responses can be tried offline.
        values[name] = value[:_LONGEST] if name in _KEPT else ""
    return security_entry(number, values.get("SecurityEvent", ""), values)


def security_entry(number: int, event: str, values: Mapping[str, str]) -> LogEntry | None:
    """Return what an event with these values tells; `None` for a challenge. Raises `BadValue`."""
    if event not in EVENTS:
        raise BadValue("SecurityEvent", f"{short(event)} is unknown")
    meaning = EVENTS[event]
    if meaning is None:
        return None
    transport, source, port = _address("RemoteAddress", values.get("RemoteAddress", ""))
    local = values.get("LocalAddress", "")
    _, destination, own_port = _address("LocalAddress", local) if local else (None, None, 0)
    requested = values.get("RequestType", "")
    account = values.get("AccountID", "")
    return LogEntry(
        line=number,
        time=_time(values.get("EventTV", "")),
        what=event,
        method=requested if _METHOD.match(requested) else meaning.method,
        status=meaning.status,
        credentials=meaning.credentials,
        source=source,
        source_port=port,
        destination=destination,
        destination_port=own_port,
        transport=transport,
        user=None if account in _NOBODY else account,
        session=values.get("SessionID") or None,
        service=values.get("Service", ""),
    )


def _address(column: str, text: str) -> tuple[str, str, int]:
    match = _ADDRESS.match(text)
    if match is not None and int(match[3]) <= 65_535 and (address := _canonical(match[2])) is not None:
        return match[1].lower(), address, int(match[3])
    raise BadValue(column, f"{short(text)} is no address" if text else "missing")


@lru_cache(maxsize=4_096)
def _canonical(address: str) -> str | None:
    try:
        return str(ip_address(address))
    except ValueError:
        return None


def _time(text: str) -> Micros:
    old = _SECONDS.match(text)
    if old is not None:
        return Micros(int(old[1]) * SECOND + int(old[2]))
    try:
        return micros(datetime.fromisoformat(text))
    except ValueError:
        raise BadValue("EventTV", f"{short(text)} is no time with a zone" if text else "missing") from None
