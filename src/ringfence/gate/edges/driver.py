"""Keeps one edge at what is ordered: places, removes, reads back, repairs, and tells the desk only what was read back."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import structlog

from ringfence.gate.edges.counted import Counted
from ringfence.gate.edges.deeds import Deeds, abilities
from ringfence.gate.edges.edge import Counts, Edge, EdgeRefused, PlacesMany
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import OrdersTable
from ringfence.gate.table.scopes import BOTH_WAYS
from ringfence.vocabulary.contracts import Order, Receipt, ReceiptState, Reference
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory

FIRST_PAUSE_S: Final = 0.05
ATTEMPTS_BEFORE_COMPLAINT: Final = 3
"""Failures in a row before the desk is told: a proxy that restarts is away for less."""
_MOST_DOUBLINGS: Final = 20
"""Of the first pause: more would be longer than any pause, and after a thousand no number holds it."""

_UNKNOWN: Final = Micros(-1)
_LOG: Final = structlog.get_logger("gate.edge")


def _nobody() -> Directory:
    return Directory(Reference(time=Micros(0)))


@dataclass(frozen=True, slots=True)
class _Held:
    """What the edge is known to hold under a key. `until` is `_UNKNOWN` where another process set it.

    An order that the desk tells anew has a later generation: it is placed again, whatever the edge seems to hold.
    """

    order: str
    until: Micros | None
    generation: int = 0


def _held(order: Order) -> _Held:
    return _Held(order.id, order.until, order.generation)


class EdgeDriver:
    """Drives one edge from the table. `notice` tells it that the table changed; `run` goes on until it is cancelled."""

    def __init__(
        self,
        edge: Edge,
        table: OrdersTable,
        receipts: ReceiptBook,
        *,
        clock: Callable[[], Micros],
        reconcile_s: float,
        directory: Callable[[], Directory] = _nobody,
    ) -> None:
        """`directory`: who answers for whom now; by it live calls and registrations are known to be of an order's scope."""
        self.edge = edge
        self._reach = replace(edge.reach, deeds=abilities(edge))
        self._deeds = Deeds(edge, table, directory=directory)
        self.failures = 0
        self.drifts = 0
        self._table = table
        self._receipts = receipts
        self._clock = clock
        self._reconcile_us = int(reconcile_s * SECOND)
        self._held: dict[str, _Held] | None = None
        self._counted = Counted()
        self._looked = Micros(0)
        self._refused = -1
        """Up to which generation the desk knows what this edge will not get."""
        self._protections = 0
        self._changed = asyncio.Event()
        self._complaint: str | None = None

    @property
    def holds(self) -> int | None:
        """How many entries of ours the edge was last known to hold; `None` while it cannot be reached."""
        return None if self._held is None else len(self._held)

    def notice(self) -> None:
        """Have the driver look at the table now."""
        self._changed.set()

    async def run(self) -> None:
        """Settle, wait for a change, a turn or the next look; for ever. No failure of the edge ends it."""
        while True:
            self._changed.clear()
            try:
                await self.settle()
            except EdgeRefused as error:
                self._failed(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._pause_s())
            if self.failures:
                await asyncio.sleep(FIRST_PAUSE_S)  # a busy table must not turn every change into another attempt

    async def settle(self) -> None:
        """Bring the edge to what is ordered now. Raises `EdgeRefused` where it can't be reached."""
        now = self._clock()
        if self._protections != self._table.protections:
            self._protections, self._refused = self._table.protections, -1
        wanted = self._table.wanted(now, self._reach)
        is_due = self._held is None or now - self._looked >= self._reconcile_us
        drifted = await self._look(wanted, now) if is_due else {}
        assert self._held is not None
        refused = await self._place_together(wanted, now)
        for key, orders in wanted.items():
            if key in refused:
                self._say_rejected(orders, refused[key])
            else:
                await self._place(key, orders)
        for key in [key for key in self._held if key not in wanted]:
            await self._remove(key)
        for order_id, text in drifted.items():
            self.drifts += 1
            self._say(order_id, ReceiptState.DRIFT, text)
        for order, why in self._table.out_of_reach(self._reach, now, after=self._refused):
            self._say(order.id, ReceiptState.REJECTED, why)
        self._refused = self._table.generation
        if is_due:
            await self._tell_refused()
        deeds = await self._carry_out_deeds(now)
        self._tell_removed(deeds.union(order.id for orders in wanted.values() for order in orders))
        self.failures, self._complaint = 0, None

    async def _look(self, wanted: dict[str, tuple[Order, ...]], now: Micros) -> dict[str, str]:
        """Read what the edge holds; return where somebody else changed it, as order id to what it was."""
        actual = await self.edge.placed()
        first, known = self._held is None, self._held or {}
        self._held, self._looked = {}, now
        drifted = {}
        for key, order_id in actual.items():
            before = known.get(key)
            self._held[key] = before if before is not None and before.order == order_id else _Held(order_id, _UNKNOWN)
            if not first and before is None and key not in wanted:
                drifted[order_id] = "the edge held what nobody ordered; taken away"
        for key, before in known.items():
            if key in wanted and actual.get(key) != before.order:
                drifted[before.order] = "the edge had lost it; placed again"
        return drifted

    async def _tell_refused(self) -> None:
        """Tell what the edge itself counted since the last look, where it counts."""
        if isinstance(self.edge, Counts):
            for order_id, count in self._counted.since(await self.edge.refusals()).items():
                self._say(order_id, ReceiptState.REFUSED, "packets, by the edge's own count", count=count)

    async def _place_together(self, wanted: dict[str, tuple[Order, ...]], now: Micros) -> dict[str, str]:
        """Have all that is new placed in one step, where the edge can; return why some were refused, by key."""
        assert self._held is not None
        new = {key: orders[0] for key, orders in wanted.items() if self._held.get(key) != _held(orders[0])}
        if not new or not isinstance(self.edge, PlacesMany):
            return {}
        refused = await self.edge.place_all(tuple(new.values()), now)
        self._held.update({key: _held(order) for key, order in new.items() if key not in refused})
        return refused

    async def _place(self, key: str, orders: tuple[Order, ...]) -> None:
        """Have the first order of the key placed, as `wanted` has them. The others are covered by it, as long as it lasts."""
        assert self._held is not None
        order = orders[0]
        if self._held.get(key) != _held(order):
            try:
                await self.edge.place(order, self._clock())
            except EdgeRefused as error:
                if not error.reached:
                    raise
                self._say_rejected(orders, str(error))
                return
            self._held[key] = _held(order)
        for each in orders:
            self._say(each.id, ReceiptState.PLACED, None if each is order else _covered(each, order))

    async def _remove(self, key: str) -> None:
        assert self._held is not None
        try:
            await self.edge.remove(self._held[key].order, key)
        except EdgeRefused as error:
            if not error.reached:
                raise
            self._say(self._held[key].order, ReceiptState.REJECTED, str(error))
            return
        del self._held[key]

    async def _carry_out_deeds(self, now: Micros) -> set[str]:
        """Do what is done once and was not done yet, as receipts tell; return the ids of all such orders in force."""
        deeds = [order for order in self._table.deeds(now) if order.action.kind in self._reach.deeds]
        done = self._receipts.standing(self.edge.name)
        for order in deeds:
            if order.id in done:
                continue
            try:
                did = await self._deeds.carry_out(order, now)
            except EdgeRefused as error:
                if not error.reached:
                    raise
                self._say(order.id, ReceiptState.REJECTED, str(error))
                continue
            self._say(order.id, ReceiptState.PLACED, did.says)
            if did.count:
                self._say(order.id, ReceiptState.REFUSED, did.says, count=did.count)
        return {order.id for order in deeds}

    def _tell_removed(self, wanted: set[str]) -> None:
        """Say of each order that was placed and is no longer wanted that it's gone, if the edge was seen without it."""
        assert self._held is not None
        held = {entry.order for entry in self._held.values()}
        for order_id in [each for each in self._receipts.standing(self.edge.name) if each not in wanted and each not in held]:
            self._say(order_id, ReceiptState.REMOVED)

    def _failed(self, error: EdgeRefused) -> None:
        """Note that the edge is away: nothing is known of it any more. Tell the desk when that lasts."""
        self.failures += 1
        self._looked = Micros(0)
        if self.failures == ATTEMPTS_BEFORE_COMPLAINT or error.permanent:
            if self._complaint != str(error):  # said once, not every few seconds for as long as the edge is away
                _LOG.warning("edge does not answer as it should", edge=self.edge.name, cause=str(error), failures=self.failures)
            self._complaint = str(error)
            standing = self._receipts.standing(self.edge.name)
            for orders in self._table.wanted(self._clock(), self.edge.reach).values():
                self._say_rejected(tuple(order for order in orders if order.id not in standing), str(error))

    def _pause_s(self) -> float:
        """Return how long to wait for a change: until the next look, or the next beginning or end of an order."""
        if self.failures:
            return min(FIRST_PAUSE_S * 2.0 ** min(self.failures, _MOST_DOUBLINGS), self._reconcile_us / SECOND)
        now = self._clock()
        turn = self._table.next_turn(now)
        due = self._looked + self._reconcile_us
        return max(0.001, (min(due, turn) if turn is not None else due) - now) / SECOND

    def _say_rejected(self, orders: tuple[Order, ...], text: str) -> None:
        for order in orders:
            self._say(order.id, ReceiptState.REJECTED, text)

    def _say(self, order_id: str, state: ReceiptState, text: str | None = None, *, count: int = 1) -> None:
        time = self._clock()
        self._receipts.say(Receipt(order=order_id, edge=self.edge.name, state=state, time=time, text=text, count=count))


def _covered(order: Order, by: Order) -> str:
    more = by.action.kind in BOTH_WAYS and order.action.kind not in BOTH_WAYS
    return f"covered by {by.id}, which {'refuses more' if more else 'lasts longer'}"
