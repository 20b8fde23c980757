"""Messages in, events out: each call and each out-of-dialog request once, however often a mirror shows it."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ringfence.vocabulary.contracts import Event, EventKind, Observation
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls import happenings
from ringfence.watch.calls.entries import Call, CallKey, Origin, Transaction, TransactionKey
from ringfence.watch.calls.legs import Edges, Leg, bounded, earlier_keys, request_key, response_keys
from ringfence.watch.calls.memory import Memory
from ringfence.watch.calls.origin import origin_of
from ringfence.watch.calls.states import (
    CALLEE_REFUSES,
    CHALLENGES,
    MENDABLE,
    NEXT,
    OUTSIDE_DIALOGS,
    REFUSES_CREDENTIALS,
    CallState,
    Trigger,
    may_be_early,
    proves_credentials,
)
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip.message import Message

ANSWER_US: Final = Micros(32 * SECOND)
"""How long a request may wait for an answer (timers B and F, RFC 3261 section 17.1), and how long copies may come after one."""

RING_US: Final = Micros(300 * SECOND)
SILENT_US: Final = Micros(6 * HOUR)
_MOST_TAGS: Final = 8
_MOST_HOPS: Final = 8
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


class Tracker(Memory):
    """Follows requests and calls. Not for several threads. Nothing that comes from the wire makes it raise.

    Time is that of the datagrams and of `advance`; it never goes back: what comes with an earlier time counts at the latest one.
    """

    def __init__(self, directory: Directory, options: TrackerOptions | None = None) -> None:
        self.options: Final = options if options is not None else TrackerOptions()
        super().__init__(
            most_transactions=self.options.most_transactions,
            most_calls=self.options.most_calls,
            most_claims=self.options.most_claims,
        )
        self.directory = directory
        self._number = lru_cache(maxsize=_CACHED_NUMBERS)(self._written)
        self._events: list[Event] = []
        self._observations: list[Observation] = []
        self._late = False

    def use(self, directory: Directory) -> None:
        """Attribute with `directory` from now on. After another policy was posted, every account's next use is its first."""
        self.directory = directory

    def feed(self, datagram: Datagram, message: Message | None, *, late: bool = False) -> list[Event]:
        """Return what `datagram`, parsed as `message` (`None` for a log line), makes known, and what timed out before it."""
        self._pass(datagram.time)
        self._late = late
        if datagram.kind is PayloadKind.LOG:
            seen = happenings.refusal(datagram, time=self.clock)
            if seen is not None:
                self._observations.append(seen)
        elif datagram.kind is not PayloadKind.SIP or message is None or not message.call_id or not message.method:
            self.unusable += 1
        elif not self.options.edges.ignores(datagram):
            if message.is_request:
                self._request(datagram, message, message.method)
            else:
                self._response(datagram, message, message.method)
        self._late = False
        return self._taken()

    def advance(self, now: Micros) -> list[Event]:
        """Return what timed out up to `now`."""
        self._pass(now)
        return self._taken()

    def observations(self) -> list[Observation]:
        """Return what was observed since the last time."""
        taken, self._observations = self._observations, []
        return taken

    def _request(self, datagram: Datagram, message: Message, method: str) -> None:
        if method in ("ACK", "PRACK"):
            return
        if (call := self._dialog(message, method)) is not None:
            self._within(call, message, method)
            return
        leg = self.options.edges.sender_leg(datagram, message)
        if leg is None:  # an edge's own
            return
        key = request_key(message, method, leg)
        known = self.transactions.get(key)
        if known is not None:
            self._own_leg(known, datagram, message, leg)
            return
        if self._is_later_leg(datagram, message, method):
            return
        if method == "CANCEL" and self._cancel(key, message):
            return
        self._begin(key, datagram, message, leg)

    def _dialog(self, message: Message, method: str) -> Call | None:
        """Return the call that the request is part of: both tags fit, or one where the other is not known yet."""
        if not message.to_tag or method in OUTSIDE_DIALOGS:
            return None
        call_id, sender, receiver = bounded(message.call_id or ""), bounded(message.from_tag or ""), bounded(message.to_tag)
        for ours, theirs in ((sender, receiver), (receiver, sender)):
            call = self.calls.get((call_id, ours))
            if call is not None and (theirs in call.tags if call.tags else may_be_early(call.state, method)):
                return call
        return None

    def _within(self, call: Call, message: Message, method: str) -> None:
        call.seen = self.clock
        self.calls.touch(call.key)
        if method != "BYE" or call.state is CallState.ENDED:
            return
        by_caller = bounded(message.from_tag or "") == call.key[1]
        callee_tag = bounded((message.to_tag if by_caller else message.from_tag) or "")
        if callee_tag in call.tags:
            call.tags.remove(callee_tag)
            if call.tags:  # the other branch of a fork goes on
                return
            call.tags.append(callee_tag)
        if self._move(call, Trigger.BYE):
            self._end(call, "caller" if by_caller else "callee")

    def _own_leg(self, known: Transaction, datagram: Datagram, message: Message, leg: Leg) -> None:
        """Read the request again where so far only a later leg was seen: an edge may have taken the credentials out."""
        if not known.own_leg and datagram.source == leg.source:
            known.origin = origin_of(datagram, message, leg, time=known.origin.time, number=self._number)
            known.own_leg = True
            self.transactions.touch(known.key)

    def _is_later_leg(self, datagram: Datagram, message: Message, method: str) -> bool:
        """Tell whether a server that already had the request sent this copy. A Via alone proves nothing: anybody can write one."""
        for key in earlier_keys(message, method):
            known = self.transactions.get(key)
            if known is None:
                continue
            if datagram.source in known.hops or (datagram.source, datagram.source_port) in self.options.edges:
                if datagram.destination not in known.hops and len(known.hops) < _MOST_HOPS:
                    known.hops.append(datagram.destination)
                    self.transactions.touch(known.key)
                return True
        return False

    def _cancel(self, key: TransactionKey, message: Message) -> bool:
        """Note that the caller gave up; tell whether there was anything to cancel, so that a stranger's CANCEL stands out."""
        invite = self.transactions.get((key[0], key[1], "INVITE", key[3], key[4]))
        call = self.calls.get((bounded(message.call_id or ""), bounded(message.from_tag or "")))
        if invite is not None and call is not None and invite.call == call.key:
            call.cancelled = True
            self.calls.touch(call.key)
        return invite is not None or call is not None

    def _begin(self, key: TransactionKey, datagram: Datagram, message: Message, leg: Leg) -> None:
        origin = origin_of(datagram, message, leg, time=self.clock, number=self._number)
        self.serial += 1
        transaction = Transaction(
            key=key,
            serial=self.serial,
            origin=origin,
            deadline=Micros(self.clock + ANSWER_US),
            sender=self.directory.sender(origin.source, self.claims.vouched(origin), self.clock),
            hops=[datagram.destination],
            own_leg=datagram.source == leg.source,
        )
        if origin.method == "INVITE" and not message.to_tag:
            transaction.call = self._invited(transaction)
        self.transactions.put(key, transaction)

    def _invited(self, transaction: Transaction) -> CallKey:
        """Return the call that an initial INVITE belongs to; begin one where there is none."""
        origin = transaction.origin
        key = (origin.call_id, origin.tag)
        call = self.calls.get(key)
        if call is not None and call.state is not CallState.ENDED:
            if call.origin.to_user == origin.to_user:
                call.invite = transaction.serial
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
        )
        self.calls.put(key, call)
        if not call.exempt:
            self._events.append(happenings.attempt(call, self.directory, self._stamp()))
        self._first_use(call.sender, origin)
        return key

    def _response(self, datagram: Datagram, message: Message, method: str) -> None:
        transaction, own_leg = self._answered(datagram, message, method)
        if transaction is None:
            self.unmatched += 1
        elif transaction.status:
            self._answered_again(transaction, message)
        elif message.status < 200:
            self._provisional(transaction, message.status)
        elif own_leg or message.status < 300:
            self._final(transaction, message.status, stale=message.stale, to_tag=message.to_tag)
        else:
            transaction.inner_status = message.status
            self.transactions.touch(transaction.key)

    def _answered(self, datagram: Datagram, message: Message, method: str) -> tuple[Transaction | None, bool]:
        for key, own_leg in response_keys(datagram, message, method):
            transaction = self.transactions.get(key)
            if transaction is not None:
                return transaction, own_leg
        return None, False

    def _answered_again(self, transaction: Transaction, message: Message) -> None:
        """Note the further callee where a fork was answered twice; anything else is a copy."""
        call = self._call_of(transaction)
        if call is not None and 200 <= message.status < 300 and call.state is CallState.ANSWERED:
            self._add_tag(call, message.to_tag)

    def _provisional(self, transaction: Transaction, status: int) -> None:
        if transaction.origin.method != "INVITE":
            return
        deadline = Micros(transaction.origin.time + self.options.ring_us)
        if transaction.deadline < deadline:
            transaction.deadline = deadline
            self.transactions.put(transaction.key, transaction)
        call = self._call_of(transaction)
        if call is not None and status in _RINGING and call.rang is None and self._move(call, Trigger.RING):
            call.rang = self.clock
            self.calls.touch(call.key)

    def _final(self, transaction: Transaction, status: int, *, stale: bool = False, to_tag: str | None = None) -> None:
        origin, call = transaction.origin, self._call_of(transaction)
        transaction.status = status
        transaction.deadline = Micros(self.clock + ANSWER_US)
        self.transactions.put(transaction.key, transaction)
        self._attribute(transaction, call)
        if call is not None:
            self._outcome(call, transaction, to_tag)
        if call is None or not call.exempt:
            event = happenings.request(EventKind.REQUEST, transaction, self.directory, self._stamp(), stale=stale)
            self._events.append(event)
        if origin.method == "REGISTER":
            event = happenings.request(EventKind.REGISTRATION, transaction, self.directory, self._stamp(), stale=stale)
            self._events.append(event)
            if status < 300:
                self._first_use(transaction.sender, origin)

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
            transaction.sender = self.directory.sender(origin.source, user, origin.time)
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
                    self._events.append(happenings.answer(call, self.directory, self._stamp()))
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
        while self.transactions.may_be_due(now) or self.calls.may_be_due(now):
            transaction, call = self.transactions.next_deadline(), self.calls.next_deadline()
            due = min((each for each in (transaction, call) if each is not None), default=None)
            if due is None or due[0] > now:
                break
            self.clock = max(self.clock, due[0])
            if due == transaction:
                self._transaction_due(self.transactions.pop_due()[1])
            else:
                self._call_due(self.calls.pop_due()[1])
        self.clock = max(self.clock, now)

    def _transaction_due(self, transaction: Transaction) -> None:
        if transaction.status:
            self.transactions.remove(transaction.key)
        else:
            self._final(transaction, transaction.inner_status or 408)

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
            event = happenings.end(call, self.directory, self._stamp(), released_by=released_by, until=span)
            self._events.append(event)
        self._keep(call, ANSWER_US)

    def _keep(self, call: Call, span: int) -> None:
        call.deadline = Micros(self.clock + span)
        self.calls.put(call.key, call)

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
        return sender is not None and (origin.emergency or origin.dialled in self.directory.emergency_numbers)

    def _stamp(self) -> happenings.Stamp:
        self.sequence += 1
        return happenings.Stamp(self.clock, self.sequence, self._late)

    def _written(self, user: str) -> str:
        return to_e164(user, self.options.country) or user

    def _taken(self) -> list[Event]:
        taken, self._events = self._events, []
        return taken
