"""How fast the requests of a throttled scope come: a token bucket for each order."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.times import SECOND, Micros

MAX_KEPT: Final = 65_536
"""Buckets beyond it: the one that nobody asked for longest is forgotten, and is full again."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: Micros


class Throttles:
    """Buckets by order id: what passed counts on over every change of the table."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def full(self, orders: Sequence[Order], now: Micros) -> Order | None:
        """Count a request of all their scopes, or return the first order that lets none more through now: then none counts it."""
        buckets = [(order, self._bucket(order, now)) for order in orders]
        for order, bucket in buckets:
            if bucket.tokens < 1:
                return order
        for _, bucket in buckets:
            bucket.tokens -= 1
        return None

    def wait_s(self, order: Order, now: Micros) -> int:
        """Return in how many seconds, at least one, the order lets a request through again."""
        missing = 1 - self._bucket(order, now).tokens
        return max(1, -int(-missing // (order.action.rate or 1)))

    def _bucket(self, order: Order, now: Micros) -> _Bucket:
        most = float(max(order.action.burst, 1))
        bucket = self._buckets.get(order.id)
        if bucket is None:
            bucket = self._buckets[order.id] = _Bucket(most, now)
            if len(self._buckets) > MAX_KEPT:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(order.id)
            passed = max(now - bucket.filled, 0) / SECOND
            bucket.tokens = min(most, bucket.tokens + passed * (order.action.rate or 0))
            bucket.filled = max(now, bucket.filled)
        return bucket
