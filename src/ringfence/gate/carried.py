"""Calls, messages and registrations that an order refuses and that were carried all the same, as the mirror shows them.

What edges hold is read back by their drivers; what they do with it only traffic shows: a route that does not ask, an edge that
nobody drives. So watch looks at what was answered with the very orders that edges have.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ringfence.feeds import FeedReader
from ringfence.gate.redirect.asks import called_party
from ringfence.gate.table.callbacks import EmergencyCallers
from ringfence.gate.table.scopes import keys, meets, order_key
from ringfence.gate.table.state import holds
from ringfence.vocabulary.contracts import (
    DEEDS,
    ActionKind,
    Ask,
    Event,
    EventKind,
    Observation,
    ObservationKind,
    Order,
    OrderChange,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory

MOST_UNDER_WAY: Final = 65_536
"""Attempts that an order refuses, remembered until they are answered or end."""
_RECORDS_AT_ONCE: Final = 4
_PASSES: Final = DEEDS | {ActionKind.ALLOW, ActionKind.THROTTLE}
"""What refuses nothing by itself: what is done once, what allows, and throttles, which let a part through."""
_METHODS: Final = {EventKind.MESSAGE: "MESSAGE", EventKind.REGISTRATION: "REGISTER"}
_REGISTERING: Final = frozenset({SubjectKind.REGISTRATION, SubjectKind.SOURCE})
"""The scopes whose orders keep registrations out."""


class _Begun(NamedTuple):
    """An attempt that an order refuses."""

    order: Order
    time: Micros


class CarriedCalls:
    """Follows the orders feed under `feeds`, and tells of each order that something was carried against it, once a second at most.

    `follow` waits for the disk, and may run in another thread than `look`, but not at the same time.
    """

    def __init__(self, feeds: Path) -> None:
        self._reader = FeedReader(feeds / "orders")
        self._orders: dict[str, Order] = {}
        self._by_key: dict[str, tuple[Order, ...]] = {}
        self._named: dict[SubjectKind, Counter[str]] = {}
        """How many orders name each subject, both ends of a pair apart: what most traffic is told from in one look."""
        self._help: tuple[Directory | None, frozenset[str]] = (None, frozenset())
        """The numbers that call for help, by the directory that says so."""
        self._lengths: tuple[int, ...] = ()
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        self._told: dict[str, Micros] = {}
        self._callers = EmergencyCallers()

    def __len__(self) -> int:
        return len(self._orders)

    def follow(self) -> None:
        """Take in what the desk ordered since. Raises `FeedError`, `OSError`; a record that cannot be understood is left out."""
        while records := self._reader.read(_RECORDS_AT_ONCE):
            for record in records:
                try:
                    change = msgspec.json.decode(record.payload, type=OrderChange)
                except msgspec.MsgspecError:  # a newer desk's; the gate says so
                    continue
                self._take(change)

    def _take(self, change: OrderChange) -> None:
        if change.full:
            self._orders, self._by_key, self._told, self._named = {}, {}, {}, {}
        for id in change.removals:
            self._forget(id)
        for order in change.upserts:
            self._forget(order.id)
            if order.action.kind not in _PASSES:
                self._orders[order.id] = order
                key = order_key(order)
                self._by_key[key] = (*self._by_key.get(key, ()), order)
                for kind, subject in _subjects(order):
                    self._named.setdefault(kind, Counter())[subject] += 1
        self._lengths = tuple(sorted({len(value) for value in self._named.get(SubjectKind.RANGE, ())}, reverse=True))

    def _forget(self, id: str) -> None:
        order = self._orders.pop(id, None)
        if order is None:
            return
        self._told.pop(id, None)
        key = order_key(order)
        rest = tuple(other for other in self._by_key[key] if other.id != id)
        if rest:
            self._by_key[key] = rest
        else:
            del self._by_key[key]
        for kind, subject in _subjects(order):
            named = self._named[kind]
            named[subject] -= 1
            if not named[subject]:
                del named[subject]
            if not named:
                del self._named[kind]

    def look(self, events: Iterable[Event], directory: Directory) -> Iterator[Observation]:
        """Yield what was carried though an order refuses it: of events in the order of their times."""
        for event in events:
            kind = event.kind
            if kind is EventKind.ATTEMPT:
                self._begin(event, directory)
            elif kind is EventKind.ANSWER or kind is EventKind.END:
                begun = self._begun.pop(event.call_id, None) if self._begun else None
                if begun is not None and kind is EventKind.ANSWER:
                    yield from self._tell(begun, event)
            elif (kind is EventKind.MESSAGE or kind is EventKind.REGISTRATION) and 200 <= event.status < 300:
                order = self._refusing(event, directory)
                if order is not None:
                    yield from self._tell(_Begun(order, event.time), event)

    def _begin(self, event: Event, directory: Directory) -> None:
        """Remember an attempt that an order refuses, or who called for help."""
        order = self._refusing(event, directory)
        if order is None:
            self._begun.pop(event.call_id, None)
            return
        self._begun[event.call_id] = _Begun(order, event.time)
        if len(self._begun) > MOST_UNDER_WAY:
            self._begun.popitem(last=False)

    def _refusing(self, event: Event, directory: Directory) -> Order | None:
        """Return the order that refuses an event's request, as the orders' table would; `None` where it may pass."""
        if event.account is not None and self._calls_for_help(event, directory):
            for number in (event.caller, event.asserted):
                if number is not None:
                    self._callers.note(number, event.time)
            return None
        if not self._orders or not self._may_be_named(event, directory):
            return None
        ask = _asked(event)
        called_back = self._callers.may_be_called_back(event.callee, event.time)
        for key in keys(ask, event.party_path, called_party(directory, event.callee, event.time), self._lengths):
            # Behind one address there may be a scanner and a customer, whose authenticated requests edges let through.
            if (key.kind is SubjectKind.SOURCE and event.account is not None) or (called_back and key.inbound):
                continue
            # Whoever is suspended stays registered, so as to call for help and be called back.
            if event.kind is EventKind.REGISTRATION and key.kind not in _REGISTERING:
                continue
            for order in self._by_key.get(key.text, ()):
                if holds(order, event.time) and meets(order, key, ask):
                    return None if order.action.kind is ActionKind.DIVERT else order
        return None

    def _calls_for_help(self, event: Event, directory: Directory) -> bool:
        if self._help[0] is not directory:
            self._help = (directory, directory.every_emergency_number)
        called = event.callee or event.target
        return called is not None and (called in self._help[1] or called.startswith("urn:service:sos"))

    def _may_be_named(self, event: Event, directory: Directory) -> bool:
        """Tell whether any order could speak of the event's request: cheap, for of nearly all of the traffic none can."""
        named = self._named
        numbers, ranges = named.get(SubjectKind.NUMBER, ()), named.get(SubjectKind.RANGE, ())
        if numbers or ranges:
            ends = [number for number in (event.caller, event.asserted, event.callee) if number is not None]
            if any(number in numbers for number in ends):
                return True
            if any(number[:length] in ranges for number in ends for length in self._lengths):
                return True
        if event.account is None and event.source in named.get(SubjectKind.SOURCE, ()):
            return True
        if event.kind is EventKind.REGISTRATION:
            return bool(named.get(SubjectKind.REGISTRATION))
        accounts, parties = named.get(SubjectKind.ACCOUNT, ()), named.get(SubjectKind.PARTY, ())
        if event.account in accounts or event.trunk in named.get(SubjectKind.TRUNK, ()):
            return True
        if any(party in parties for party in event.party_path):
            return True
        if not accounts and not parties:
            return False
        called = called_party(directory, event.callee, event.time)
        return called.account in accounts or any(party in parties for party in called.parties)

    def _tell(self, begun: _Begun, event: Event) -> Iterator[Observation]:
        order, told = begun.order, self._told.get(begun.order.id)
        if order.id not in self._orders or (told is not None and 0 <= begun.time - told < SECOND):
            return
        self._told[order.id] = begun.time
        yield Observation(
            kind=ObservationKind.CARRIED,
            time=begun.time,
            subject=order_key(order),
            order=order.id,
            edge=None if event.agent is None else str(event.agent),
            call_id=event.call_id,
            text=event.method,
        )


def _subjects(order: Order) -> list[tuple[SubjectKind, str]]:
    """Return under what an order is looked for: a pair by both of its numbers."""
    kind, value = order.scope.kind, order.scope.value
    return [(SubjectKind.NUMBER, number) for number in value.split(",")] if kind is SubjectKind.PAIR else [(kind, value)]


def _asked(event: Event) -> Ask:
    registers = event.kind is EventKind.REGISTRATION and event.target is not None and event.domain is not None
    return Ask(
        call_id=event.call_id,
        method=_METHODS.get(event.kind, "INVITE"),
        source=event.source,
        trunk=event.trunk,
        account=event.account,
        caller=event.caller,
        asserted=event.asserted,
        callee=event.callee,
        registration=f"{event.target}@{(event.domain or '').lower()}" if registers else None,
    )
