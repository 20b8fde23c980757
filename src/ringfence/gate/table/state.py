"""Everything that is ordered at one generation: never changed, so that a table is swapped and not repaired."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ringfence.gate.table.columns import ENDLESS, OrderColumns
from ringfence.gate.table.scopes import order_key
from ringfence.vocabulary.contracts import Order, OrderChange
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

MERGED_AT = 16_384
"""So many changes lie beside the columns before they are merged into new ones."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Orders as they stand: columns, and what changed since those were made. `gone` are rows of the columns that count no more."""

    generation: int = 0
    columns: OrderColumns = field(default_factory=OrderColumns.of)
    gone: frozenset[int] = frozenset()
    recent: dict[str, Order] = field(default_factory=dict)
    by_key: dict[str, tuple[Order, ...]] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    """How long the ranges are that orders name, the longest first. None is missing; one may be left over."""
    first_end: Micros = ENDLESS
    """When the next order ends, or earlier."""

    def __len__(self) -> int:
        return len(self.columns) - len(self.gone) + len(self.recent)

    def after(self, changes: Iterable[OrderChange]) -> "Standing":
        """Return what stands after `changes`. One of a generation already passed changes nothing, so replays are harmless."""
        standing = self
        for change in changes:
            if change.generation > standing.generation:
                standing = standing._after(change)
        return standing

    def without_ended(self, now: Micros) -> "Standing":
        """Return what stands without the orders whose end has passed: memory follows the orders in force."""
        if now < self.first_end:
            return self
        gone = self.gone.union(self.columns.ended(now))
        return self._with(self.generation, gone, {id: order for id, order in self.recent.items() if not _over(order, now)})

    def lost_since(self, before: "Standing") -> set[str]:
        """Return the ids of the orders that stood in `before` and stand no more."""
        if before.columns is self.columns:
            rows = self.gone - before.gone
            ids = {self.columns.order(row).id for row in rows} | (before.recent.keys() - self.recent.keys())
        else:
            ids = {order.id for order in before.of_kinds(tuple(SubjectKind))}
        return {id for id in ids if self._newest(id, self.recent) is None}

    def _after(self, change: OrderChange) -> "Standing":
        before = Standing() if change.full else self
        recent, gone = dict(before.recent), set(before.gone)
        for order in change.upserts:
            held = before._newest(order.id, recent)
            if held is None or held.generation <= order.generation:
                recent[order.id] = order
                row = before.columns.row_of(order.id)
                gone |= {row} if row is not None else set()
        for id in change.removals:
            recent.pop(id, None)
            row = before.columns.row_of(id)
            gone |= {row} if row is not None else set()
        return before._with(change.generation, frozenset(gone), recent)

    def _newest(self, id: str, recent: dict[str, Order]) -> Order | None:
        if id in recent:
            return recent[id]
        row = self.columns.row_of(id)
        return self.columns.order(row) if row is not None and row not in self.gone else None

    def _with(self, generation: int, gone: frozenset[int], recent: dict[str, Order]) -> "Standing":
        columns = self.columns
        if len(recent) + len(gone) - len(self.gone & gone) > MERGED_AT or len(gone) > len(columns) // 2 + MERGED_AT:
            columns, gone, recent = columns.changed(gone, recent.values()), frozenset(), {}
        by_key: dict[str, tuple[Order, ...]] = {}
        for order in recent.values():
            key = order_key(order)
            by_key[key] = (*by_key.get(key, ()), order)
        lengths = {len(order.scope.value) for order in recent.values() if order.scope.kind is SubjectKind.RANGE}
        lengths |= set(self.lengths) if columns is self.columns and len(columns) else columns.range_lengths()
        first_end = min([columns.first_end(gone), *(order.until for order in recent.values() if order.until is not None)])
        return Standing(generation, columns, gone, recent, by_key, tuple(sorted(lengths, reverse=True)), Micros(first_end))

    def at(self, key: str, now: Micros) -> list[Order]:
        """Return the orders in force under `key`, the longest-lasting first."""
        orders = [order for order in self.by_key.get(key, ()) if holds(order, now)]
        columns = self.columns
        if len(columns):
            orders += [columns.order(row) for row in columns.rows(key) if row not in self.gone and columns.hold(row, now)]
        if len(orders) > 1:
            orders.sort(key=lambda order: (order.until is None, order.until or 0, order.generation, order.id), reverse=True)
        return orders

    def of_kinds(self, kinds: Collection[SubjectKind], *, after: int = -1) -> Iterator[Order]:
        """Yield the orders whose scope is of one of `kinds` and whose generation is later than `after`, in force or not."""
        for row in self.columns.rows_of_kinds(kinds, after=after):
            if row not in self.gone:
                yield self.columns.order(row)
        for order in self.recent.values():
            if order.scope.kind in kinds and order.generation > after:
                yield order

    def next_turn(self, now: Micros) -> Micros | None:
        """Return the next moment after `now` at which an order begins or ends, or `None`."""
        turns = [turn for order in self.recent.values() for turn in (order.start, order.until) if turn is not None and turn > now]
        turn = self.columns.next_turn(now, self.gone)
        return min([*turns, turn] if turn is not None else turns, default=None)


def holds(order: Order, now: Micros) -> bool:
    """Tell whether the order has begun and not ended."""
    return order.start <= now and (order.until is None or now < order.until)


def _over(order: Order, now: Micros) -> bool:
    return order.until is not None and order.until <= now
