"""Which measures count which events."""

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled


@compiled
def mark(
    kind: NDArray[np.uint8], code: int, passed: NDArray[np.bool_], told: NDArray[np.uint64], bit: int, members: NDArray[np.uint64]
) -> None:
    """Set a bit of `members` for each event of a kind that passed and whose value is told: not 0.

    Where `passed` has no rows all pass, where `told` has none the value matters not.
    """
    mask = np.uint64(1) << np.uint64(bit)
    for row in range(kind.size):
        if kind[row] == code and (passed.size == 0 or passed[row]) and (told.size == 0 or told[row] != 0):
            members[row] |= mask
