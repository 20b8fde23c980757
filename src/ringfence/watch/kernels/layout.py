"""What a window's arrays hold: the state that `windows` owns and the kernels advance.

A window's counted events stand in a ring in the order of their times. A row's *sequence* counts from the window's first row
ever and never restarts; its place is the sequence modulo the ring's length (a power of two). `NOBODY` is no row.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NOBODY: Final = -1
SAMPLE: Final = 10
"""How many call ids a crossing names at most."""

MARKS: Final = np.dtype(
    [
        ("head", np.int64),  # the sequence that the next row gets
        ("tail", np.int64),  # of the oldest row that is still in the window
        ("rest_head", np.int64),  # likewise for the queue of slots in their cool-down
        ("rest_tail", np.int64),
        ("free", np.int64),  # slots without a key
        ("forgotten_rows", np.int64),  # left before their time, to bound memory
        ("forgotten_rests", np.int64),  # cool-downs ended before their time, likewise
        ("short_until", np.int64),  # measures rest on less than the whole window before this time
    ]
)
ROW: Final = np.dtype(
    [
        ("time", np.int64),
        ("event", np.int64),  # the engine's number of the event
        ("older", np.int64),  # the sequence of the same key's row before
        ("members", np.uint64),  # bit m: measure m counts the row
        ("slot", np.int64),
    ]
)
VALUE: Final = np.dtype(  # a row's number for one measure; for a maximum, its neighbours in the key's falling run of values
    [("value", np.float64), ("larger", np.int64), ("smaller", np.int64)]
)
SLOT: Final = np.dtype(  # one live key; `key` 0 in a free slot
    [
        ("key", np.uint64),
        ("rows", np.int64),  # rows in the window
        ("newest", np.int64),  # the sequence of the last one
        ("quiet_until", np.int64),  # end of the cool-down, 0 for none
        ("holds", np.int64),  # 1: the condition was true at the key's last event
    ]
)
COUNTER: Final = np.dtype(  # one measure of one key; `largest` and `smallest` are the ends of a maximum's run
    [("count", np.int64), ("total", np.float64), ("largest", np.int64), ("smallest", np.int64)]
)
CELL: Final = np.dtype([("key", np.uint64), ("value", np.int64)])
"""A hash table's place, open addressing; `key` 0 where empty. `value` is a slot, or the sequence of a pair's last row."""

CROSSING: Final = np.dtype(
    [
        ("position", np.int64),  # in the batch
        ("events", np.int64),  # of the key, in the window
        ("forgotten", np.int64),  # rows ever forgotten, where some are missing in this window; else 0
    ]
)


class State(NamedTuple):
    """One rule's window: a ring of R rows, K slots (powers of two), M measures, of them D distinct and V numeric."""

    marks: NDArray[np.void]  # MARKS[1]
    rows: NDArray[np.void]  # ROW[R]
    pairs: NDArray[np.uint64]  # [R, D], the row's (key, value) as one hash
    values: NDArray[np.void]  # VALUE[R, V]
    slots: NDArray[np.void]  # SLOT[K]
    counters: NDArray[np.void]  # COUNTER[K, M]
    free: NDArray[np.int64]  # [K], the first `marks.free` are slots without a key
    resting: NDArray[np.int64]  # [K], a ring of slots in the order in which their cool-downs end
    keys: NDArray[np.void]  # CELL[1, 2K]
    last_of_pair: NDArray[np.void]  # CELL[D, 2R]


class Terms(NamedTuple):
    """A rule as the kernel reads it. `function` and `operation` hold its codes, `lane` a measure's column in its group."""

    window_us: int
    cool_down_us: int
    most_rows: int
    most_keys: int
    function: NDArray[np.int64]  # [M]
    lane: NDArray[np.int64]  # [M]
    operation: NDArray[np.int64]  # the condition in postfix form
    operand: NDArray[np.float64]


class Batch(NamedTuple):
    """The events that take part, n of them, times never falling. `key` is never 0; `members` 0 only evaluates."""

    time: NDArray[np.int64]  # [n]
    event: NDArray[np.int64]  # [n]
    key: NDArray[np.uint64]  # [n]
    members: NDArray[np.uint64]  # [n]
    pairs: NDArray[np.uint64]  # [n, D]
    values: NDArray[np.float64]  # [n, V]


class Crossings(NamedTuple):
    """Where the kernel writes what it found, and what it needs to work. F is how many crossings one call may find."""

    found: NDArray[np.void]  # CROSSING[F]
    measures: NDArray[np.float64]  # [F, M]
    sample: NDArray[np.int64]  # [F, SAMPLE], event numbers, newest first, then NOBODY
    stack: NDArray[np.float64]  # as deep as the condition
