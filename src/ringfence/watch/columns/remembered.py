"""What keys came to, remembered in arrays: whole columns are looked up at once, and only what is new is asked for."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ringfence.watch.kernels import tables

_FEWEST: Final = 1 << 10
"""Places of a table."""


class KeyTable:
    """Keys of 64 bits, none of which is 0, each with the number of those before it."""

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        """Return how many there are."""
        return self._size

    def clear(self) -> None:
        """Forget them all."""
        self._size = 0
        self._keys: NDArray[np.uint64] = np.zeros(_FEWEST, np.uint64)
        self._numbers: NDArray[np.int64] = np.zeros(_FEWEST, np.int64)

    def look_up(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
        """Return each key's number, -1 where it is not there, and how many are not. The key 0 has the number 0."""
        found = np.empty(keys.size, np.int64)
        return found, tables.look_up(self._keys, self._numbers, keys, found)

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Add keys, none of which is there or stands twice among them."""
        if 4 * (self._size + keys.size) > self._keys.size:
            old = self._keys != 0
            known, numbers = self._keys[old], self._numbers[old]
            places = max(_FEWEST, 1 << (8 * (self._size + keys.size) - 1).bit_length())
            self._keys, self._numbers = np.zeros(places, np.uint64), np.zeros(places, np.int64)
            tables.put_all(self._keys, self._numbers, known[np.argsort(numbers)], 0)
        tables.put_all(self._keys, self._numbers, keys, self._size)
        self._size += keys.size


class Remembered:
    """The values of up to `most` keys, and of one batch's more."""

    def __init__(self, dtype: DTypeLike, most: int) -> None:
        self._most = most
        self._known = KeyTable()
        self._values: NDArray[Any] = np.zeros(_FEWEST, dtype)

    def of(self, keys: NDArray[np.uint64], value: Callable[[int], Any]) -> NDArray[Any]:
        """Return the value of each key. No key is 0. `value` is asked for that of a new one, by a place where it stands."""
        return self.of_several(keys, lambda places: [value(place) for place in places])

    def of_several(self, keys: NDArray[np.uint64], values: Callable[[list[int]], Sequence[Any] | NDArray[Any]]) -> NDArray[Any]:
        """Do as `of`; `values` is asked for those of all new ones at once."""
        if len(self._known) > self._most:
            self.clear()
        found, missing = self._known.look_up(keys)
        if missing:
            rows = np.flatnonzero(found < 0)
            new, first = np.unique(keys[rows], return_index=True)
            self._add(new, values(rows[first].tolist()))
            found, _ = self._known.look_up(keys)
        return self._values[found]

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._known)

    def clear(self) -> None:
        """Forget all values."""
        self._known.clear()

    def _add(self, keys: NDArray[np.uint64], values: Sequence[Any] | NDArray[Any]) -> None:
        before = len(self._known)
        self._known.add(keys)
        while self._values.size < len(self._known):
            self._values = np.concatenate((self._values, np.zeros_like(self._values)))
        self._values[before : len(self._known)] = values
