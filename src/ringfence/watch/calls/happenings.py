"""Events and observations, made from what the tracker remembers."""

import re
from ipaddress import ip_address
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind, Observation, ObservationKind, Use
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Sender
from ringfence.watch.calls.directions import Directions
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.legs import bounded
from ringfence.watch.calls.notes import Note
from ringfence.watch.sources.datagram import Datagram

_REFUSED: Final = re.compile(
    # A method is any token (RFC 3261 section 25.1): who sends strange ones is refused like everybody, and that must show.
    rb"ringfence\.refused order=([A-Za-z0-9_.:-]{1,32}) source=([0-9A-Fa-f.:]{2,45}) method=([A-Za-z0-9.!%*_+`'~-]{1,64})\s*\Z"
)


Stamp = tuple[Micros, int, bool]
"""When an event was counted, its place among the tracker's events, and whether it came after its time had been closed."""


Happening = tuple[EventKind, Origin | Note, Sender | None, Micros, int, bool, int, bool, int, int, str | None, bool]
"""What an event is made of: its kind, what its request said, who answers for it; when it was counted, its place
among the tracker's events, whether it came after its time had been closed; status, whether it was answered, how long it lasted and
rang (ms), who released it, and whether the answer said that only the nonce was too old.

Most readers need a few fields of each: for them no event is made.
"""

_NOBODY: Final[tuple[str | None, tuple[str, ...], str | None, str | None]] = (None, (), None, None)


def first_use(account: str, use: Use, *, policy: str, call_id: str, time: Micros) -> Observation:
    """Return the observation that an account used the service for the first time since `policy` was posted, and how."""
    return Observation(kind=ObservationKind.FIRST_USE, time=time, subject=account, policy=policy, call_id=call_id, text=use)


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


def event_of(happening: Happening, directions: Directions) -> Event:
    """Return the event itself."""
    kind, said, sender, time, sequence, late, status, answered, duration_ms, ring_ms, released_by, stale = happening
    origin = directions.notes.origin(said) if isinstance(said, bytes) else said
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
        direction=directions.of(origin, sender),
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
