"""Telephone numbers as one word each, so that whole columns of them are compared, sorted and cut to their beginnings.

A character takes four bits, the first the highest: + is 1, the digits are 2 to 11, nothing is 0. So words stand in the order of
their texts, and a beginning of n characters is a word's upper 4 n bits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled

LONGEST: Final = 16
"""Characters of a number that is one word: + and fifteen digits (ITU-T E.164 section 6.2)."""
NO_NUMBER: Final = 0xFFFFFFFFFFFFFFFF
"""What is no such number."""
BEGUN: Final = 14
"""Where the first character's bits say this, the rest of the word are the characters, none perhaps, that could begin a number, of a
text in which another one follows them within `LONGEST`, neither + nor digit: `17-1`, `alice`."""

_PLUS: Final = 43
_ZERO: Final = 48


@compiled
def pack_cells(data: NDArray[np.uint8], cells: NDArray[np.int32], cell: int, codes: NDArray[np.uint64]) -> int:
    """Write the word of each row's cell, 0 where it is empty; return how many are `NO_NUMBER`.

    `cells` are int32[rows, cells, 2]: where a cell begins in `data` and how many octets it has.
    """
    others = 0
    for row in range(codes.size):
        begin = cells[row, cell, 0]
        length = cells[row, cell, 1]
        code = np.uint64(0)
        fits = length <= LONGEST
        if fits:
            for nth in range(length):
                digit = np.int64(data[begin + nth]) - _ZERO
                if nth == 0 and digit == _PLUS - _ZERO:
                    digit = np.int64(-1)
                elif digit < 0 or digit > 9:
                    fits = False
                    break
                code |= np.uint64(digit + 2) << np.uint64(60 - 4 * nth)
        codes[row] = code if fits else np.uint64(NO_NUMBER)
        others += not fits
    return others
