"""What follows from a change of what is followed: who answers for a request, and the events and observations of it."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Event, EventKind, Observation, Use
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls import happenings
from ringfence.watch.calls.claims import claimant_of
from ringfence.watch.calls.directions import Directions
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.happenings import Happening
from ringfence.watch.calls.legs import Edges
from ringfence.watch.calls.memory import Memory
from ringfence.watch.calls.notes import Note, Notes
from ringfence.watch.calls.oddities import Oddities, Stamping
from ringfence.watch.calls.senders import Senders
from ringfence.watch.calls.states import (
    CHALLENGES,
    REFUSES_CREDENTIALS,
    proves_credentials,
)
from ringfence.watch.detectors.registrations import Registered, is_refused
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
        self._number = lru_cache(maxsize=_CACHED_NUMBERS)(self._written)
        super().__init__(
            most=(self.options.most_transactions, self.options.most_calls, self.options.most_claims),
            spans=(ANSWER_US, self.options.ring_us, self.options.silent_us),
            notes=Notes(self._number, self.options.country),
        )
        self.use(directory)
        self._oddities = Oddities(self.calls, self.claims, self.options.edges)
        self._events: list[Happening | Event] = []
        self._observations: list[Observation] = []
        self._late = False

    def use(self, directory: Directory) -> None:
        """Attribute with `directory` from now on. After another policy was posted, every account's next use is its first."""
        self.directory = directory
        self.directions = Directions(directory, self.notes)
        self._senders = Senders(directory)
        self._slots.may_help(directory.every_emergency_number)

    def observations(self) -> list[Observation]:
        """Return what was observed since the last time."""
        taken, self._observations = self._observations, []
        return taken

    def _asked(self, slot: int, time: Micros, own: Datagram | None) -> None:
        """Find out who answers for a request that was just noted. `own` is its packet, where it came from the sender himself."""
        requests = self.transactions
        origin = requests.origin(slot)
        sender = requests.senders[slot] = self._senders.of(origin.source, self.claims.vouched(claimant_of(origin)), time)
        if own is not None:
            self._odd(self._oddities.tool(own, origin, sender, self._stamping(time)))

    def _attempted(self, slot: int, call: int, flags: int, time: Micros) -> None:
        """Tell of a call that the INVITE begins, or note that it belongs to one."""
        requests, calls = self.transactions, self.calls
        sender = requests.senders[slot]
        calls.hops[call] = requests.hops[slot]
        if flags & c.JOINS:
            calls.senders[call] = sender or calls.senders[call]
            return
        calls.senders[call] = sender
        calls.exempt[call] = exempt = flags & c.MAY_HELP != 0 and self._is_emergency(sender, requests.origin(slot))
        if self._oddities.notes_calls:
            self._oddities.begun(calls.key(call))
        said = requests.origins[slot]
        if not exempt:
            self.sequence = sequence = self.sequence + 1
            self._events.append((_ATTEMPT, said, sender, time, sequence, self._late, 0, False, 0, 0, None, False))
        if sender is not None:
            self._first_use(sender, Use.CALL, said, time)

    def _closed(  # noqa: PLR0913 - what is told, as it stands
        self, slot: int, call: int, time: Micros, status: int, flags: int, duration_ms: int, ring_ms: int, released: int
    ) -> None:
        """Judge a request by its final response, and tell of it and of what it did to its call."""
        requests, calls = self.transactions, self.calls
        if flags & c.CREDENTIALED:
            self._judge(slot, time, status, flags)
        said, sender = requests.origins[slot], requests.senders[slot]
        if flags & c.WAS_OPEN and (flags & c.CREDENTIALED or status not in CHALLENGES):
            calls.senders[call] = sender
            if flags & c.MAY_HELP:
                calls.exempt[call] = calls.exempt[call] or self._is_emergency(sender, calls.origin(call))
            if sender is not None:
                self._first_use(sender, Use.CALL, calls.origins[call], time)
        if flags & _OF_CALL:
            self._tell_call(slot, call, time, status, flags, duration_ms, ring_ms, released)
        stale = flags & c.STALE != 0
        if call < 0 or not calls.exempt[call]:
            self.sequence = sequence = self.sequence + 1
            self._events.append((_REQUEST, said, sender, time, sequence, self._late, status, False, 0, 0, None, stale))
        if flags & c.REGISTERS:
            self._tell_request(_REGISTRATION, said, sender, (time, status, stale))
            if status < 300 or flags & c.CREDENTIALED:
                self._registered(said, time, status, stale=stale)
            if status < 300 and sender is not None:
                self._first_use(sender, Use.REGISTRATION, said, time)
        elif flags & c.SENDS_MESSAGE:
            self._tell_request(_MESSAGE, said, sender, (time, status, stale))

    def _tell_request(self, kind: EventKind, said: Origin | Note, sender: Sender | None, told: tuple[Micros, int, bool]) -> None:
        time, status, stale = told
        self.sequence = sequence = self.sequence + 1
        self._events.append((kind, said, sender, time, sequence, self._late, status, False, 0, 0, None, stale))

    def _tell_call(  # noqa: PLR0913 - what is told, as it stands
        self, _slot: int, call: int, time: Micros, status: int, flags: int, duration_ms: int, ring_ms: int, released: int
    ) -> None:
        """Tell of a call's answer or end."""
        calls = self.calls
        if calls.exempt[call]:
            return
        self.sequence = sequence = self.sequence + 1
        kind = _ANSWER if flags & c.ANSWERS_CALL else _END
        said, sender, answered = calls.origins[call], calls.senders[call], flags & c.WAS_ANSWERED != 0
        lasted = (duration_ms, ring_ms, _RELEASED[released])
        self._events.append((kind, said, sender, time, sequence, self._late, status, answered, *lasted, False))

    def _judge(self, slot: int, time: Micros, status: int, flags: int) -> None:
        """Judge the credentials by the final response: accepted ones name their user's trunk, refused ones nobody's.

        An answer that says neither, such as 404 to credentials that nobody demanded, leaves what earlier acceptance vouches for.
        """
        said = self.transactions.origins[slot]
        claimant = self.notes.claimant(said) if isinstance(said, bytes) else claimant_of(said)
        proven = proves_credentials(status, challenged=flags & c.WAS_CHALLENGED != 0, registers=flags & c.REGISTERS != 0)
        if proven:
            self.claims.accept(claimant, time)
        refused = status in REFUSES_CREDENTIALS
        user = claimant.user if proven else None if refused else self.claims.vouched(claimant)
        self.transactions.senders[slot] = self._senders.of(claimant.source, user, Micros(claimant.time))

    def _registered(self, said: Origin | Note, time: Micros, status: int, *, stale: bool) -> None:
        """Tell of the oddity that a registration is, if it is one."""
        if isinstance(said, bytes):
            user, domain, source, agent, credentials = self.notes.registration(said)
        else:
            user, domain, source, agent, credentials = said.target, said.domain, said.source, said.user_agent, said.credentials
        if user is not None:
            refused = is_refused(status, credentials=credentials, stale=stale)
            outcome = Registered(user, domain or "", source, agent, time, status, refused)
            self._odd(self._oddities.registered(outcome, self._newest, self._stamping(time)))

    def _odd(self, event: Event | None) -> None:
        if event is not None:
            self._events.append(event)

    def _first_use(self, sender: Sender, use: Use, said: Origin | Note, time: Micros) -> None:
        policy = self.directory.policy
        if policy is not None and self.use_first(sender.account, policy):
            call_id = self.notes.call_id(said) if isinstance(said, bytes) else said.call_id
            self._observations.append(happenings.first_use(sender.account, use, policy=policy, call_id=call_id, time=time))

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

    def _written(self, user: str) -> str:
        return to_e164(user, self.options.country) or user

    def _newest(self) -> Event:
        newest = self._events[-1]
        return newest if isinstance(newest, Event) else happenings.event_of(newest, self.directions)

    def _taken(self) -> list[Event]:
        return [each if isinstance(each, Event) else happenings.event_of(each, self.directions) for each in self._happened()]

    def _happened(self) -> list[Happening | Event]:
        taken, self._events = self._events, []
        return taken
