"""Everything that is ordered at one generation: never changed, so that a table is swapped and not repaired."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from ringfence.gate.table.columns import ENDLESS, OrderColumns, Outline
from ringfence.gate.table.scopes import order_key
from ringfence.vocabulary.contracts import Action, Order, OrderChange
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

MERGED_AT = 16_384
"""So many changes lie beside the columns before they are merged into new ones."""
_SHARE_BESIDE = 16
"""Of a large table an even share may lie beside while changes are taken in, or a load would merge it too often."""
_OF_ONE_BESIDE = 1_200
"""About how many octets an order takes that is not in the columns, with its places in two dictionaries."""


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
        draft = _Draft(self)
        for change in changes:
            if change.generation > draft.generation:
                draft.take(change)
        return self if draft.generation == self.generation else draft.standing()

    def without_ended(self, now: Micros) -> "Standing":
        """Return what stands without the orders whose end has passed: memory follows the orders in force."""
        if now < self.first_end:
            return self
        draft = _Draft(self)
        draft.gone.update(self.columns.ended(now))
        for order in [order for order in self.recent.values() if _over(order, now)]:
            draft.drop(order)
        return draft.standing()

    def lost_since(self, before: "Standing") -> set[str]:
        """Return the ids of the orders that stood in `before` and stand no more."""
        if before.columns is self.columns:
            rows = np.array(sorted(self.gone - before.gone), np.int64)
        else:  # a million are compared in a third of a second: not for the loop that answers
            lacking = before.columns.lacking(self.columns)
            rows = lacking[~np.isin(lacking, np.array(sorted(before.gone), np.int64))]
            gone_here = [outline.id for outline in self.columns.outlines(np.array(sorted(self.gone), np.int64))]
            return self._without_those_held(
                {outline.id for outline in before.columns.outlines(rows)} | before.recent.keys() | set(gone_here), before
            )
        return self._without_those_held({outline.id for outline in self.columns.outlines(rows)} | before.recent.keys(), before)

    def _without_those_held(self, ids: Iterable[str], before: "Standing") -> set[str]:
        return {id for id in ids if not self.holds_order(id) and before.holds_order(id)}

    @property
    def octets(self) -> int:
        """About how much memory what stands takes."""
        return self.columns.octets + len(self.recent) * _OF_ONE_BESIDE

    def outlines(self, *, after: int, at_once: int) -> Iterator[list[Outline]]:
        """Yield the outlines of the orders whose generation is later than `after`, in force or not; at most so many at once."""
        rows = self.columns.rows_after(after)
        for begin in range(0, rows.size, at_once):
            several = rows[begin : begin + at_once]
            if self.gone:
                several = np.array([row for row in several.tolist() if row not in self.gone], np.int64)
            yield self.columns.outlines(several)
        recent = (
            Outline(order.id, order.start, order.scope.kind, order.action.kind)
            for order in self.recent.values()
            if order.generation > after
        )
        while several_recent := list(islice(recent, at_once)):
            yield several_recent

    def holds_order(self, id: str) -> bool:
        """Tell whether the order with this id stands, in force or not."""
        row = self.columns.row_of(id) if id not in self.recent else None
        return id in self.recent or (row is not None and row not in self.gone)

    def names(self, key: str) -> bool:
        """Tell whether an order stands under `key`, in force or not."""
        return key in self.by_key or any(row not in self.gone for row in self.columns.rows(key))

    def at(self, key: str, now: Micros) -> list[Order]:
        """Return the orders in force under `key`, the longest-lasting first."""
        recent, columns = self.by_key.get(key), self.columns
        rows = columns.rows(key)
        if recent is None and not rows:  # as for nearly every key
            return []
        orders = [order for order in recent or () if holds(order, now)]
        orders += [columns.order(row) for row in rows if row not in self.gone and columns.hold(row, now)]
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

    def where(self, acts: Callable[[Action], bool]) -> Iterator[Order]:
        """Yield the orders whose action is one of those wanted, in force or not, without a walk over the others."""
        for row in self.columns.rows_where(acts):
            if row not in self.gone:
                yield self.columns.order(row)
        for order in self.recent.values():
            if acts(order.action):
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


class _Draft:
    """What will stand, while changes are taken in. Only what they touch is copied; large parts are merged into new columns."""

    def __init__(self, before: Standing) -> None:
        self.generation = before.generation
        self.gone = set(before.gone)
        self._before = before
        self._columns = before.columns
        self._recent = dict(before.recent)
        self._by_key = dict(before.by_key)

    def take(self, change: OrderChange) -> None:
        """Take a change in."""
        self.generation = change.generation
        if change.full:
            self._columns, self._recent, self._by_key, self.gone = OrderColumns.of(), {}, {}, set()
        for order in change.upserts:
            self._put(order)
        for id in change.removals:
            self._forget(id)
        if len(self._recent) > max(MERGED_AT, len(self._columns) // _SHARE_BESIDE):
            self._merge()

    def _put(self, order: Order) -> None:
        row = self._columns.row_of(order.id)
        held = self._recent.get(order.id)
        if held is None and row is not None and row not in self.gone:
            held = self._columns.order(row)
        if held is not None and held.generation > order.generation:
            return
        self._forget(order.id)
        self._recent[order.id] = order
        key = order_key(order)
        self._by_key[key] = (*self._by_key.get(key, ()), order)

    def _forget(self, id: str) -> None:
        held = self._recent.get(id)
        if held is not None:
            self.drop(held)
        row = self._columns.row_of(id)
        if row is not None:
            self.gone.add(row)

    def drop(self, order: Order) -> None:
        """Take out one of those beside the columns."""
        del self._recent[order.id]
        key = order_key(order)
        rest = tuple(other for other in self._by_key[key] if other.id != order.id)
        if rest:
            self._by_key[key] = rest
        else:
            del self._by_key[key]

    def _merge(self) -> None:
        self._columns = self._columns.changed(self.gone, self._recent.values())
        self._recent, self._by_key, self.gone = {}, {}, set()

    def standing(self) -> Standing:
        """Return what stands now."""
        if len(self._recent) > MERGED_AT or len(self.gone) > MERGED_AT + len(self._columns) // 2:
            self._merge()
        columns, recent = self._columns, self._recent
        lengths = {len(order.scope.value) for order in recent.values() if order.scope.kind is SubjectKind.RANGE}
        lengths |= set(self._before.lengths) if columns is self._before.columns else columns.range_lengths()
        ends = [order.until for order in recent.values() if order.until is not None]
        return Standing(
            generation=self.generation,
            columns=columns,
            gone=frozenset(self.gone),
            recent=recent,
            by_key=self._by_key,
            lengths=tuple(sorted(lengths, reverse=True)),
            first_end=min([columns.first_end(self.gone), *ends]),
        )
