"""The redirect server answers from the table itself: nothing is pushed, but the desk is told that an order works there."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from typing import Final

from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import DECIDABLE, OrdersTable
from ringfence.gate.table.state import Standing
from ringfence.vocabulary.contracts import Order, Receipt, ReceiptState
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

NAME: Final = "redirect"
_AT_ONCE: Final = 50
"""So many receipts are said before questions are answered again."""
_MOST_S: Final = 3_600.0


class InPath:
    """Says of each order when it began and when it is gone. Run it once a proxy asks: an order nobody asks about stops nothing.

    Only changes of the table are looked at, so a large table costs nothing while it stands.
    """

    name: Final = NAME

    def __init__(self, table: OrdersTable, receipts: ReceiptBook, *, clock: Callable[[], Micros]) -> None:
        self._table = table
        self._receipts = receipts
        self._clock = clock
        self._told = Standing()
        self._later: dict[str, Order] = {}
        self._changed = asyncio.Event()

    def notice(self) -> None:
        """Have it look at the table now."""
        self._changed.set()

    async def run(self) -> None:
        """Tell what changed, wait for a change or for an order to begin; for ever."""
        await self._tell_gone_meanwhile()
        while True:
            self._changed.clear()
            await self._tell()
            begin = min((order.start for order in self._later.values()), default=None)
            wait_s = _MOST_S if begin is None else max(begin - self._clock(), 0) / SECOND
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(wait_s, _MOST_S))

    async def _tell_gone_meanwhile(self) -> None:
        """Say what an earlier process said to be in force and what is so no more."""
        said_before = self._receipts.standing(NAME)
        for said, id in enumerate(sorted(each for each in said_before if not self._table.standing.holds_order(each))):
            await self._say(said, id, ReceiptState.REMOVED)

    async def _tell(self) -> None:
        standing, before = self._table.standing, self._told
        self._told = standing
        for said, id in enumerate(standing.lost_since(before)):
            if self._later.pop(id, None) is None:
                await self._say(said, id, ReceiptState.REMOVED)
        begun = [order for order in self._later.values() if order.start <= self._clock()]
        for said, order in enumerate(chain(begun, standing.of_kinds(tuple(SubjectKind), after=before.generation))):
            self._later.pop(order.id, None)
            if order.start > self._clock():
                self._later[order.id] = order
            elif order.scope.kind in DECIDABLE:
                await self._say(said, order.id, ReceiptState.PLACED)
            else:
                await self._say(said, order.id, ReceiptState.REJECTED, f"this edge cannot refuse by {order.scope.kind}")

    async def _say(self, said: int, id: str, state: ReceiptState, text: str | None = None) -> None:
        self._receipts.say(Receipt(order=id, edge=NAME, state=state, time=self._clock(), text=text))
        if said % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
