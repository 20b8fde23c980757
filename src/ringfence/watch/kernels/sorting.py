"""Rows by their times, those of the same time as they stand: a sort by digits, which looks at no two rows together."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled

DIGITS: Final = 1 << 11
_DIGIT_BITS: Final = 11


@compiled
def are_in_order(times: NDArray[np.int64], sequences: NDArray[np.int64]) -> bool:
    """Tell whether rows stand by (time, sequence)."""
    for row in range(1, times.size):
        if times[row] < times[row - 1] or (times[row] == times[row - 1] and sequences[row] < sequences[row - 1]):
            return False
    return True


@compiled
def are_in_order_at(times: NDArray[np.int64], sequences: NDArray[np.int64], order: NDArray[np.int64]) -> bool:
    """Tell whether the rows at the positions `order`, whose times do not fall, stand by (time, sequence)."""
    for nth in range(1, order.size):
        before, row = order[nth - 1], order[nth]
        if times[row] == times[before] and sequences[row] < sequences[before]:
            return False
    return True


@compiled
def order_by_time(times: NDArray[np.int64], keys: NDArray[np.uint64], orders: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
    """Write the positions of rows by time to `orders[n]`, and return n.

    `keys` are uint64[2, rows], `orders` int64[2, rows], to work in; `counts` int64[DIGITS].
    """
    first, last = times[0], times[0]
    for row in range(times.size):
        first = min(first, times[row])
        last = max(last, times[row])
    for row in range(times.size):
        keys[0, row] = np.uint64(times[row] - first)
        orders[0, row] = row
    span = np.uint64(last - first)
    side = 0
    shift = 0
    while span >> np.uint64(shift) != 0:
        counts[:] = 0
        for row in range(times.size):
            counts[np.int64((keys[side, row] >> np.uint64(shift)) & np.uint64(DIGITS - 1))] += 1
        before = 0
        for digit in range(DIGITS):
            count = counts[digit]
            counts[digit] = before
            before += int(count)
        for row in range(times.size):
            digit = int(np.int64((keys[side, row] >> np.uint64(shift)) & np.uint64(DIGITS - 1)))
            place = int(counts[digit])
            counts[digit] += 1
            keys[1 - side, place] = keys[side, row]
            orders[1 - side, place] = orders[side, row]
        side = 1 - side
        shift += _DIGIT_BITS
        if shift >= 64:
            break
    return side
