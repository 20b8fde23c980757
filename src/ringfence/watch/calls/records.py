"""Call records as the events that live signalling of the same calls would have given."""

from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MILLISECOND, SECOND
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.wire.cdr.record import CallRecord

_EVENTS_A_RECORD: Final = 3


def events_of_record(record: CallRecord, directory: Directory) -> list[Event]:
    """Return attempt, answer (where it was answered) and end (where the record tells it), in the order of their times.

    The account that a record names answers for it: the provider's own switch wrote it. Without one, the trunk at its source does.
    A record has no request events, and an attributed party's call to an emergency number no events at all.
    """
    sender = _sender(record, directory)
    if sender is not None and directory.is_emergency(record.callee, sender):
        return []
    told = {"answered": record.answer is not None, "status": record.status or (200 if record.answer is not None else 0)}
    ring_ms = _ring_ms(record)
    events = [_event(EventKind.ATTEMPT, record.start, record, sender, directory)]
    if record.answer is not None:
        events.append(_event(EventKind.ANSWER, record.answer, record, sender, directory, ring_ms=ring_ms, **told))
    if record.end is None:
        return events
    duration_ms = 0 if record.answer is None else max(0, record.end - record.answer) // MILLISECOND
    outcome = {"duration_ms": duration_ms, "ring_ms": ring_ms, "released_by": record.released_by, **told}
    events.append(_event(EventKind.END, record.end, record, sender, directory, **outcome))
    return events


RANG_IN_VAIN: Final = (408, 480, 487)
"""Final answers to calls that rang and were not answered, if anybody rang (RFC 3261)."""


SETUP_US: Final = 2 * SECOND
"""So long it takes, as a rule, until it rings: ours, of the one to three seconds that calls over SIP take."""


def _ring_ms(record: CallRecord) -> int:
    """Return how long it rang; where the record does not tell, the time until somebody or nobody answered, less setting up."""
    if record.ring_ms is not None:
        return record.ring_ms
    until = record.answer
    if until is None and record.status in RANG_IN_VAIN:
        until = record.end
    if until is None:
        return 0
    waited = max(0, until - record.start)
    return max(waited - SETUP_US, min(waited, SECOND)) // MILLISECOND


def _sender(record: CallRecord, directory: Directory) -> Sender | None:
    if record.account is not None:
        return directory.account(record.account, record.trunk, record.start)
    return directory.sender(record.source_ip, None, record.start)


def _event(kind: EventKind, time: int, record: CallRecord, sender: Sender | None, directory: Directory, **outcome: object) -> Event:
    return Event(
        kind=kind,
        time=time,  # type: ignore[arg-type]  # one of the record's times
        sequence=record.line * _EVENTS_A_RECORD + _PLACE[kind],
        call_id=record.call_id,
        source=record.source_ip,
        caller=record.caller,
        callee=record.callee,
        target=record.callee,
        account=sender.account if sender is not None else None,
        party_path=sender.party_path if sender is not None else (),
        trunk=sender.trunk if sender is not None else record.trunk,
        plan=sender.plan if sender is not None else None,
        direction=record.direction or _direction(record, sender, directory),
        attestation=record.attestation,
        verification=record.verification,
        user_agent=record.user_agent,
        asserted=record.pai,
        diverted=record.diversion,
        **outcome,  # type: ignore[arg-type]  # events_of_record names the contract's fields
    )


_PLACE: Final = {EventKind.ATTEMPT: 0, EventKind.ANSWER: 1, EventKind.END: 2}


def _direction(record: CallRecord, sender: Sender | None, directory: Directory) -> str | None:
    if sender is not None:
        return "outbound"
    if record.callee is None or directory.holder(record.callee, record.start) is None:
        return None
    return "inbound"
