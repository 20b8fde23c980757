"""The redirect server answers from the table itself: nothing is pushed, but the desk is told that an order works there."""

from collections.abc import Callable
from typing import Final

from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import DECIDABLE, OrdersTable, order_key
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.times import Micros

NAME: Final = "redirect"


class InPathEdge:
    """The table, as an edge. Drive it only once a proxy asks: an order that nobody asks about stops nothing."""

    name: Final = NAME
    kinds: Final = DECIDABLE

    def __init__(self, table: OrdersTable, clock: Callable[[], Micros]) -> None:
        self._table = table
        self._clock = clock

    async def place(self, order: Order, now: Micros) -> None:
        """Look the order up."""
        if order_key(order) not in self._table.wanted(now, self.kinds):
            raise EdgeRefused(f"{self.name}: the order has ended", permanent=True, reached=True)

    async def remove(self, order_id: str, key: str) -> None:
        """Look that it's gone: who lifted it lifted it here too."""
        if (await self.placed()).get(key) == order_id:
            raise EdgeRefused(f"{self.name}: the order is still in force", permanent=False, reached=True)

    async def placed(self) -> dict[str, str]:
        """Return what the table holds now."""
        return {key: orders[0].id for key, orders in self._table.wanted(self._clock(), self.kinds).items()}

    async def close(self) -> None:
        """Do nothing: there is no connection."""
