"""Switch logs as the events that live signalling of the same requests would have given."""

from typing import Final

import msgspec

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.watch.attribution import Directory
from ringfence.watch.wire.logs import LogEntry, call_id_of_line

EVENTS_AN_ENTRY: Final = 2


def events_of_entry(entry: LogEntry) -> list[Event]:
    """Return the request that the entry tells of, and for REGISTER the registration too. Who answers for it is left open."""
    kinds = (EventKind.REQUEST, EventKind.REGISTRATION) if entry.method == "REGISTER" else (EventKind.REQUEST,)
    return [
        Event(
            kind=kind,
            time=entry.time,
            sequence=entry.line * EVENTS_AN_ENTRY + place,
            call_id=entry.session or call_id_of_line(entry.line),
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


def attributed(event: Event, directory: Directory) -> Event:
    """Return the event with who answers for it, if anybody of ours does: by address, and by the user once he was proven."""
    is_proven = event.credentials and 200 <= event.status < 300
    sender = directory.sender(event.source, event.target if is_proven else None, event.time)
    if event.account is not None or sender is None:
        return event
    return msgspec.structs.replace(
        event,
        account=sender.account,
        party_path=sender.party_path,
        trunk=sender.trunk,
        plan=sender.plan,
        direction="outbound",
    )
