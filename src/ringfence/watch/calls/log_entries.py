"""Switch logs as the events that live signalling of the same requests would have given."""

from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.wire.logs import LogEntry

_EVENTS_AN_ENTRY: Final = 2


def events_of_entry(entry: LogEntry) -> list[Event]:
    """Return the request that the entry tells of, and for REGISTER the registration too. Who answers for it is left open."""
    kinds = (EventKind.REQUEST, EventKind.REGISTRATION) if entry.method == "REGISTER" else (EventKind.REQUEST,)
    return [
        Event(
            kind=kind,
            time=entry.time,
            sequence=entry.line * _EVENTS_AN_ENTRY + place,
            call_id=entry.session or f"line {entry.line}",
            method=entry.method,
            source=entry.source,
            source_port=entry.source_port,
            destination=entry.destination,
            transport=entry.transport,
            target=entry.user,
            domain=entry.domain,
            credentials=entry.credentials,
            status=entry.status,
        )
        for place, kind in enumerate(kinds)
    ]
