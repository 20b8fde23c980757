"""Events and observations, made from what the tracker remembers."""

import re
from ipaddress import ip_address
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Event, EventKind, Observation, ObservationKind
from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.attribution import Sender
from ringfence.watch.calls.entries import Call, Origin, Transaction
from ringfence.watch.calls.legs import bounded
from ringfence.watch.sources.datagram import Datagram

_REFUSED: Final = re.compile(
    # A method is any token (RFC 3261 section 25.1): who sends strange ones is refused like everybody, and that must show.
    rb"ringfence\.refused order=([A-Za-z0-9_.:-]{1,32}) source=([0-9A-Fa-f.:]{2,45}) method=([A-Za-z0-9.!%*_+`'~-]{1,64})\s*\Z"
)


Stamp = tuple[Micros, int, bool]
"""When an event was counted, its place among the tracker's events, and whether it came after its time had been closed."""


class Outcome(NamedTuple):
    """What is known at an event only, and not from the request on."""

    status: int = 0
    answered: bool = False
    duration_ms: int = 0
    ring_ms: int = 0
    released_by: str | None = None
    stale: bool = False


_OPEN: Final = Outcome()
_NOBODY: Final[tuple[str | None, tuple[str, ...], str | None, str | None]] = (None, (), None, None)


def attempt(call: Call, direction: str | None, stamp: Stamp) -> Event:
    """Return the event of a call's first INVITE."""
    return _event(EventKind.ATTEMPT, (call.origin, call.sender, direction), stamp, _OPEN)


def answer(call: Call, direction: str | None, stamp: Stamp) -> Event:
    """Return the event of a call's first 2xx."""
    outcome = Outcome(call.status, True, 0, _ring_ms(call, stamp[0]))
    return _event(EventKind.ANSWER, (call.origin, call.sender, direction), stamp, outcome)


def end(call: Call, direction: str | None, stamp: Stamp, *, released_by: str, until: Micros) -> Event:
    """Return the event of a call's end. It lasted `until`, which is before the stamp's time where its end was only guessed."""
    answered_at = call.answered
    duration_ms = 0 if answered_at is None else max(0, until - answered_at) // MILLISECOND
    outcome = Outcome(call.status, answered_at is not None, duration_ms, _ring_ms(call, until), released_by)
    return _event(EventKind.END, (call.origin, call.sender, direction), stamp, outcome)


def request(kind: EventKind, transaction: Transaction, direction: str | None, stamp: Stamp, *, stale: bool) -> Event:
    """Return the event of a request's final response. `kind` is `REQUEST`, `REGISTRATION` or `MESSAGE`."""
    outcome = Outcome(transaction.status, stale=stale)
    return _event(kind, (transaction.origin, transaction.sender, direction), stamp, outcome)


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


def _event(kind: EventKind, about: tuple[Origin, Sender | None, str | None], stamp: Stamp, outcome: Outcome) -> Event:
    origin, sender, direction = about
    time, sequence, late = stamp
    status, answered, duration_ms, ring_ms, released_by, stale = outcome
    account, path, trunk, plan = (sender.account, sender.party_path, sender.trunk, sender.plan) if sender is not None else _NOBODY
    return Event(
        kind=kind,
        time=time,
        sequence=sequence,
        late=late,
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
        account=account,
        party_path=path,
        trunk=trunk,
        plan=plan,
        direction=direction,
        credentials=origin.credentials,
        user_agent=origin.user_agent,
        agent=origin.agent,
        status=status,
        answered=answered,
        duration_ms=duration_ms,
        ring_ms=ring_ms,
        released_by=released_by,
        stale=stale,
        asserted=origin.asserted,
        diverted=origin.diverted,
        verification=origin.verification,
        attestation=origin.attestation,
        signer=origin.signer,
    )


def _ring_ms(call: Call, until: Micros) -> int:
    if call.rang is None:
        return 0
    return max(0, (call.answered if call.answered is not None else until) - call.rang) // MILLISECOND
