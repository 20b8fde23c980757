"""The orders table: what is ordered now, and what follows from it for one request."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from ringfence.gate.reasons import refusal
from ringfence.vocabulary.contracts import Ask, Order, OrderChange, Verdict, VerdictAction
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

DECIDABLE: Final = frozenset(
    {
        SubjectKind.SOURCE,
        SubjectKind.TRUNK,
        SubjectKind.ACCOUNT,
        SubjectKind.PARTY,
        SubjectKind.NUMBER,
        SubjectKind.RANGE,
        SubjectKind.PAIR,
    }
)
"""The kinds of scope that an Ask says enough for."""

_SOS: Final = re.compile(r"urn:service:sos(\.|\Z)")
"""Emergency services by name (RFC 5031 section 4.2): they are what they are on every list."""


def order_key(order: Order) -> str:
    """Return the key under which tables and edges hold the order: subject kind, colon, value."""
    return f"{order.scope.kind}:{order.scope.value}"


class OrdersTable:
    """Orders by what they touch, and the two lists that stand above every order.

    Precedence: a party's emergency call passes; then a protected source is shielded from orders against sources (an order against
    an account that sends through it still holds); then any order in force refuses; else the request passes.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._orders: dict[str, Order] = {}
        self._by_key: dict[str, list[Order]] = {}
        self._emergency: frozenset[str] = frozenset()
        self._protected: tuple[IPv4Network | IPv6Network, ...] = ()

    def __len__(self) -> int:
        return len(self._orders)

    def protect(self, *, emergency_numbers: Collection[str], sources: Collection[str]) -> list[str]:
        """Replace both lists; return the entries of `sources` that are no address or network, which protect nothing."""
        networks, unreadable = [], []
        for text in sources:
            try:
                networks.append(ip_network(text, strict=False))
            except ValueError:
                unreadable.append(text)
        self._emergency = frozenset(emergency_numbers)
        self._protected = tuple(networks)
        return unreadable

    def apply(self, change: OrderChange) -> bool:
        """Take a change in; tell whether it was new. A generation already passed changes nothing, so replays are harmless."""
        if change.generation <= self.generation:
            return False
        self.generation = change.generation
        orders = {} if change.full else dict(self._orders)
        for order in change.upserts:
            held = orders.get(order.id)
            if held is None or held.generation <= order.generation:
                orders[order.id] = order
        for order_id in change.removals:
            orders.pop(order_id, None)
        self._orders = orders
        self._by_key = {}
        for order in orders.values():
            self._by_key.setdefault(order_key(order), []).append(order)
        return True

    def forget_ended(self, now: Micros) -> int:
        """Drop orders whose end has passed; return how many. Memory follows the orders in force."""
        ended = [order for order in self._orders.values() if order.until is not None and order.until <= now]
        for order in ended:
            del self._orders[order.id]
            rest = [other for other in self._by_key[order_key(order)] if other.id != order.id]
            if rest:
                self._by_key[order_key(order)] = rest
            else:
                del self._by_key[order_key(order)]
        return len(ended)

    def decide(self, ask: Ask, now: Micros, parties: Sequence[str] = ()) -> Verdict:
        """Return whether the request may pass at `now`. `parties` are those that answer for it, from the root party down."""
        if ask.account is not None and self._is_emergency(ask.callee):
            return Verdict(action=VerdictAction.ALLOW)
        shielded = self.protects(ask.source)
        for key in _keys(ask, parties):
            if key not in self._by_key or (shielded and key.startswith(f"{SubjectKind.SOURCE}:")):
                continue
            order = next(iter(self._in_force(key, now)), None)
            if order is not None:
                return refusal(order)
        return Verdict(action=VerdictAction.ALLOW)

    def _is_emergency(self, callee: str | None) -> bool:
        return callee is not None and (callee in self._emergency or _SOS.match(callee) is not None)

    def protects(self, source: str | None) -> bool:
        """Tell whether `source` is on the protected list."""
        if source is None or not self._protected:
            return False
        try:
            address = ip_address(source)
        except ValueError:
            return False
        return any(address in network for network in self._protected)

    def wanted(self, now: Micros, kinds: Collection[SubjectKind]) -> dict[str, tuple[Order, ...]]:
        """Return what an edge that handles scopes of `kinds` must hold at `now`: key to its orders, the longest-lasting first.

        Orders against a protected source are left out: no edge gets them.
        """
        found = {}
        for key, orders in self._by_key.items():
            scope = orders[0].scope
            if scope.kind in kinds and not (scope.kind is SubjectKind.SOURCE and self.protects(scope.value)):
                in_force = self._in_force(key, now)
                if in_force:
                    found[key] = tuple(in_force)
        return found

    def out_of_reach(self, now: Micros, kinds: Collection[SubjectKind]) -> list[tuple[Order, str]]:
        """Return the orders in force that an edge for scopes of `kinds` will not get, each with the reason."""
        found = []
        for order in self._orders.values():
            if _holds(order, now):
                if order.scope.kind not in kinds:
                    found.append((order, f"this edge cannot refuse by {order.scope.kind}"))
                elif order.scope.kind is SubjectKind.SOURCE and self.protects(order.scope.value):
                    found.append((order, "the source is on the protected list"))
        return found

    def next_turn(self, now: Micros) -> Micros | None:
        """Return the next moment after `now` at which an order begins or ends, or `None`."""
        turns = (turn for order in self._orders.values() for turn in (order.start, order.until) if turn is not None and turn > now)
        return min(turns, default=None)

    def _in_force(self, key: str, now: Micros) -> list[Order]:
        orders = [order for order in self._by_key.get(key, ()) if _holds(order, now)]
        orders.sort(key=lambda order: (order.until is None, order.until or 0, order.generation, order.id), reverse=True)
        return orders


def _holds(order: Order, now: Micros) -> bool:
    return order.start <= now and (order.until is None or now < order.until)


def _keys(ask: Ask, parties: Iterable[str]) -> Iterator[str]:
    """Yield every key that an order against this request could have."""
    if ask.source is not None:
        yield f"{SubjectKind.SOURCE}:{ask.source}"
    if ask.trunk is not None:
        yield f"{SubjectKind.TRUNK}:{ask.trunk}"
    if ask.account is not None:
        yield f"{SubjectKind.ACCOUNT}:{ask.account}"
    for party in parties:
        yield f"{SubjectKind.PARTY}:{party}"
    for number in dict.fromkeys((ask.caller, ask.asserted)):
        if number is not None:
            yield f"{SubjectKind.NUMBER}:{number}"
            if number.startswith("+"):
                yield from (f"{SubjectKind.RANGE}:{number[:length]}" for length in range(2, len(number) + 1))
            if ask.callee is not None:
                yield f"{SubjectKind.PAIR}:{number},{ask.callee}"
