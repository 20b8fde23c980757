"""Orders in columns: a million in about a hundred megabytes, found by key or by id without a walk. They never change."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ringfence.vocabulary.contracts import Action, ActionKind, Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

ENDLESS: Final = Micros((1 << 63) - 1)
_KINDS: Final = tuple(SubjectKind)
KIND_CODES: Final = {kind: code for code, kind in enumerate(_KINDS)}
"""The number of each kind of scope in the column `kinds`."""
_ID_OCTETS: Final = 16
_NO_ID: Final = bytes(_ID_OCTETS)
_MASK: Final = (1 << 64) - 1
_NOWHERE: Final = Micros(0)


class Outline(NamedTuple):
    """What there is to say of an order before it is looked up: its id, when it begins, its scope's kind, and what it does."""

    id: str
    start: Micros
    kind: SubjectKind
    action: ActionKind


class OrderColumns:
    """Immutable. Rows are found through two tables of slots, open addressing over 64-bit hashes that are this process's own.

    What many orders share (policy, clause, action …) is kept once, as an order without what is its own. Ids are 32 hexadecimal
    digits as a rule and then take 16 octets; a row with another id is kept whole.
    """

    def __init__(self, columns: "_Columns", shared: Sequence[Order], whole: dict[int, Order], texts: bytes) -> None:
        self._columns: Final = columns
        self._shared: Final = shared
        self._whole: Final = whole
        self._texts: Final = texts
        self._by_key: Final = memoryview(_slots(columns["keys"]).data)
        self._by_id: Final = memoryview(_slots(columns["ids"]).data)
        self._last_slot: Final = len(self._by_key) - 1
        self._keys: Final = memoryview(columns["keys"].data)
        self._ids: Final = memoryview(columns["ids"].data)
        self._newest: Final = int(columns["generations"].max(initial=-1))

    @classmethod
    def of(cls, orders: Iterable[Order] = ()) -> "OrderColumns":
        """Return columns of these orders."""
        rows = _Rows()
        for order in orders:
            rows.add(order)
        return cls(rows.columns(), rows.shared, rows.whole, b"".join(rows.texts))

    def __len__(self) -> int:
        return int(self._columns["keys"].size)

    def __iter__(self) -> Iterator[Order]:
        return (self.order(row) for row in range(len(self)))

    @property
    def octets(self) -> int:
        """How much memory the columns take."""
        tables = self._by_key.nbytes + self._by_id.nbytes + len(self._texts)
        return tables + sum(column.nbytes for column in self._columns.values())

    def kinds(self) -> set[SubjectKind]:
        """Return of which kinds the scopes are, gone ones with the others."""
        return {_KINDS[code] for code in np.unique(self._columns["kinds"])}

    def values(self) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the scopes' values: octets, where each begins in them, how long it is, and the number of its kind."""
        places, lengths, kinds = (self._columns[name].astype(np.int64) for name in ("offsets", "widths", "kinds"))
        return np.frombuffer(self._texts, np.uint8), places, lengths, kinds

    def rows(self, key: str) -> list[int]:
        """Return the rows of the orders under `key`, as `order_key` writes it."""
        wanted = hash(key) & _MASK
        if not self._by_key[wanted & self._last_slot]:  # as for half of the keys that no order has
            return []
        rows = self._probe(self._by_key, self._keys, wanted)
        return [row for row in rows if self._key(row) == key] if rows else rows

    def row_of(self, id: str) -> int | None:
        """Return the row of the order with this id, or `None`."""
        rows = self._probe(self._by_id, self._ids, hash(id) & _MASK)
        return next((row for row in rows if self._id(row) == id), None)

    def order(self, row: int) -> Order:
        """Return the order in `row`."""
        if row in self._whole:
            return self._whole[row]
        columns, shared = self._columns, self._shared[int(self._columns["shared"][row])]
        id, end = self._id(row), int(columns["ends"][row])
        end_or_none = None if end == ENDLESS else Micros(end)
        return replace(
            shared,
            id=id,
            decision=shared.decision or id,
            generation=int(columns["generations"][row]),
            scope=replace(shared.scope, value=self._value(row)),
            start=Micros(int(columns["starts"][row])),
            until=end_or_none if shared.until is not None else None,
            review=end_or_none if shared.review is not None else None,
            redress=self._redress(row),
        )

    def hold(self, row: int, now: Micros) -> bool:
        """Tell whether the order in `row` has begun and not ended."""
        columns = self._columns
        return bool(columns["starts"][row] <= now) and (not columns["lifted"][row] or bool(now < columns["ends"][row]))

    def rows_after(self, generation: int) -> NDArray[np.int64]:
        """Return the rows whose generation is later."""
        if self._newest <= generation:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self._columns["generations"] > generation)

    def outlines(self, rows: NDArray[np.int64]) -> list[Outline]:
        """Return the outlines of the orders in these rows."""
        names, width = self._columns["names"][rows].tobytes().hex(), 2 * _ID_OCTETS
        starts, kinds = self._columns["starts"][rows].tolist(), self._columns["kinds"][rows].tolist()
        shared = self._columns["shared"][rows].tolist()
        ids = [
            self._whole[row].id if row in self._whole else names[width * at : width * (at + 1)]
            for at, row in enumerate(rows.tolist())
        ]
        return [
            Outline(id, start, _KINDS[kind], self._shared[place].action.kind)
            for id, start, kind, place in zip(ids, starts, kinds, shared, strict=True)
        ]

    def lacking(self, other: "OrderColumns") -> NDArray[np.int64]:
        """Return the rows whose ids `other` has in none of its own, as far as 64 bits of each tell."""
        return np.flatnonzero(~np.isin(self._columns["ids"], other._columns["ids"]))

    def rows_of_kinds(self, kinds: Collection[SubjectKind], *, after: int = -1) -> list[int]:
        """Return the rows whose scope is of one of `kinds` and whose generation is later than `after`."""
        rows = self.rows_after(after)
        codes = [KIND_CODES[kind] for kind in kinds]
        wanted = np.zeros(len(_KINDS), np.bool_)
        wanted[codes] = True
        found: list[int] = rows[wanted[self._columns["kinds"][rows]]].tolist()
        return found

    def rows_where(self, acts: Callable[[Action], bool], *, after: int = -1) -> list[int]:
        """Return the rows whose action is one of those wanted and whose generation is later than `after`."""
        places = [place for place, shared in enumerate(self._shared) if acts(shared.action)]
        if not places:
            return []
        rows = self.rows_after(after)
        found: list[int] = rows[np.isin(self._columns["shared"][rows], places)].tolist()
        return found

    def next_turn(self, now: Micros, gone: Collection[int]) -> Micros | None:
        """Return the next moment after `now` at which an order begins or ends that is not in rows `gone`, or `None`."""
        columns, there = self._columns, np.ones(len(self), np.bool_)
        there[list(gone)] = False
        starts, ends = columns["starts"][there], columns["ends"][there & columns["lifted"]]
        later = [Micros(int(turns[turns > now].min(initial=ENDLESS))) for turns in (starts, ends)]
        return min((turn for turn in later if turn != ENDLESS), default=None)

    def ended(self, now: Micros) -> list[int]:
        """Return the rows whose end has passed."""
        return np.flatnonzero(self._columns["lifted"] & (self._columns["ends"] <= now)).tolist()

    def first_end(self, gone: Collection[int]) -> Micros:
        """Return when the next order ends among those not in rows `gone`, `ENDLESS` where none does."""
        ending = self._columns["lifted"].astype(np.bool_)
        ending[list(gone)] = False
        return Micros(int(self._columns["ends"][ending].min(initial=ENDLESS)))

    def range_lengths(self) -> set[int]:
        """Return how long the ranges are that orders name."""
        return {len(self._value(row)) for row in self.rows_of_kinds((SubjectKind.RANGE,))}

    def changed(self, gone: Collection[int], added: Iterable[Order]) -> "OrderColumns":
        """Return the columns without the rows that are `gone`, and with the orders `added`."""
        kept = np.ones(len(self), np.bool_)
        kept[list(gone)] = False
        rows = _Rows(self._shared)
        for order in added:
            rows.add(order)
        new, places = rows.columns(), np.flatnonzero(kept)
        lengths = self._columns["lengths"][kept]
        columns = {name: np.concatenate([column[kept], new[name]]) for name, column in self._columns.items()}
        columns["offsets"] = _offsets(columns["lengths"])
        moved = {row: at for at, row in enumerate(places.tolist())} if self._whole else {}
        whole = {moved[row]: order for row, order in self._whole.items() if row in moved}
        whole |= {places.size + row: order for row, order in rows.whole.items()}
        texts = _picked(self._texts, self._columns["offsets"][kept], lengths) + b"".join(rows.texts)
        return OrderColumns(columns, rows.shared, whole, texts)

    @staticmethod
    def _probe(slots: memoryview, hashes: memoryview, wanted: int) -> list[int]:
        mask = len(slots) - 1
        place, rows = wanted & mask, []
        while (taken := slots[place]) != 0:
            if hashes[taken - 1] == wanted:
                rows.append(taken - 1)
            place = (place + 1) & mask
        return rows

    def _key(self, row: int) -> str:
        return f"{_KINDS[self._columns['kinds'][row]]}:{self._value(row)}"

    def _value(self, row: int) -> str:
        begin = int(self._columns["offsets"][row])
        return self._texts[begin : begin + int(self._columns["widths"][row])].decode()

    def _redress(self, row: int) -> str | None:
        columns = self._columns
        begin = int(columns["offsets"][row])
        text = self._texts[begin + int(columns["widths"][row]) : begin + int(columns["lengths"][row])]
        return text.decode() or None

    def _id(self, row: int) -> str:
        return self._whole[row].id if row in self._whole else self._columns["names"][row].tobytes().hex()


_Columns = dict[str, NDArray[Any]]


class _Rows:
    """Orders on their way into columns."""

    def __init__(self, shared: Iterable[Order] = ()) -> None:
        self.shared = list(shared)
        self.whole: dict[int, Order] = {}
        self.texts: list[bytes] = []
        self._known = {order: place for place, order in enumerate(self.shared)}
        self._numbers: list[tuple[int, ...]] = []
        self._names: list[bytes] = []

    def add(self, order: Order) -> None:
        """Add one more row."""
        name = _name(order.id)
        if name is None:
            self.whole[len(self.texts)] = order
        end = order.until if order.until is not None else order.review
        value, redress = order.scope.value.encode(), (order.redress or "").encode()
        self.texts.append(value + redress)
        self._names.append(name or _NO_ID)
        self._numbers.append(
            (
                hash(f"{order.scope.kind}:{order.scope.value}") & _MASK,
                hash(order.id) & _MASK,
                order.generation,
                order.start,
                end if end is not None else ENDLESS,
                order.until is not None,
                KIND_CODES[order.scope.kind],
                self._place(order),
                len(value),
                len(value) + len(redress),
            )
        )

    def _place(self, order: Order) -> int:
        """Return where what it shares with others is kept."""
        common = replace(
            order,
            id="",
            decision="" if order.decision == order.id else order.decision,
            generation=0,
            scope=replace(order.scope, value=""),
            start=_NOWHERE,
            until=None if order.until is None else _NOWHERE,
            review=None if order.review is None else _NOWHERE,
            redress=None,
        )
        place = self._known.setdefault(common, len(self.shared))
        if place == len(self.shared):
            self.shared.append(common)
        return place

    def columns(self) -> _Columns:
        """Return a column for each thing that is kept of a row."""
        names = ("keys", "ids", "generations", "starts", "ends", "lifted", "kinds", "shared", "widths", "lengths")
        kinds = (np.uint64, np.uint64, np.int64, np.int64, np.int64, np.bool_, np.uint8, np.uint32, np.uint16, np.uint16)
        by_column = zip(*self._numbers, strict=True) if self._numbers else ([] for _ in names)
        columns: _Columns = {name: np.array(told, kind) for name, kind, told in zip(names, kinds, by_column, strict=True)}
        columns["offsets"] = _offsets(columns["lengths"])
        columns["names"] = np.frombuffer(b"".join(self._names), np.uint8).reshape(-1, _ID_OCTETS)
        return columns


def _name(id: str) -> bytes | None:
    """Return an id of 32 hexadecimal digits as its octets, `None` for any other."""
    if len(id) != 2 * _ID_OCTETS:
        return None
    try:
        name = bytes.fromhex(id)
    except ValueError:
        return None
    return name if name.hex() == id else None


def _offsets(lengths: NDArray[Any]) -> NDArray[np.uint64]:
    offsets = np.zeros(lengths.size, np.uint64)
    np.cumsum(lengths[:-1], out=offsets[1:], dtype=np.uint64)
    return offsets


def _picked(octets: bytes, offsets: NDArray[Any], lengths: NDArray[Any]) -> bytes:
    """Return the texts at these places, one after the other."""
    if not lengths.size:
        return b""
    begins = np.repeat(offsets.astype(np.int64) - _offsets(lengths).astype(np.int64), lengths)
    return bytes(np.frombuffer(octets, np.uint8)[begins + np.arange(begins.size)].tobytes())


def _slots(hashes: NDArray[Any]) -> NDArray[np.int32]:
    """Return slots that hold row + 1, 0 where empty: at most half full, a row in the first free one from its hash on."""
    size = 1 << max(3, int(2 * hashes.size).bit_length())
    slots = np.zeros(size, np.int32)
    places = (hashes & np.uint64(size - 1)).astype(np.int64)
    waiting = np.arange(hashes.size)
    while waiting.size:
        at = places[waiting]
        free = slots[at] == 0
        slots[at[free]] = waiting[free] + 1  # of several rows for one slot the last takes it
        waiting = waiting[slots[at] != waiting + 1]
        places[waiting] = (places[waiting] + 1) & (size - 1)
    return slots
