"""Call records to the events that live signalling would have given: start, answer, end."""

from typing import Final

from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, Reference
from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.wire.cdr import CallRecord

_ANSWERED: Final = 200


class RecordExpander:
    """Turns records into events and says who answers for them.

    The account that a record names is the switch's own word, and believed; without one its source address is asked for a trunk, as
    live. A caller's number proves nothing.
    """

    def __init__(self, reference: Reference, directory: Directory) -> None:
        self._directory = directory
        self._accounts: dict[str, list[AccountLink]] = {}
        for link in reference.accounts:
            self._accounts.setdefault(link.account, []).append(link)
        self._sequence = 0

    def expand(self, record: CallRecord) -> list[Event]:
        """Return the record's events in the order of their times; their sequence numbers go on from record to record."""
        sender = self._sender(record)
        direction = record.direction or self._direction(record, sender)
        ring_ms = record.ring_ms or 0
        answered = record.answer is not None
        events = [self._event(EventKind.ATTEMPT, record.start, record, sender, direction)]
        if record.answer is not None:
            status = record.status or _ANSWERED
            events.append(
                self._event(
                    EventKind.ANSWER, record.answer, record, sender, direction, status=status, answered=True, ring_ms=ring_ms
                )
            )
        events.append(
            self._event(
                EventKind.END,
                record.end,
                record,
                sender,
                direction,
                status=record.status or (_ANSWERED if answered else 0),
                answered=answered,
                duration_ms=0 if record.answer is None else (record.end - record.answer) // MILLISECOND,
                ring_ms=ring_ms,
                released_by=record.released_by,
            )
        )
        return events

    def _event(
        self, kind: EventKind, time: Micros, record: CallRecord, sender: Sender | None, direction: str | None, **outcome: object
    ) -> Event:
        self._sequence += 1
        return Event(
            kind=kind,
            time=time,
            sequence=self._sequence,
            call_id=record.call_id,
            source=record.source_ip,
            caller=record.caller,
            callee=record.callee,
            target=record.callee,
            account=sender.account if sender is not None else None,
            party_path=sender.party_path if sender is not None else (),
            trunk=record.trunk or (sender.trunk or None if sender is not None else None),
            plan=sender.plan if sender is not None else None,
            direction=direction,
            attestation=record.attestation,
            user_agent=record.user_agent,
            **outcome,  # type: ignore[arg-type] # the method above names the contract's fields
        )

    def _sender(self, record: CallRecord) -> Sender | None:
        if record.account is None:
            return self._directory.sender(record.source_ip, None, record.start)
        for link in self._accounts.get(record.account, ()):
            if _holds(link, record.start):
                path = self._directory.party_path(link.party)
                return Sender(account=link.account, trunk=record.trunk or "", plan=link.plan, party_path=path)
        return Sender(account=record.account, trunk=record.trunk or "")

    def _direction(self, record: CallRecord, sender: Sender | None) -> str | None:
        if sender is not None:
            return "outbound"
        return "inbound" if self._directory.holder(record.callee, record.start) is not None else None


def _holds(link: AccountLink, time: Micros) -> bool:
    return (link.valid_from is None or link.valid_from <= time) and (link.valid_to is None or time < link.valid_to)
