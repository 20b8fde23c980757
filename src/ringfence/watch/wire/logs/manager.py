"""Events of Asterisk's manager interface (AMI), as its TCP connection carries them: security events and call records.

An event is lines `Name: value`, the first `Event: …`, up to an empty line. Security events have the values of the security log,
`Cdr` (module cdr_manager) those of `Master.csv`. All others are passed over: what calls did, `Cdr` tells.
"""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import pairwise
from typing import Final

from ringfence.watch.wire.cdr.asterisk import MasterLegs
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue
from ringfence.watch.wire.logs.asterisk import EVENTS, USED, Pairs, security_entry
from ringfence.watch.wire.logs.entry import LogEntry

GREETING: Final = "Asterisk Call Manager/"
_CDR: Final = "Cdr"
_COLUMNS: Final = (
    *("AccountCode", "Source", "Destination", "DestinationContext", "CallerID", "Channel", "DestinationChannel", "LastApplication"),
    *("LastData", "StartTime", "AnswerTime", "EndTime", "Duration", "BillableSeconds", "Disposition", "AMAFlags", "UniqueID"),
)
"""The values of a call record in the order of `Master.csv`."""
KEPT: Final = frozenset((*USED[1:], "Service", *_COLUMNS)) - {"CallerID", "LastApplication", "LastData"}
"""The values that are read. Challenges and responses, which can be tried offline, are not among them."""
READ: Final = frozenset((*EVENTS, _CDR))
"""The events that are read."""
_LONGEST: Final = 256


def looks_like_manager_events(lines: list[str]) -> bool:
    """Tell whether a file begins as a connection to the manager interface, or holds its events."""
    stripped = [line.strip("\ufeff \t\r\n") for line in lines]
    if stripped and stripped[0].startswith(GREETING):
        return True
    return any(line.startswith("Event: ") and following.startswith("Privilege: ") for line, following in pairwise(stripped))


def read_manager_events(
    lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[LogEntry | CallRecord | RowProblem]:
    """Yield what security events tell, the call of each call record, and why others can't be used.

    Times of call records are in `zone`: Asterisk writes local time. An event has the number of its first line.
    """
    pairs, legs = Pairs(), MasterLegs(zone, country)
    for number, name, values in _events(lines):
        try:
            if name == _CDR:
                yield from legs.take(number, [values.get(column, "") for column in _COLUMNS])
                continue
            entry = security_entry(number, name, values)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
            continue
        yield from legs.rest()  # the records of one call come one after another
        if entry is not None:
            yield from pairs.take(entry)
    yield from legs.rest()
    yield from pairs.rest()


def _events(lines: Iterable[str]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Yield the number of each read event's first line, its name, and its values.

    One where a value that is read stands twice is given without values: nothing of it can be trusted.
    """
    begun, name, values = 0, "", dict[str, str]()
    for number, line in enumerate(lines, start=1):
        text = line.strip("\r\n")
        if not text:
            if name:
                yield begun, name, values
            name, values = "", {}
            continue
        key, colon, value = text.partition(": ")
        if key.strip("\ufeff") == "Event" and colon and not name:
            begun, name = number, value if value in READ else ""
        elif name and key in KEPT:
            values[key] = "" if key in values else value[:_LONGEST]
    if name:
        yield begun, name, values
