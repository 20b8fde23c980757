"""Events as rows of an array, put in the order of their times with memory that does not grow with their number."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

RUN_OCTETS: Final = 1 << 24
"""Of rows that are sorted at once. More go to a temporary file, which nobody else can open."""
HELD_OCTETS: Final = 1 << 21
"""Of rows that are held while runs are merged: they stay in the processor's cache."""
_FEWEST: Final = 256

Key = tuple[int, int, int]
"""Time, sequence, and the number of the run."""


def ordered(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the rows by (time, sequence), those of which both are the same as they stand."""
    times = rows["time"]
    if np.any(times[1:] < times[:-1]):
        rows = rows[np.argsort(times, kind="stable")]
        times = rows["time"]
    # Rows of one file stand in the order of their sequences already, and few times are the same.
    sequences = rows["sequence"]
    if np.any((times[1:] == times[:-1]) & (sequences[1:] < sequences[:-1])):
        rows = rows[np.lexsort((sequences, times))]
    return rows


class Runs:
    """Rows with the fields `time` and `sequence`, as they come."""

    def __init__(self, dtype: np.dtype[np.void], *, run_octets: int = RUN_OCTETS, held_octets: int = HELD_OCTETS) -> None:
        self._dtype = dtype
        self._most = max(1, run_octets // dtype.itemsize)
        self._held_octets = held_octets
        self._held: NDArray[np.void] = np.empty(0, dtype)
        self._count = 0
        self._stack = ExitStack()
        self._file: BinaryIO | None = None
        self._runs: list[_Run] = []

    def add(self, rows: NDArray[np.void]) -> None:
        """Take in rows. Raises `OSError` where temporary files can't be written."""
        while len(rows):
            if self._count + len(rows) > self._held.size and self._held.size < self._most:
                self._held = np.resize(self._held, min(self._most, 2 * (self._count + len(rows))))
            part, rows = rows[: self._held.size - self._count], rows[self._held.size - self._count :]
            self._held[self._count : self._count + len(part)] = part
            self._count += len(part)
            if self._count == self._most:
                self._write()

    def merged(self) -> Iterator[NDArray[np.void]]:
        """Yield all rows by (time, sequence), those of which both are the same in the order in which they came. Once."""
        if self._file is None:
            if self._count:
                yield ordered(self._held[: self._count])
            return
        with self._stack:
            if self._count:
                self._write()
            yield from _merged(self._runs, self._held_octets // self._dtype.itemsize)

    def _write(self) -> None:
        rows = ordered(self._held[: self._count])
        self._count = 0
        if self._file is None:
            file = tempfile.TemporaryFile(prefix="ringfence-")  # noqa: SIM115 - `merged` closes it
            self._file = self._stack.enter_context(file)
        self._runs.append(_Run(len(self._runs), self._file, rows))


class _Run:
    """Sorted rows in a file. `held` are the next ones, `left` is how many more the file has."""

    def __init__(self, number: int, file: BinaryIO, rows: NDArray[np.void]) -> None:
        self.number: Final = number
        self.first: Final = (int(rows["time"][0]), int(rows["sequence"][0]), number)
        self.held: NDArray[np.void] = rows[:0].copy()
        self.left = len(rows)
        self._file = file
        self._place = file.seek(0, 2)
        file.write(rows.view(np.uint8).data)

    def load(self, most: int) -> None:
        """Hold the next rows."""
        dtype = self.held.dtype
        self._file.seek(self._place)
        octets = self._file.read(min(most, self.left) * dtype.itemsize)
        self.held = np.frombuffer(octets, dtype)
        self._place += len(octets)
        self.left -= len(self.held)

    @property
    def last(self) -> Key:
        """The key of the last row that is held."""
        return int(self.held["time"][-1]), int(self.held["sequence"][-1]), self.number

    def take(self, bound: Key | None) -> NDArray[np.void]:
        """Return the rows that are held up to `bound`, and hold them no more."""
        count = len(self.held) if bound is None else self._count(bound)
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    def _count(self, bound: Key) -> int:
        time, sequence, number = bound
        times = self.held["time"]
        begin, end = np.searchsorted(times, time, "left"), np.searchsorted(times, time, "right")
        sequences = self.held["sequence"][begin:end]
        same = np.searchsorted(sequences, sequence, "right") if self.number <= number else np.searchsorted(sequences, sequence)
        return int(begin + same)


def _merged(runs: list[_Run], most: int) -> Iterator[NDArray[np.void]]:
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
        yield ordered(np.concatenate([run.take(bound) for run in active]))
        for run in active:
            if not len(run.held) and run.left:
                run.load(max(_FEWEST, most // len(active)))
        active = [run for run in active if len(run.held)]
