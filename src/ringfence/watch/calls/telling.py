"""What follows from a change of what is followed: who answers for a request, and the events and observations of it."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Event, EventKind, Observation
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls import happenings
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.happenings import Happening
from ringfence.watch.calls.legs import Edges
from ringfence.watch.calls.memory import Memory
from ringfence.watch.calls.oddities import Oddities, Stamping
from ringfence.watch.calls.senders import Senders
from ringfence.watch.calls.states import (
    CHALLENGES,
    REFUSES_CREDENTIALS,
    proves_credentials,
)
from ringfence.watch.identity import Identities
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.sources.datagram import Datagram

ANSWER_US: Final = Micros(32 * SECOND)
"""How long a request may wait for an answer (timers B and F, RFC 3261 section 17.1), and how long copies may come after one."""

RING_US: Final = Micros(300 * SECOND)
SILENT_US: Final = Micros(6 * HOUR)
_CACHED_NUMBERS: Final = 65_536
_RELEASED: Final = (None, "caller", "callee", "network")
"""By the numbers of `call_layout`."""
_OF_CALL: Final = c.ANSWERS_CALL | c.ENDS_CALL
_ATTEMPT, _ANSWER, _END = EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END
_REQUEST, _REGISTRATION, _MESSAGE = EventKind.REQUEST, EventKind.REGISTRATION, EventKind.MESSAGE


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """`country` is where national numbers are dialled. The limits bound memory: about 1 kB an entry."""

    edges: Edges = field(default_factory=Edges)
    country: str | None = None
    most_transactions: int = 200_000
    most_calls: int = 200_000
    most_claims: int = 100_000
    ring_us: Micros = RING_US
    """How long a call may ring (more than timer C, RFC 3261 section 16.6)."""
    silent_us: Micros = SILENT_US
    """How long an answered call may go without any sign before it is taken for ended."""
    identities: Identities | None = None
    """Verifies signed identities; `None`: nobody does, and events say nothing of them."""


class Told(NamedTuple):
    """A row of what the kernel tells, from `SLOT` on; Python's own way tells the same. `call` is a slot too, -1: there is none."""

    slot: int
    call: int
    time: Micros
    status: int = 0
    flags: int = 0
    duration_ms: int = 0
    ring_ms: int = 0
    released: int = 0


class Telling(Memory):
    """What is remembered, and what is told of it. What changes it says so here, by slots."""

    def __init__(self, directory: Directory, options: TrackerOptions | None = None) -> None:
        self.options: Final = options if options is not None else TrackerOptions()
        super().__init__(
            most=(self.options.most_transactions, self.options.most_calls, self.options.most_claims),
            spans=(ANSWER_US, self.options.ring_us, self.options.silent_us),
        )
        self.directory = directory
        self._senders = Senders(directory)
        self._oddities = Oddities(self.calls, self.claims, self.options.edges)
        self._number = lru_cache(maxsize=_CACHED_NUMBERS)(self._written)
        self._events: list[Happening | Event] = []
        self._observations: list[Observation] = []
        self._late = False

    def use(self, directory: Directory) -> None:
        """Attribute with `directory` from now on. After another policy was posted, every account's next use is its first."""
        self.directory = directory
        self._senders = Senders(directory)

    def observations(self) -> list[Observation]:
        """Return what was observed since the last time."""
        taken, self._observations = self._observations, []
        return taken

    def _asked(self, slot: int, time: Micros, own: Datagram | None) -> None:
        """Find out who answers for a request that was just noted. `own` is its packet, where it came from the sender himself."""
        requests = self.transactions
        origin = requests.origins[slot]
        sender = requests.senders[slot] = self._senders.of(origin.source, self.claims.vouched(origin), time)
        if own is not None:
            self._odd(self._oddities.tool(own, origin, sender, self._stamping(time)))

    def _attempted(self, slot: int, call: int, flags: int, time: Micros) -> None:
        """Tell of a call that the INVITE begins, or note that it belongs to one."""
        requests, calls = self.transactions, self.calls
        origin, sender = requests.origins[slot], requests.senders[slot]
        calls.hops[call] = requests.hops[slot]
        if flags & c.JOINS:
            calls.senders[call] = sender or calls.senders[call]
            return
        calls.senders[call] = sender
        calls.exempt[call] = exempt = self._is_emergency(sender, origin)
        self._oddities.begun((origin.call_id, origin.tag))
        if not exempt:
            self.sequence += 1
            direction = "outbound" if sender is not None else self._inbound(origin)
            self._events.append((_ATTEMPT, origin, sender, direction, time, self.sequence, self._late, 0, False, 0, 0, None, False))
        self._first_use(sender, origin, time)

    def _closed(  # noqa: PLR0913 - what is told, as it stands
        self, slot: int, call: int, time: Micros, status: int, flags: int, duration_ms: int, ring_ms: int, released: int
    ) -> None:
        """Judge a request by its final response, and tell of it and of what it did to its call."""
        requests = self.transactions
        origin = requests.origins[slot]
        if origin.credentials:
            self._judge(slot, origin, time, status, flags)
        sender = requests.senders[slot]
        if flags & c.WAS_OPEN and (origin.credentials or status not in CHALLENGES):
            calls = self.calls
            begun = calls.origins[call]
            calls.senders[call] = sender
            calls.exempt[call] = calls.exempt[call] or self._is_emergency(sender, begun)
            self._first_use(sender, begun, time)
        if flags & _OF_CALL:
            self._tell_call(slot, call, time, status, flags, duration_ms, ring_ms, released)
        direction = "outbound" if sender is not None else self._inbound(origin)
        told = (time, status, flags & c.STALE != 0)
        if call < 0 or not self.calls.exempt[call]:
            self._tell_request(_REQUEST, origin, sender, direction, told)
        if origin.method == "REGISTER":
            self._tell_request(_REGISTRATION, origin, sender, direction, told)
            self._odd(self._oddities.registered(self._newest(), self._stamping(time)))
            if status < 300:
                self._first_use(sender, origin, time)
        elif origin.method == "MESSAGE":
            self._tell_request(_MESSAGE, origin, sender, direction, told)

    def _tell_request(
        self, kind: EventKind, origin: Origin, sender: Sender | None, direction: str | None, told: tuple[Micros, int, bool]
    ) -> None:
        time, status, stale = told
        self.sequence += 1
        self._events.append((kind, origin, sender, direction, time, self.sequence, self._late, status, False, 0, 0, None, stale))

    def _tell_call(  # noqa: PLR0913 - what is told, as it stands
        self, _slot: int, call: int, time: Micros, status: int, flags: int, duration_ms: int, ring_ms: int, released: int
    ) -> None:
        """Tell of a call's answer or end."""
        calls = self.calls
        if calls.exempt[call]:
            return
        origin, sender = calls.origins[call], calls.senders[call]
        self.sequence += 1
        direction = "outbound" if sender is not None else self._inbound(origin)
        stamp = (time, self.sequence, self._late)
        outcome = (status, flags & c.WAS_ANSWERED != 0, duration_ms, ring_ms, _RELEASED[released], False)
        self._events.append((_ANSWER if flags & c.ANSWERS_CALL else _END, origin, sender, direction, *stamp, *outcome))

    def _judge(self, slot: int, origin: Origin, time: Micros, status: int, flags: int) -> None:
        """Judge the credentials by the final response: accepted ones name their user's trunk, refused ones nobody's.

        An answer that says neither, such as 404 to credentials that nobody demanded, leaves what earlier acceptance vouches for.
        """
        proven = proves_credentials(origin.method, status, challenged=flags & c.WAS_CHALLENGED != 0)
        if proven:
            self.claims.accept(origin, time)
        refused = status in REFUSES_CREDENTIALS
        user = origin.user if proven else None if refused else self.claims.vouched(origin)
        self.transactions.senders[slot] = self._senders.of(origin.source, user, origin.time)

    def _odd(self, event: Event | None) -> None:
        if event is not None:
            self._events.append(event)

    def _first_use(self, sender: Sender | None, origin: Origin, time: Micros) -> None:
        policy = self.directory.policy
        if policy is not None and sender is not None and self.use_first(sender.account, policy):
            self._observations.append(happenings.first_use(sender, policy=policy, call_id=origin.call_id, time=time))

    def _is_emergency(self, sender: Sender | None, origin: Origin) -> bool:
        """Tell whether a party of ours calls for help, by number or service; an unknown source gains nothing by it."""
        return sender is not None and (origin.emergency or self.directory.is_emergency(origin.dialled, sender))

    def _stamp(self, time: Micros) -> happenings.Stamp:
        self.sequence += 1
        return time, self.sequence, self._late

    def _stamp_now(self) -> happenings.Stamp:
        return self._stamp(self.clock)

    def _stamping(self, time: Micros) -> Stamping:
        return lambda: self._stamp(time)

    def _inbound(self, origin: Origin) -> str | None:
        """Return the direction of a call or request that nobody of ours sent."""
        if origin.callee is not None and self.directory.holder(origin.callee, origin.time) is not None:
            return "inbound"
        return None

    def _written(self, user: str) -> str:
        return to_e164(user, self.options.country) or user

    def _newest(self) -> Event:
        newest = self._events[-1]
        return newest if isinstance(newest, Event) else happenings.event_of(newest)

    def _taken(self) -> list[Event]:
        return [each if isinstance(each, Event) else happenings.event_of(each) for each in self._happened()]

    def _happened(self) -> list[Happening | Event]:
        taken, self._events = self._events, []
        return taken
