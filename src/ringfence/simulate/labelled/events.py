"""Acts as the events that the provider's edge would give of them: the same as `watch` makes of the acts' packets.

A test holds both side by side. No account, label or chance is looked at here beyond what the act says the edge knows.
"""

from collections.abc import Iterable, Iterator, Set
from heapq import heappop, heappush
from typing import Any, Final

from ringfence.simulate.labelled.acts import Act, Ask, Call, Complaint, Registration, Text
from ringfence.simulate.labelled.parties import DOMAIN, EDGE, Party
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros

EMERGENCY: Final = frozenset({"112", "911", "999", "100", "101"})
"""Who of ours calls one of these for help is seen by no rule."""

REFUSED_BY_CALLEE: Final = frozenset({480, 486, 600, 603, 606, 607})
"""Final answers by which the callee's side ends an attempt; all others are the network's."""

_ACCEPTED: Final = 200
_MOST_VOUCHED: Final = 100_000
_TURN: Final = 2 * MILLISECOND
_TRIP: Final = 28 * MILLISECOND
_ANSWER: Final = 32 * SECOND
"""How long a request without an answer waits (timers B and F, RFC 3261 section 17.1)."""


class EventStream:
    """Turns acts in the order of their times into events in the order of theirs. It holds what is under way, and no more.

    `held` are the numbers that somebody of ours holds.
    """

    def __init__(self, held: Set[str]) -> None:
        self._held = held
        self._waiting: list[tuple[int, int, Event]] = []
        self._sequence = 0
        self._vouched: dict[tuple[str, str], Party] = {}
        """Who had proved at an address to be a user: the edge knows it again before it has proved it once more."""

    def of(self, acts: Iterable[Act]) -> Iterator[Event]:
        """Yield the events of all acts."""
        waiting = self._waiting
        for act in acts:
            while waiting and waiting[0][0] < act.time:
                yield heappop(waiting)[2]
            self._take(act)
        while waiting:
            yield heappop(waiting)[2]

    def _take(self, act: Act) -> None:
        match act:
            case Call():
                self._call(act)
            case Registration():
                self._registration(act)
            case Text() | Ask():
                self._request(act)
            case Complaint():
                self._push(_complained(act))

    def _push(self, event: Event) -> None:
        heappush(self._waiting, (event.time, self._sequence, event))
        self._sequence += 1

    def _call(self, call: Call) -> None:
        if call.party is not None and call.callee in EMERGENCY:
            return
        ways = "outbound" if call.party is not None else "inbound" if call.callee in self._held else None
        told = _told(call, call.party, ways)
        told.update(caller=call.caller, callee=call.callee, target=call.callee, asserted=call.asserted, diverted=call.diverted)
        told["domain"] = call.domain or EDGE
        needs = call.party is not None and call.party.user is not None and call.credentials
        at = call.time
        self._push(Event(kind=EventKind.ATTEMPT, time=at, credentials=needs and not call.challenged, **told))
        if call.challenged:
            self._push(Event(kind=EventKind.REQUEST, time=Micros(at + _TURN), status=407, **told))
            at = Micros(at + _TURN + _TRIP)
        told["credentials"] = needs
        if call.status in (401, 407):  # challenged, and never heard of again
            self._push(Event(kind=EventKind.REQUEST, time=Micros(at + _TURN), status=call.status, **told))
            ended = Micros(at + _TURN + _ANSWER)
            self._push(Event(kind=EventKind.END, time=ended, status=call.status, released_by="network", **told))
            return
        rang = call.ring_us > 0
        over = Micros(at + (call.setup_us + call.ring_us if call.status else _ANSWER))
        ring_ms = call.ring_us // MILLISECOND if rang else 0
        if call.status == 200:
            self._push(Event(kind=EventKind.ANSWER, time=over, status=200, answered=True, ring_ms=ring_ms, **told))
            self._push(Event(kind=EventKind.REQUEST, time=over, status=200, **told))
            outcome: dict[str, Any] = {
                "status": 200,
                "answered": True,
                "duration_ms": call.talk_us // MILLISECOND,
                "ring_ms": ring_ms,
            }
            over = Micros(over + call.talk_us)
            self._push(Event(kind=EventKind.END, time=over, released_by=call.released_by, **outcome, **told))
            return
        status = call.status or 408
        by = "caller" if status == 487 else "callee" if status in REFUSED_BY_CALLEE else "network"
        self._push(Event(kind=EventKind.END, time=over, status=status, ring_ms=ring_ms, released_by=by, **told))
        self._push(Event(kind=EventKind.REQUEST, time=over, status=status, **told))

    def _registration(self, act: Registration) -> None:
        known = (act.source, act.user)
        if act.party is not None and act.status == _ACCEPTED and len(self._vouched) < _MOST_VOUCHED:
            self._vouched[known] = act.party
        party = act.party if act.credentials else self._vouched.get(known)
        told = _told(act, party, "outbound" if party is not None else None)
        told.update(method="REGISTER", caller=act.user, callee=act.user, target=act.user, domain=DOMAIN)
        told["source_port"] = act.port
        told.update(credentials=act.credentials, stale=act.stale, status=act.status)
        at = Micros(act.time + (_TURN if act.status else _ANSWER))
        self._push(Event(kind=EventKind.REQUEST, time=at, **told))
        self._push(Event(kind=EventKind.REGISTRATION, time=at, **told))

    def _request(self, act: Text | Ask) -> None:
        if isinstance(act, Text):
            told = _told(act, act.party, act.direction)
            told.update(method="MESSAGE", caller=act.caller, callee=act.callee, target=act.callee, domain=EDGE, content=act.content)
        else:
            told = _told(act, act.party, "outbound" if act.party is not None else None)
            told.update(method=act.method, caller=act.user, callee=act.user, target=act.user, domain=act.domain or EDGE)
            told["destination"] = act.destination or EDGE
        at = Micros(act.time + (_TURN if act.status else _ANSWER))
        told["status"] = act.status or 408
        self._push(Event(kind=EventKind.REQUEST, time=at, **told))
        if isinstance(act, Text):
            self._push(Event(kind=EventKind.MESSAGE, time=at, **told))


def _complained(act: Complaint) -> Event:
    """Return what the desk tells once it has found whom the complaint is about."""
    return Event(
        kind=EventKind.COMPLAINT,
        time=act.time,
        call_id=act.id,
        method="",
        caller=act.caller,
        callee=act.reporter,
        account=act.party.account,
        party_path=act.party.path,
        plan=act.party.plan,
        reporter=act.reporter,
        conduct_time=act.conduct,
    )


def _told(act: Call | Registration | Text | Ask, party: Party | None, direction: str | None) -> dict[str, Any]:
    """Return what all events of an act have in common."""
    told: dict[str, Any] = {
        "call_id": f"{act.id}@{act.source}",
        "source": act.source,
        "source_port": 5060,
        "destination": EDGE,
        "transport": "udp",
        "user_agent": act.user_agent,
        "direction": direction,
        "agent": 1,
    }
    if party is not None:
        told.update(account=party.account, party_path=party.path, trunk=party.trunk, plan=party.plan)
    return told
