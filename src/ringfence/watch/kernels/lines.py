"""Lines of a separated file to cells, as far as they are written as most files do it.

A line that is written in any other way is marked, and nothing else is said of it: plain Python reads it then. So what a kernel
takes, Python must take alike; what it leaves is only slower.

Every line must end with a newline, and `PADDING` octets follow the last. `classes` gives each octet its class. `cells` are
int32[rows, cells, 2]: where a cell begins in `data` and how long it is.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels.compiled import compiled
from ringfence.watch.kernels.row_layout import (
    BEYOND_ASCII,
    BLANK,
    DELIMITER,
    HIGH,
    LONGEST_LINE,
    NEWLINE,
    NONE,
    ODD,
    PADDING,
    PLAIN,
    QUOTE,
    RETURN,
)

_SPACE: Final = 32
_TAB: Final = 9


@compiled
def past_line(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int) -> int:
    """Return where the next line begins."""
    while classes[data[place]] != NEWLINE:
        place += 1
    return place + 1


@compiled
def past_blanks(data: NDArray[np.uint8], place: int) -> int:
    """Return where something else than blanks and tabs stands."""
    while data[place] == _SPACE or data[place] == _TAB:
        place += 1
    return place


@compiled
def put_cell(data: NDArray[np.uint8], cells: NDArray[np.int32], row: int, cell: int, begin: int, end: int) -> None:
    """Write where a cell begins and how long it is, without the blanks and tabs around it."""
    while begin < end and (data[begin] == _SPACE or data[begin] == _TAB):
        begin += 1
    while begin < end and (data[end - 1] == _SPACE or data[end - 1] == _TAB):
        end -= 1
    cells[row, cell, 0] = begin
    cells[row, cell, 1] = end - begin


@compiled
def value_end(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int) -> tuple[int, int]:
    """Return where the value without quotation marks ends that holds `place`, and what is to be said of it."""
    state = 0
    while True:
        while classes[data[place]] == PLAIN:
            place += 1
        if classes[data[place]] != HIGH:
            return place, state
        state = BEYOND_ASCII
        place += 1


@compiled
def quoted_end(data: NDArray[np.uint8], classes: NDArray[np.uint8], place: int) -> tuple[int, int]:
    """Return where the value is closed that begins at `place`, after its quotation mark, and what is to be said of it."""
    state = 0
    while True:
        kind = classes[data[place]]
        if kind == HIGH:
            state = BEYOND_ASCII
        elif kind not in (PLAIN, DELIMITER):
            return place, state if kind == QUOTE else ODD
        place += 1


@compiled
def split_line(
    data: NDArray[np.uint8],
    place: int,
    classes: NDArray[np.uint8],
    targets: NDArray[np.int64],
    cells: NDArray[np.int32],
    row: int,
) -> tuple[int, int]:
    """Write the wanted cells of the line at `place`; return where the next line begins, and what is to be said of this one.

    The line's c-th value is written to the cell `targets[c]`, or to none; a line has as many values as `targets`.
    """
    state = 0
    for nth in range(targets.size):
        begin = place
        while data[place] == _SPACE:
            place += 1
        if classes[data[place]] == QUOTE:
            begin = place + 1
            end, said = quoted_end(data, classes, begin)
            place = end + 1
        else:
            end, said = value_end(data, classes, place)
            place = end
        state |= said
        if said == ODD:
            place = end
            break
        if targets[nth] != NONE:
            put_cell(data, cells, row, targets[nth], begin, end)
        kind = classes[data[place]]
        if kind == RETURN and classes[data[place + 1]] == NEWLINE:
            place += 1
            kind = NEWLINE
        if kind == NEWLINE and nth == targets.size - 1:
            return place + 1, state
        if kind != DELIMITER:
            break
        place += 1
    return past_line(data, classes, place), ODD


@compiled
def split(
    data: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    targets: NDArray[np.int64],
    cells: NDArray[np.int32],
    ends: NDArray[np.int64],
    states: NDArray[np.uint8],
) -> int:
    """Split the lines of `data`, which has octets behind its last newline, until they or `ends` are used up; return how many.

    `ends[r]` is where the r-th line ends, its newline included, and `states[r]` what is to be said of it.
    """
    place = 0
    row = 0
    while place < data.size - PADDING and row < ends.size:
        begin = past_blanks(data, place)
        if classes[data[begin]] == RETURN:
            begin += 1
        if classes[data[begin]] == NEWLINE:
            place = begin + 1
            states[row] = BLANK
        else:
            begin = place
            place, state = split_line(data, begin, classes, targets, cells, row)
            states[row] = state if place - begin <= LONGEST_LINE else ODD
        ends[row] = place
        row += 1
    return row
