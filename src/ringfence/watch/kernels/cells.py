"""Hash tables of cells, open addressing: a key's slot, or a pair's last row."""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.layout import NOBODY


@compiled
def find(cells: NDArray[np.void], table: int, key: np.uint64) -> int:
    """Return the place of `key` in `cells[table]`, or `NOBODY`."""
    mask = cells.shape[1] - 1
    place = np.int64(key & np.uint64(mask))
    while cells[table, place].key != 0:
        if cells[table, place].key == key:
            return int(place)
        place = (place + 1) & mask
    return NOBODY


@compiled
def put(cells: NDArray[np.void], table: int, key: np.uint64, value: int) -> bool:
    """Set the value of `key`; true where it is new. The table must have an empty place left."""
    mask = cells.shape[1] - 1
    place = np.int64(key & np.uint64(mask))
    while cells[table, place].key != 0:
        if cells[table, place].key == key:
            cells[table, place].value = value
            return False
        place = (place + 1) & mask
    cells[table, place].key = key
    cells[table, place].value = value
    return True


@compiled
def remove(cells: NDArray[np.void], table: int, place: int) -> None:
    """Empty a place and close the gap by moving later keys back, so that no tombstones are needed."""
    mask = cells.shape[1] - 1
    gap = place
    probe = (place + 1) & mask
    while cells[table, probe].key != 0:
        home = np.int64(cells[table, probe].key & np.uint64(mask))
        if ((probe - home) & mask) >= ((probe - gap) & mask):
            cells[table, gap].key = cells[table, probe].key
            cells[table, gap].value = cells[table, probe].value
            gap = probe
        probe = (probe + 1) & mask
    cells[table, gap].key = 0


@inner
def change(cells: NDArray[np.void], table: int, key: np.uint64, by: int) -> int:
    """Add to the number of `key`, which is 0 where it has no place, and return it. The table must have an empty place left."""
    mask = cells.shape[1] - 1
    place = np.int64(key & np.uint64(mask))
    while cells[table, place].key != 0:
        if cells[table, place].key == key:
            number = cells[table, place].value + by
            cells[table, place].value = number
            if number == 0:
                remove(cells, table, int(place))
            return int(number)
        place = (place + 1) & mask
    cells[table, place].key = key
    cells[table, place].value = by
    return by


@compiled
def move(cells: NDArray[np.void], larger: NDArray[np.void]) -> None:
    """Put all that stands in some tables into as many others, which are empty and larger."""
    for table in range(cells.shape[0]):
        for place in range(cells.shape[1]):
            if cells[table, place].key != 0:
                put(larger, table, cells[table, place].key, cells[table, place].value)


@inner
def replace(cells: NDArray[np.void], table: int, key: np.uint64, value: int) -> int:
    """Set the value of `key` and return the one before, or `NOBODY` where it is new. The table must have an empty place left."""
    mask = cells.shape[1] - 1
    place = np.int64(key & np.uint64(mask))
    while cells[table, place].key != 0:
        if cells[table, place].key == key:
            before = cells[table, place].value
            cells[table, place].value = value
            return int(before)
        place = (place + 1) & mask
    cells[table, place].key = key
    cells[table, place].value = value
    return NOBODY
