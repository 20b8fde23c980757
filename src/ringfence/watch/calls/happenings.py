"""Events and observations, made from what the tracker remembers."""

import re
from ipaddress import ip_address
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Event, EventKind, Observation, ObservationKind
from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls.entries import Call, Origin, Transaction
from ringfence.watch.calls.legs import bounded
from ringfence.watch.sources.datagram import Datagram

_REFUSED: Final = re.compile(
    # A method is any token (RFC 3261 section 25.1): who sends strange ones is refused like everybody, and that must show.
    rb"ringfence\.refused order=([A-Za-z0-9_.:-]{1,32}) source=([0-9A-Fa-f.:]{2,45}) method=([A-Za-z0-9.!%*_+`'~-]{1,64})\s*\Z"
)


class Stamp(NamedTuple):
    """When an event was counted, its place among the tracker's events, and whether it came after its time had been closed."""

    time: Micros
    sequence: int
    late: bool


def attempt(call: Call, directory: Directory, stamp: Stamp) -> Event:
    """Return the event of a call's first INVITE."""
    return _event(EventKind.ATTEMPT, call.origin, call.sender, directory, stamp)


def answer(call: Call, directory: Directory, stamp: Stamp) -> Event:
    """Return the event of a call's first 2xx."""
    return _event(
        EventKind.ANSWER,
        call.origin,
        call.sender,
        directory,
        stamp,
        status=call.status,
        answered=True,
        ring_ms=_ring_ms(call, stamp.time),
    )


def end(call: Call, directory: Directory, stamp: Stamp, *, released_by: str, until: Micros) -> Event:
    """Return the event of a call's end. It lasted `until`, which is before the stamp's time where its end was only guessed."""
    answered_at = call.answered
    return _event(
        EventKind.END,
        call.origin,
        call.sender,
        directory,
        stamp,
        status=call.status,
        answered=answered_at is not None,
        duration_ms=0 if answered_at is None else max(0, until - answered_at) // MILLISECOND,
        ring_ms=_ring_ms(call, until),
        released_by=released_by,
    )


def request(kind: EventKind, transaction: Transaction, directory: Directory, stamp: Stamp, *, stale: bool) -> Event:
    """Return the event of a request's final response. `kind` is `REQUEST` or `REGISTRATION`."""
    return _event(
        kind,
        transaction.origin,
        transaction.sender,
        directory,
        stamp,
        status=transaction.status,
        stale=stale,
    )


def first_use(sender: Sender, *, policy: str, call_id: str, time: Micros) -> Observation:
    """Return the observation that an account used the service for the first time since `policy` was posted."""
    return Observation(kind=ObservationKind.FIRST_USE, time=time, subject=sender.account, policy=policy, call_id=call_id)


def refusal(datagram: Datagram, *, time: Micros) -> Observation | None:
    """Return the refusal that an edge's log line tells of, or `None` for any other line. Subject is the refused address.

    Method and Call-ID in it are as whoever was refused wrote them: both are bounded, and what is no address is no refusal.
    """
    line = _REFUSED.match(datagram.payload)
    if line is None:
        return None
    order, source, method = (part.decode("ascii") for part in line.groups())
    try:
        source = str(ip_address(source))
    except ValueError:
        return None
    return Observation(
        kind=ObservationKind.REFUSAL,
        time=time,
        subject=source,
        order=order,
        edge=None if datagram.agent is None else str(datagram.agent),
        call_id=None if datagram.correlation is None else bounded(datagram.correlation),
        text=method,
    )


def _event(kind: EventKind, origin: Origin, sender: Sender | None, directory: Directory, stamp: Stamp, **outcome: object) -> Event:
    return Event(
        kind=kind,
        time=stamp.time,
        sequence=stamp.sequence,
        late=stamp.late,
        call_id=origin.call_id,
        method=origin.method,
        source=origin.source,
        source_port=origin.source_port,
        destination=origin.destination,
        transport=origin.transport,
        caller=origin.caller,
        callee=origin.callee,
        target=origin.target,
        domain=origin.domain,
        account=sender.account if sender is not None else None,
        party_path=sender.party_path if sender is not None else (),
        trunk=sender.trunk if sender is not None else None,
        plan=sender.plan if sender is not None else None,
        direction=_direction(origin, sender, directory),
        credentials=origin.credentials,
        user_agent=origin.user_agent,
        agent=origin.agent,
        **outcome,  # type: ignore[arg-type]  # the functions above name the contract's fields
    )


def _direction(origin: Origin, sender: Sender | None, directory: Directory) -> str | None:
    if sender is not None:
        return "outbound"
    if origin.callee is not None and directory.holder(origin.callee, origin.time) is not None:
        return "inbound"
    return None


def _ring_ms(call: Call, until: Micros) -> int:
    if call.rang is None:
        return 0
    return max(0, (call.answered if call.answered is not None else until) - call.rang) // MILLISECOND
