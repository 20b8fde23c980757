"""The life of requests and calls: what each sign of life changes, what time ends, and the events and observations of it."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind, Observation
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls import happenings
from ringfence.watch.calls.entries import Call, CallKey, Origin, Transaction, TransactionKey
from ringfence.watch.calls.legs import Edges, bounded
from ringfence.watch.calls.memory import Memory
from ringfence.watch.calls.oddities import Oddities
from ringfence.watch.calls.senders import Senders
from ringfence.watch.calls.signed import identified
from ringfence.watch.calls.states import (
    CALLEE_REFUSES,
    CHALLENGES,
    MENDABLE,
    NEXT,
    REFUSES_CREDENTIALS,
    CallState,
    Trigger,
    proves_credentials,
)
from ringfence.watch.detectors.strangers import DISTURBING
from ringfence.watch.identity import Identities
from ringfence.watch.sources.datagram import Datagram

ANSWER_US: Final = Micros(32 * SECOND)
"""How long a request may wait for an answer (timers B and F, RFC 3261 section 17.1), and how long copies may come after one."""

RING_US: Final = Micros(300 * SECOND)
SILENT_US: Final = Micros(6 * HOUR)
_MOST_TAGS: Final = 8
_CACHED_NUMBERS: Final = 65_536
_RINGING: Final = frozenset({180, 183})


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


class Life(Memory):
    """What the tracker remembers, and how it changes. Time never goes back: what is older counts at the latest one."""

    def __init__(self, directory: Directory, options: TrackerOptions | None = None) -> None:
        self.options: Final = options if options is not None else TrackerOptions()
        super().__init__(
            most_transactions=self.options.most_transactions,
            most_calls=self.options.most_calls,
            most_claims=self.options.most_claims,
        )
        self.directory = directory
        self._senders = Senders(directory)
        self._oddities = Oddities(self.calls, self.claims, self.options.edges)
        self._number = lru_cache(maxsize=_CACHED_NUMBERS)(self._written)
        self._events: list[Event] = []
        self._observations: list[Observation] = []
        self._late = False

    def use(self, directory: Directory) -> None:
        """Attribute with `directory` from now on. After another policy was posted, every account's next use is its first."""
        self.directory = directory
        self._senders = Senders(directory)

    def advance(self, now: Micros) -> list[Event]:
        """Return what timed out up to `now`."""
        self._pass(now)
        return self._taken()

    def observations(self) -> list[Observation]:
        """Return what was observed since the last time."""
        taken, self._observations = self._observations, []
        return taken

    def _within(self, call: Call, datagram: Datagram, method: str, sender: str, receiver: str) -> None:
        """Take a request within a call's dialog, from the side with the tag `sender`."""
        if datagram.source != call.origin.source and method in DISTURBING:
            self._suspect(call, datagram, method, fits=True)
        call.seen = self.clock
        self.calls.touch(call.key)
        if method != "BYE" or call.state is CallState.ENDED:
            return
        by_caller = sender == call.key[1]
        callee_tag = receiver if by_caller else sender
        if callee_tag in call.tags:
            call.tags.remove(callee_tag)
            if call.tags:  # the other branch of a fork goes on
                return
            call.tags.append(callee_tag)
        if self._move(call, Trigger.BYE):
            self._end(call, "caller" if by_caller else "callee")

    def _suspect(self, call: Call | None, datagram: Datagram, method: str, *, fits: bool) -> None:
        """Tell of a request that changes a call, where nobody who takes part in it sent it."""
        if call is not None and call.state is not CallState.ENDED and datagram.source != call.origin.destination:
            about = (self._senders.of(datagram.source, None, self.clock), self.directory)
            self._odd(self._oddities.stranger(call, datagram, method, about, self._stamp, fits=fits))

    def _odd(self, event: Event | None) -> None:
        if event is not None:
            self._events.append(event)

    def _cancel(self, key: TransactionKey, datagram: Datagram, tag: str) -> bool:
        """Note that the caller gave up; tell whether there was anything to cancel, so that a stranger's CANCEL stands out."""
        invite = self.transactions.get((key[0], key[1], "INVITE", key[3], key[4]))
        call = self.calls.get((key[0], tag))
        if invite is not None and call is not None and invite.call == call.key:
            call.cancelled = True
            self.calls.touch(call.key)
        elif datagram.source != key[4] or invite is None:
            self._suspect(call, datagram, "CANCEL", fits=True)
        return invite is not None or call is not None

    def _begin(self, key: TransactionKey, origin: Origin, datagram: Datagram, *, own_leg: bool, in_dialog: bool) -> None:
        """Take a request seen for the first time. `in_dialog`: it says itself that it is within a session."""
        if (in_dialog or origin.method == "CANCEL") and origin.method in DISTURBING:
            self._suspect(self._oddities.call_of(origin.call_id), datagram, origin.method, fits=False)
        identities, is_call = self.options.identities, origin.method == "INVITE" and not in_dialog
        if identities is not None and is_call and self.calls.get((origin.call_id, origin.tag)) is None:
            origin = identified(origin, datagram, identities, self.directory)
        self.serial += 1
        transaction = Transaction(
            key=key,
            serial=self.serial,
            origin=origin,
            deadline=Micros(self.clock + ANSWER_US),
            sender=self._senders.of(origin.source, self.claims.vouched(origin), self.clock),
            hops=[datagram.destination],
            own_leg=own_leg,
        )
        if own_leg:
            self._odd(self._oddities.tool(datagram, origin, transaction.sender, self._stamp))
        if is_call:
            transaction.call = self._invited(transaction)
        self.transactions.put(key, transaction)

    def _invited(self, transaction: Transaction) -> CallKey:
        """Return the call that an initial INVITE belongs to; begin one where there is none."""
        origin = transaction.origin
        key = (origin.call_id, origin.tag)
        call = self.calls.get(key)
        if call is not None and call.state is not CallState.ENDED:
            if call.origin.to_user == origin.to_user:
                call.invite, call.hops = transaction.serial, transaction.hops
                call.sender = transaction.sender or call.sender
                self._move(call, Trigger.INVITE)
                self._keep(call, self.options.ring_us + ANSWER_US)
                return key
            self._end(call, "network")  # its Call-ID and tag were taken for another callee: count both
        self.serial += 1
        call = Call(
            key=key,
            serial=self.serial,
            origin=origin,
            deadline=Micros(self.clock + self.options.ring_us + ANSWER_US),
            sender=transaction.sender,
            invite=transaction.serial,
            seen=self.clock,
            exempt=self._is_emergency(transaction.sender, origin),
            hops=transaction.hops,
        )
        self.calls.put(key, call)
        self._oddities.begun(key)
        if not call.exempt:
            self._events.append(happenings.attempt(call, self._direction(call.origin, call.sender), self._stamp()))
        self._first_use(call.sender, origin)
        return key

    def _answer(self, transaction: Transaction, status: int, to_tag: str | None, *, own_leg: bool, stale: bool) -> None:
        """Take a response to a request that is known. `own_leg`: it went to the request's sender, and not between servers."""
        if transaction.status:
            if 200 <= status < 300:
                self._answered_again(transaction, to_tag)
        elif status < 200:
            self._provisional(transaction, status)
        elif own_leg or status < 300:
            self._final(transaction, status, stale=stale, to_tag=to_tag)
        else:
            transaction.inner_status = status
            self.transactions.touch(transaction.key)

    def _answered_again(self, transaction: Transaction, to_tag: str | None) -> None:
        """Note the further callee where a fork was answered twice; anything else is a copy."""
        call = self._call_of(transaction)
        if call is not None and call.state is CallState.ANSWERED:
            self._add_tag(call, to_tag)

    def _provisional(self, transaction: Transaction, status: int) -> None:
        if transaction.origin.method != "INVITE":
            return
        deadline = Micros(transaction.origin.time + self.options.ring_us)
        if transaction.deadline < deadline:
            self.transactions.keep(transaction.key, transaction, deadline)
        call = self._call_of(transaction)
        if call is not None and status in _RINGING and call.rang is None and self._move(call, Trigger.RING):
            call.rang = self.clock
            self.calls.touch(call.key)

    def _final(self, transaction: Transaction, status: int, *, stale: bool = False, to_tag: str | None = None) -> None:
        origin, call = transaction.origin, self._call_of(transaction)
        transaction.status = status
        self.transactions.keep(transaction.key, transaction, Micros(self.clock + ANSWER_US))
        self._attribute(transaction, call)
        if call is not None:
            self._outcome(call, transaction, to_tag)
        direction = self._direction(origin, transaction.sender)
        if call is None or not call.exempt:
            self._events.append(happenings.request(EventKind.REQUEST, transaction, direction, self._stamp(), stale=stale))
        if origin.method == "REGISTER":
            self._events.append(happenings.request(EventKind.REGISTRATION, transaction, direction, self._stamp(), stale=stale))
            self._odd(self._oddities.registered(self._events[-1], self._stamp))
            if status < 300:
                self._first_use(transaction.sender, origin)
        elif origin.method == "MESSAGE":
            self._events.append(happenings.request(EventKind.MESSAGE, transaction, direction, self._stamp(), stale=stale))

    def _attribute(self, transaction: Transaction, call: Call | None) -> None:
        """Judge the credentials by the final response: accepted ones name their user's trunk, refused ones nobody's.

        An answer that says neither, such as 404 to credentials that nobody demanded, leaves what earlier acceptance vouches for.
        """
        origin = transaction.origin
        if origin.credentials:
            challenged = call is not None and call.challenged
            proven = proves_credentials(origin.method, transaction.status, challenged=challenged)
            if proven:
                self.claims.accept(origin, self.clock)
            refused = transaction.status in REFUSES_CREDENTIALS
            user = origin.user if proven else None if refused else self.claims.vouched(origin)
            transaction.sender = self._senders.of(origin.source, user, origin.time)
        if call is not None and call.state is not CallState.ENDED and (origin.credentials or transaction.status not in CHALLENGES):
            call.sender = transaction.sender
            call.exempt |= self._is_emergency(call.sender, call.origin)
            self._first_use(call.sender, call.origin)

    def _outcome(self, call: Call, transaction: Transaction, to_tag: str | None) -> None:
        status = transaction.status
        if status < 300:
            self._add_tag(call, to_tag)
            if self._move(call, Trigger.SUCCESS):
                call.status, call.answered, call.seen = status, self.clock, self.clock
                self._keep(call, self.options.silent_us)
                if not call.exempt:
                    self._events.append(happenings.answer(call, self._direction(call.origin, call.sender), self._stamp()))
        elif transaction.serial != call.invite:
            return
        elif status in MENDABLE:
            if self._move(call, Trigger.CHALLENGE):
                call.status = status
                call.challenged |= status in CHALLENGES
                self._keep(call, ANSWER_US)
        elif self._move(call, Trigger.FAILURE):
            call.status = status
            by_caller = call.cancelled or status == 487
            self._end(call, "caller" if by_caller else "callee" if status in CALLEE_REFUSES else "network")

    def _pass(self, now: Micros) -> None:
        """Let time go on to `now`, with everything that falls due on the way, in order."""
        transactions, calls = self.transactions, self.calls
        transaction, call = transactions.due(now), calls.due(now)
        while transaction is not None or call is not None:
            if call is None or (transaction is not None and transaction < call):
                self._to(transaction[0] if transaction is not None else now)
                asked = transactions.pop_due()[1]
                if asked.status:  # the usual end, which changes nothing else
                    transactions.remove(asked.key)
                    transaction = transactions.due(now)
                    continue
                self._final(asked, asked.inner_status or 408)
            else:
                self._to(call[0])
                self._call_due(calls.pop_due()[1])
            transaction, call = transactions.due(now), calls.due(now)
        self._to(now)

    def _to(self, time: Micros) -> None:
        if time > self.clock:
            self.clock = time

    def _call_due(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self.calls.remove(call.key)
        elif call.state is CallState.ANSWERED and call.seen + self.options.silent_us > self.clock:
            self._keep(call, Micros(call.seen + self.options.silent_us - self.clock))
        elif self._move(call, Trigger.TIMEOUT):
            call.status = call.status or 408
            self._end(call, "network", until=call.seen if call.answered is not None else self.clock)

    def _move(self, call: Call, trigger: Trigger) -> bool:
        following = NEXT.get((call.state, trigger))
        if following is None:
            return False
        call.state = following
        return True

    def _end(self, call: Call, released_by: str, until: Micros | None = None) -> None:
        call.state = CallState.ENDED
        if not call.exempt:
            span = until if until is not None else self.clock
            direction = self._direction(call.origin, call.sender)
            self._events.append(happenings.end(call, direction, self._stamp(), released_by=released_by, until=span))
        self._keep(call, ANSWER_US)

    def _keep(self, call: Call, span: int) -> None:
        self.calls.keep(call.key, call, Micros(self.clock + span))

    def _add_tag(self, call: Call, to_tag: str | None) -> None:
        tag = bounded(to_tag or "")
        if tag not in call.tags and len(call.tags) < _MOST_TAGS:
            call.tags.append(tag)
            self.calls.touch(call.key)

    def _call_of(self, transaction: Transaction) -> Call | None:
        return None if transaction.call is None else self.calls.get(transaction.call)

    def _first_use(self, sender: Sender | None, origin: Origin) -> None:
        policy = self.directory.policy
        if policy is not None and sender is not None and self.use_first(sender.account, policy):
            self._observations.append(happenings.first_use(sender, policy=policy, call_id=origin.call_id, time=self.clock))

    def _is_emergency(self, sender: Sender | None, origin: Origin) -> bool:
        """Tell whether a party of ours calls for help, by number or service; an unknown source gains nothing by it."""
        return sender is not None and (origin.emergency or self.directory.is_emergency(origin.dialled, sender))

    def _stamp(self) -> happenings.Stamp:
        self.sequence += 1
        return self.clock, self.sequence, self._late

    def _direction(self, origin: Origin, sender: Sender | None) -> str | None:
        if sender is not None:
            return "outbound"
        if origin.callee is not None and self.directory.holder(origin.callee, origin.time) is not None:
            return "inbound"
        return None

    def _written(self, user: str) -> str:
        return to_e164(user, self.options.country) or user

    def _taken(self) -> list[Event]:
        taken, self._events = self._events, []
        return taken
