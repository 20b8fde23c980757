"""A set of order ids: a million in about 30 MB, where Python's own would take more than a hundred."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_OCTETS: Final = 16
_HALF: Final = 64
_LOW: Final = (1 << _HALF) - 1
_GONE: Final = _LOW
"""Both halves of a slot whose id was taken out. The one id that is written so stands among the others."""
_SMALLEST: Final = 8


class OrderIds:
    """Ids of 32 hexadecimal digits, which nearly all are, take 16 octets in open addressing; any others are kept as text.

    Order ids are digests or random: their own digits spread them over the slots.
    """

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._others: set[str] = set()
        self._count = 0
        self._take_over(np.zeros((_SMALLEST, 2), np.uint64))
        for id in ids:
            self.add(id)

    def __len__(self) -> int:
        return self._count + len(self._others)

    def __contains__(self, id: object) -> bool:
        number = _number(id) if isinstance(id, str) else None
        return id in self._others if number is None else self._place(number)[1]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids as they were when the iteration began."""
        others, slots = sorted(self._others), self._filled()
        yield from others
        for high, low in slots:
            yield f"{int(high):016x}{int(low):016x}"

    def add(self, id: str) -> bool:
        """Put an id in; tell whether it is new."""
        number = _number(id)
        if number is None:
            before = len(self._others)
            self._others.add(id)
            return len(self._others) > before
        place, there = self._place(number)
        if there:
            return False
        self._used += self._halves[2 * place] != _GONE
        self._halves[2 * place], self._halves[2 * place + 1] = number >> _HALF, number & _LOW
        self._count += 1
        if 2 * self._used > self._size:
            self._grow()
        return True

    def discard(self, id: str) -> None:
        """Take an id out, if it is there."""
        number = _number(id)
        if number is None:
            self._others.discard(id)
            return
        place, there = self._place(number)
        if there:
            self._halves[2 * place] = self._halves[2 * place + 1] = _GONE
            self._count -= 1

    def _place(self, number: int) -> tuple[int, bool]:
        """Return the slot of a number and true, or the first that could take it and false."""
        halves, mask = self._halves, self._size - 1
        high, low = number >> _HALF, number & _LOW
        place, free = low & mask, -1
        while True:
            taken_high, taken_low = halves[2 * place], halves[2 * place + 1]
            if taken_high == high and taken_low == low:
                return place, True
            if taken_high == 0 and taken_low == 0:
                return (free if free >= 0 else place), False
            if free < 0 and taken_high == _GONE and taken_low == _GONE:
                free = place
            place = (place + 1) & mask

    def _filled(self) -> NDArray[np.uint64]:
        slots = self._slots
        there = (slots != 0).any(axis=1) & (slots != _GONE).any(axis=1)
        filled: NDArray[np.uint64] = slots[there]
        return filled

    def _grow(self) -> None:
        """Make room for twice as many, and forget where ids were taken out."""
        filled = self._filled()
        size = _SMALLEST
        while size < 4 * len(filled):
            size *= 2
        slots = np.zeros((size, 2), np.uint64)
        mask = np.uint64(size - 1)
        places, waiting = (filled[:, 1] & mask).astype(np.int64), np.arange(len(filled))
        while waiting.size:
            at = places[waiting]
            free = ~(slots[at] != 0).any(axis=1)
            slots[at[free]] = filled[waiting[free]]  # of several ids for one slot the last takes it
            waiting = waiting[(slots[at] != filled[waiting]).any(axis=1)]
            places[waiting] = (places[waiting] + 1) & (size - 1)
        self._take_over(slots)
        self._used = len(filled)

    def _take_over(self, slots: NDArray[np.uint64]) -> None:
        self._slots = slots
        self._size = len(slots)
        self._halves: Any = memoryview(slots.reshape(-1).data)
        self._used = 0


def _number(id: str) -> int | None:
    """Return an id of 32 lower-case hexadecimal digits as a number, `None` for any other."""
    if len(id) != 2 * _OCTETS:
        return None
    try:
        octets = bytes.fromhex(id)
    except ValueError:
        return None
    number = int.from_bytes(octets)
    return number if octets.hex() == id and 0 < number < (1 << 2 * _HALF) - 1 else None
