"""Mirrored messages that wait for their time, as rows of numbers."""

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import hep_packets as kernel
from ringfence.watch.sources.hep import Mirrored
from ringfence.watch.sources.stretch import Addresses


class Held:
    """Gives messages out by (time, source, arrival). However many wait, each is sorted once and its payload is copied twice."""

    def __init__(self) -> None:
        self._came: list[NDArray[np.int64]] = []
        self._rows = np.zeros((0, kernel.COLUMNS), np.int64)
        """In their order, from row `_begin` on; not those that came since."""
        self._begin = 0
        self._payloads = np.empty(1 << 20, np.uint8)
        self._end = 0
        self._addresses = Addresses()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, mirrored: Mirrored) -> None:
        """Take some in. A time after the arrival counts as the arrival."""
        rows, size = mirrored.rows, len(mirrored.octets)
        if self._end + size > len(self._payloads):
            self._make_room(size)
        rows[:, kernel.TIME] = np.minimum(rows[:, kernel.TIME], rows[:, kernel.ARRIVAL])
        rows[:, kernel.PAYLOAD : kernel.PAYLOAD_END + 1] += self._end
        self._payloads[self._end : self._end + size] = np.frombuffer(mirrored.octets, np.uint8)
        self._end += size
        self._came.append(rows)
        self._count += len(rows)

    def take(self, upto: Micros, most: int) -> Mirrored | None:
        """Return the oldest, at most so many and of no later time; `None` where there are none."""
        self._arrange()
        rows = self._rows[self._begin :]
        given = min(most, int(np.searchsorted(rows[:, kernel.TIME], upto, side="right")))
        if not given:
            return None
        taken = self._gathered(rows[:given])
        self._begin += given
        self._count -= given
        return taken

    def _arrange(self) -> None:
        """Put those that came into their order."""
        if not self._came:
            return
        came = np.concatenate(self._came)
        came = came[np.lexsort((came[:, kernel.SOURCE], came[:, kernel.TIME]))]  # it leaves those alone that are equal
        self._came.clear()
        waiting = self._rows[self._begin :]
        # Few of those that wait are newer than any that came.
        newer = int(np.searchsorted(waiting[:, kernel.TIME], came[0, kernel.TIME], side="left"))
        mixed = np.concatenate([waiting[newer:], came])
        mixed = mixed[np.lexsort((mixed[:, kernel.SOURCE], mixed[:, kernel.TIME]))]
        self._rows, self._begin = np.concatenate([waiting[:newer], mixed]), 0

    def _make_room(self, size: int) -> None:
        """Let go of the payloads that were given out, and make room for so many octets."""
        self._arrange()
        rows = np.array(self._rows[self._begin :])
        live = int((rows[:, kernel.PAYLOAD_END] - rows[:, kernel.PAYLOAD]).sum())
        payloads = np.empty(max(len(self._payloads), 1 << (2 * (live + size)).bit_length()), np.uint8)
        self._end = kernel.gather(self._payloads, rows, payloads)
        self._payloads, self._rows, self._begin = payloads, rows, 0

    def _gathered(self, rows: NDArray[np.int64]) -> Mirrored:
        return Mirrored.gathered(self._payloads, rows, self._addresses)
