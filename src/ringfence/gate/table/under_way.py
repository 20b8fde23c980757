"""How many calls of a scope are under way: counted when they pass, and no longer once somebody who knows says that they ended."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Ask, Order
from ringfence.vocabulary.times import HOUR, SECOND, Micros

LONGEST_US: Final = Micros(4 * HOUR)
"""After so long a call that nobody spoke of again counts no more: a cap that only grows would refuse everybody in the end."""
SETTING_UP_US: Final = Micros(2 * SECOND)
"""So long after it passed a call may still be unknown to the edge that asked about it."""
RETRY_S: Final = 10
"""When a caller may try again: nobody knows when a call ends."""
MAX_KEPT: Final = 262_144
"""Beyond it the call that passed longest ago is forgotten."""


class CallKey(NamedTuple):
    """Tells calls apart: whoever sends many under one Call-ID must at least write other tags."""

    call_id: str
    tag: str


@dataclass(slots=True)
class _Call:
    """`edge` lists it, empty while none does; `asker` is the address that asked about it."""

    passed: Micros
    orders: frozenset[str]
    asker: str | None
    edge: str = ""


class CallsUnderWay:
    """Calls that count under caps, by the caps' order ids.

    A call counts from the moment it passes, once however often it is asked about. It counts no more when its end is told (`ended`),
    when the edge that listed it lists it no more, when the edge that asked about it does not list it although it was set up long
    enough ago, or after `LONGEST_US`.
    """

    def __init__(self) -> None:
        self._calls: OrderedDict[CallKey, _Call] = OrderedDict()
        self._by_order: dict[str, set[CallKey]] = {}
        self._tags: dict[str, set[CallKey]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def counted(self, order: str) -> int:
        """Return how many calls count under an order."""
        return len(self._by_order.get(order, ()))

    def full(self, caps: Sequence[Order], ask: Ask, now: Micros) -> Order | None:
        """Return the first cap that has no room for the call, `None` where all have. One that counts already needs no room."""
        self._forget(now)
        key = key_of(ask)
        for order in caps:
            counted = self._by_order.get(order.id, ())
            if key not in counted and len(counted) >= (order.action.concurrent or 0):
                return order
        return None

    def passed(self, caps: Sequence[Order], ask: Ask, now: Micros, asker: str | None) -> None:
        """Count a call that passes under caps which all have room."""
        key = key_of(ask)
        before = self._calls.get(key)
        orders = frozenset(order.id for order in caps)
        if before is None:
            self._put(key, _Call(now, orders, asker))
        elif not orders <= before.orders:
            self._count(key, before, before.orders | orders)

    def ended(self, call_id: str, tag: str | None = None) -> int:
        """Count a call no more, or without `tag` all of this Call-ID; return how many counted."""
        there = self._tags.get(call_id, ())
        gone = [key for key in there if tag is None or key.tag == tag]
        for key in gone:
            self._drop(key)
        return len(gone)

    def listed(self, edge: str, calls: Mapping[CallKey, Collection[str]], *, looked: Micros, asks_from: Collection[str]) -> None:
        """Take over what an edge lists, with the caps that each call meets: what it lists counts, passed here or not.

        `looked` is when the edge was asked, `asks_from` are the addresses from which it asks about its calls.
        """
        for key, call in list(self._calls.items()):
            if key in calls:
                continue
            unknown = not call.edge and call.asker in asks_from and call.passed <= looked - SETTING_UP_US
            if call.edge == edge or unknown:
                self._drop(key)
        for key, orders in calls.items():
            before = self._calls.get(key)
            if before is None:
                if not orders:
                    continue
                before = _Call(looked, frozenset(), None)
                self._put(key, before)
            before.edge = edge
            before.passed = looked  # it is there: it lapses only so long after nobody lists it
            self._calls.move_to_end(key)
            self._count(key, before, frozenset(orders))

    def keep(self, caps: Collection[str]) -> None:
        """Count under no other orders than these any more."""
        for order in [order for order in self._by_order if order not in caps]:
            for key in list(self._by_order[order]):
                self._count(key, self._calls[key], self._calls[key].orders - {order})

    def _put(self, key: CallKey, call: _Call) -> None:
        self._calls[key] = call
        self._tags.setdefault(key.call_id, set()).add(key)
        for order in call.orders:
            self._by_order.setdefault(order, set()).add(key)
        if len(self._calls) > MAX_KEPT:
            self._drop(next(iter(self._calls)))

    def _count(self, key: CallKey, call: _Call, orders: frozenset[str]) -> None:
        for order in call.orders - orders:
            self._uncount(order, key)
        for order in orders - call.orders:
            self._by_order.setdefault(order, set()).add(key)
        call.orders = orders
        if not orders:
            self._drop(key)

    def _uncount(self, order: str, key: CallKey) -> None:
        counted = self._by_order.get(order)
        if counted is not None:
            counted.discard(key)
            if not counted:
                del self._by_order[order]

    def _drop(self, key: CallKey) -> None:
        call = self._calls.pop(key, None)
        if call is None:
            return
        for order in call.orders:
            self._uncount(order, key)
        tags = self._tags[key.call_id]
        tags.discard(key)
        if not tags:
            del self._tags[key.call_id]

    def _forget(self, now: Micros) -> None:
        while self._calls:
            key, call = next(iter(self._calls.items()))
            if now - call.passed < LONGEST_US:
                return
            self._drop(key)


def key_of(ask: Ask) -> CallKey:
    """Return what tells the call of a question apart."""
    return CallKey(ask.call_id, ask.tag or "")
