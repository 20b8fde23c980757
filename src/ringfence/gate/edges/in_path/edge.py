"""The redirect server answers from the table itself: nothing is pushed, but the desk is told that an order works there."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import DECIDABLE, OrdersTable
from ringfence.gate.table.columns import Outline
from ringfence.gate.table.state import Standing
from ringfence.vocabulary.contracts import DEEDS, Receipt, ReceiptState
from ringfence.vocabulary.times import SECOND, Micros

NAME: Final = "redirect"
_AT_ONCE: Final = 50
"""So many receipts are said in a fifth of a millisecond, before questions are answered again."""
_PAUSE_S: Final = 0.005
_MOST_S: Final = 3_600.0


class InPath:
    """Says of each order when it began and when it is gone. Run it once a proxy asks: an order nobody asks about stops nothing.

    Only changes of the table are looked at, so a large table costs nothing while it stands. What there is to say is said some at a
    time, the newest change first: a table of a million that is told of for the first time holds up no answer and no later order.
    """

    name: Final = NAME

    def __init__(self, table: OrdersTable, receipts: ReceiptBook, *, clock: Callable[[], Micros]) -> None:
        self._table = table
        self._receipts = receipts
        self._clock = clock
        self._told = Standing()
        self._later: dict[str, Outline] = {}
        self._untold: list[Iterator[list[Receipt]]] = []
        self._changed = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        """Tell whether there is more to say."""
        return bool(self._untold) or self._table.standing is not self._told

    def notice(self) -> None:
        """Have it look at the table now."""
        self._changed.set()

    async def run(self) -> None:
        """Tell what changed, wait for a change or for an order to begin; for ever."""
        self._untold.append(self._gone_meanwhile())
        while True:
            self._changed.clear()
            await self._look()
            if self._say_some():
                await asyncio.sleep(_PAUSE_S)
                continue
            begin = min((order.start for order in self._later.values()), default=None)
            wait_s = _MOST_S if begin is None else max(begin - self._clock(), 0) / SECOND
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(wait_s, _MOST_S))

    async def _look(self) -> None:
        """See what changed and what has begun; it is told before all else."""
        standing, before = self._table.standing, self._told
        if standing is not before:
            lost = await asyncio.to_thread(standing.lost_since, before)
            self._told = standing
            self._untold.append(self._new(standing, before.generation))
            self._untold.append(self._gone([id for id in sorted(lost) if self._later.pop(id, None) is None]))
        begun = [order for order in self._later.values() if order.start <= self._clock()]
        if begun:
            self._untold.append(iter([self._begun(begun)]))

    def _say_some(self) -> bool:
        """Say what comes next; tell whether there was anything."""
        while self._untold:
            several = next(self._untold[-1], None)
            if several is not None:
                for receipt in several:
                    self._receipts.say(receipt)
                return True
            self._untold.pop()
        return False

    def _gone_meanwhile(self) -> Iterator[list[Receipt]]:
        """Yield what an earlier process said to be in force and what is so no more."""
        return self._gone(self._receipts.standing(NAME))

    def _gone(self, ids: Iterable[str]) -> Iterator[list[Receipt]]:
        """Yield what to say of those of `ids` that stand no more when it comes to that."""
        left = iter(ids)
        while several := list(islice(left, _AT_ONCE)):
            yield [self._receipt(id, ReceiptState.REMOVED) for id in several if not self._table.standing.holds_order(id)]

    def _new(self, standing: Standing, after: int) -> Iterator[list[Receipt]]:
        return (self._begun(several) for several in standing.outlines(after=after, at_once=_AT_ONCE))

    def _begun(self, several: list[Outline]) -> list[Receipt]:
        """Return what to say of orders that stand: nothing yet of those that begin later, nor of those gone since."""
        now, receipts = self._clock(), []
        for order in several:
            self._later.pop(order.id, None)
            if not self._table.standing.holds_order(order.id):
                continue
            if order.start > now:
                self._later[order.id] = order
            elif order.action in DEEDS:
                text = f"this edge cannot {order.action}: it only answers"
                receipts.append(self._receipt(order.id, ReceiptState.REJECTED, text))
            elif order.kind in DECIDABLE:
                receipts.append(self._receipt(order.id, ReceiptState.PLACED))
            else:
                receipts.append(self._receipt(order.id, ReceiptState.REJECTED, f"this edge cannot refuse by {order.kind}"))
        return receipts

    def _receipt(self, id: str, state: ReceiptState, text: str | None = None) -> Receipt:
        return Receipt(order=id, edge=NAME, state=state, time=self._clock(), text=text)
