"""Events in columns, put in the order of their times with memory that does not grow with their number."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import sorting

RUN_OCTETS: Final = 1 << 24
"""Of rows that are held and sorted together. Beyond that the earliest go to a temporary file, which nobody else can open."""
HELD_OCTETS: Final = 1 << 21
"""Of rows that are held while runs are merged: they stay in the processor's cache."""
_FEWEST: Final = 256
_WRITTEN_QUARTERS: Final = 3
"""Of what is held: what stays lets rows come later than others, and still stand in the same run."""
_NARROW: Final = (np.uint8, np.uint16, np.uint32)

Rows = Mapping[str, NDArray[Any]]
"""Columns of the same length by name, `time` and `sequence` (int64) among them."""
Key = tuple[int, int, int]
"""Time, sequence, and the number of the run."""


class Order:
    """Puts rows in order, in room of its own."""

    def __init__(self) -> None:
        self._keys: NDArray[np.uint64] = np.empty((2, 0), np.uint64)
        self._orders: NDArray[np.int64] = np.empty((2, 0), np.int64)
        self._counts = np.empty(sorting.DIGITS, np.int64)

    def of(self, times: NDArray[np.int64], sequences: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return the positions of the rows by (time, sequence), those of which both are the same as they stand.

        `None` where they stand so already. The array is written anew the next time.
        """
        if sorting.are_in_order(times, sequences):
            return None
        if self._keys.shape[1] < times.size:
            self._keys, self._orders = np.empty((2, times.size), np.uint64), np.empty((2, times.size), np.int64)
        order = self._orders[sorting.order_by_time(times, self._keys, self._orders, self._counts)][: times.size]
        # Rows of one file stand in the order of their sequences already.
        return order if sorting.are_in_order_at(times, sequences, order) else np.lexsort((sequences, times))


class ColumnRows:
    """Rows that stand in columns, each in one piece, and are asked as an array of a structured `dtype` is."""

    def __init__(self, columns: Rows, dtype: np.dtype[np.void]) -> None:
        self.dtype: Final = dtype
        self._columns = columns

    def __len__(self) -> int:
        """Return how many there are."""
        return self._columns["time"].size

    def __getitem__(self, asked: Any) -> Any:  # noqa: ANN401 - a column for a name, a row for a place, rows for a slice
        """Return a column, a row or several."""
        if isinstance(asked, str):
            return self._columns[asked]
        part = {name: column[asked] for name, column in self._columns.items()}
        return ColumnRows(part, self.dtype) if isinstance(asked, slice) else part


class Runs:
    """Rows of a structured `dtype`, as they come."""

    def __init__(self, dtype: np.dtype[np.void], *, run_octets: int = RUN_OCTETS, held_octets: int = HELD_OCTETS) -> None:
        self._most = max(2, run_octets // dtype.itemsize)
        self._dtype = dtype
        self._most_merged = held_octets // dtype.itemsize
        self._held = {name: np.empty(self._most, dtype[name]) for name in dtype.names or ()}
        self._count = 0
        self._order = Order()
        self._stack = ExitStack()
        self._file: BinaryIO | None = None
        self._runs: list[_Run] = []

    def add(self, rows: NDArray[np.void]) -> None:
        """Take in rows. Raises `OSError` where temporary files can't be written."""
        taken, size = 0, len(rows)
        while taken < size:
            part = min(size - taken, self._most - self._count)
            for name, column in self._held.items():
                column[self._count : self._count + part] = rows[name][taken : taken + part]
            taken += part
            self._count += part
            if self._count == self._most:
                self._write(max(1, self._most * _WRITTEN_QUARTERS // 4))

    def merged(self) -> Iterator[NDArray[np.void]]:
        """Yield all rows by (time, sequence), those of which both are the same in the order in which they came. Once."""
        for rows in self._in_order():
            yield cast(NDArray[np.void], ColumnRows(rows, self._dtype))  # it is asked as one is

    def _in_order(self) -> Iterator[Rows]:
        held = {name: column[: self._count] for name, column in self._held.items()}
        if self._file is None:
            if self._count:
                order = self._order.of(held["time"], held["sequence"])
                yield held if order is None else _at(held, order)
            return
        with self._stack:
            if self._count:
                self._write(self._count)
            self._held.clear()
            yield from _merged(self._runs, self._most_merged, self._order)

    def _write(self, count: int) -> None:
        """Write the `count` earliest of the held rows, to the last run where none is earlier than what it ends with."""
        held = {name: column[: self._count] for name, column in self._held.items()}
        order = self._order.of(held["time"], held["sequence"])
        if self._file is None:
            file = tempfile.TemporaryFile(prefix="ringfence-", buffering=0)  # noqa: SIM115 - `merged` closes it
            self._file = self._stack.enter_context(file)
        first = 0 if order is None else int(order[0])
        if not self._runs or (int(held["time"][first]), int(held["sequence"][first])) < self._runs[-1].end:
            self._runs.append(_Run(len(self._runs), self._file))
        self._runs[-1].add({name: column[:count] for name, column in held.items()} if order is None else _at(held, order[:count]))
        left = self._count - count
        for column in held.values():
            column[:left] = column[count:] if order is None else column[order[count:]]
        self._count = left


class _Packed(NamedTuple):
    """A column in a file from `begin` on: numbers of `dtype` less than the column's own by `base`; `None`: all are `base`."""

    begin: int
    base: Any
    dtype: np.dtype[Any] | None
    own: np.dtype[Any]


class _Chunk(NamedTuple):
    rows: int
    columns: dict[str, _Packed]


class _Run:
    """Sorted rows in a file. `held` are the next ones, `left` is how many more the file has."""

    def __init__(self, number: int, file: BinaryIO) -> None:
        self.number: Final = number
        self.first: Key = (0, 0, number)
        self.end = (0, 0)
        """Time and sequence of the last row."""
        self.held: Rows = {}
        self.left = 0
        self._file = file
        self._chunks: list[_Chunk] = []
        self._chunk = self._row = 0

    def add(self, rows: Rows) -> None:
        """Write rows behind the others."""
        times, sequences = rows["time"], rows["sequence"]
        if not self._chunks:
            self.first = (int(times[0]), int(sequences[0]), self.number)
        self.end = (int(times[-1]), int(sequences[-1]))
        self._chunks.append(_Chunk(times.size, {name: self._packed(column) for name, column in rows.items()}))
        self.left += times.size

    def load(self, most: int) -> None:
        """Hold the next rows."""
        chunk = self._chunks[self._chunk]
        count = min(most, chunk.rows - self._row)
        self.held = {name: self._unpacked(packed, count) for name, packed in chunk.columns.items()}
        self._row += count
        self.left -= count
        if self._row == chunk.rows:
            self._chunk, self._row = self._chunk + 1, 0

    @property
    def last(self) -> Key:
        """The key of the last row that is held."""
        return int(self.held["time"][-1]), int(self.held["sequence"][-1]), self.number

    @property
    def is_empty(self) -> bool:
        """Tell whether no row is held."""
        return not len(self.held["time"])

    def take(self, bound: Key | None) -> Rows:
        """Return the rows that are held up to `bound`, and hold them no more."""
        count = len(self.held["time"]) if bound is None else self._count(bound)
        taken = {name: column[:count] for name, column in self.held.items()}
        self.held = {name: column[count:] for name, column in self.held.items()}
        return taken

    def _count(self, bound: Key) -> int:
        time, sequence, number = bound
        times = self.held["time"]
        begin, end = np.searchsorted(times, time, "left"), np.searchsorted(times, time, "right")
        sequences = self.held["sequence"][begin:end]
        same = np.searchsorted(sequences, sequence, "right") if self.number <= number else np.searchsorted(sequences, sequence)
        return int(begin + same)

    def _packed(self, column: NDArray[Any]) -> _Packed:
        """Write a column in as few octets as its numbers need."""
        low, high = column.min(), column.max()
        if low == high:
            return _Packed(0, low, None, column.dtype)
        narrow = next((each for each in _NARROW if column.dtype.kind in "iu" and int(high) - int(low) <= np.iinfo(each).max), None)
        if narrow is None or np.dtype(narrow).itemsize >= column.itemsize:
            return _Packed(self._written(column), None, column.dtype, column.dtype)
        return _Packed(self._written((column - low).astype(narrow)), low, np.dtype(narrow), column.dtype)

    def _written(self, column: NDArray[Any]) -> int:
        begin = self._file.tell()
        rest = np.ascontiguousarray(column).view(np.uint8).data
        while rest:
            rest = rest[self._file.write(rest) :]
        return begin

    def _unpacked(self, packed: _Packed, count: int) -> NDArray[Any]:
        if packed.dtype is None:
            return np.full(count, packed.base, packed.own)
        size = packed.dtype.itemsize
        octets = os.pread(self._file.fileno(), count * size, packed.begin + self._row * size)
        column = np.frombuffer(octets, packed.dtype)
        return column if packed.base is None else np.add(column, packed.base, dtype=packed.own)


def _merged(runs: list[_Run], most: int, order: Order) -> Iterator[Rows]:
    waiting = sorted(runs, key=lambda run: run.first, reverse=True)
    active: list[_Run] = []
    while active or waiting:
        bound = min((run.last for run in active if run.left), default=None)
        while waiting and (bound is None or waiting[-1].first <= bound):
            begun = waiting.pop()
            active.append(begun)
            begun.load(max(_FEWEST, most // len(active)))
            bound = min((run.last for run in active if run.left), default=None)
        active.sort(key=lambda run: run.number)
        yield _joined([run.take(bound) for run in active], order)
        for run in active:
            if run.is_empty and run.left:
                run.load(max(_FEWEST, most // len(active)))
        active = [run for run in active if not run.is_empty]


def _joined(parts: list[Rows], order: Order) -> Rows:
    """Return the rows of all parts in order, where they are in each."""
    parts = [part for part in parts if len(part["time"])]
    if len(parts) == 1:
        return parts[0]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    positions = order.of(joined["time"], joined["sequence"])
    return joined if positions is None else _at(joined, positions)


def _at(rows: Rows, positions: NDArray[np.int64]) -> Rows:
    return {name: column[positions] for name, column in rows.items()}
