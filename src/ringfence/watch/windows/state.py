"""A window's arrays: made, packed to what is live, and laid out again larger or smaller."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import windows as kernel
from ringfence.watch.kernels.layout import CELL, COUNTER, MARKS, ROW, SAMPLE, SLOT, VALUE, State, Terms

FEWEST: Final = 64
"""The least length of a ring, and the least number of slots."""


class Packed(NamedTuple):
    """A window without its free places: L rows oldest first, S keys, Q of them resting, next to wake first."""

    marks: NDArray[np.void]  # MARKS[1]; `rest_tail`, `rest_head` and `free` mean nothing here
    rows: NDArray[np.void]  # ROW[L], `slot` counted from 0 to S - 1
    pairs: NDArray[np.uint64]  # [L, D]
    values: NDArray[np.void]  # VALUE[L, V]
    slots: NDArray[np.void]  # SLOT[S]
    counters: NDArray[np.void]  # COUNTER[S, M]
    resting: NDArray[np.int64]  # [Q]


def nothing(measures: int, widths: tuple[int, int]) -> Packed:
    """Return the window before any event. `widths` are the numbers of distinct and of numeric measures."""
    distinct, numeric = widths
    return Packed(
        np.zeros(1, MARKS),
        np.zeros(0, ROW),
        np.zeros((0, distinct), np.uint64),
        np.zeros((0, numeric), VALUE),
        np.zeros(0, SLOT),
        np.zeros((0, measures), COUNTER),
        np.zeros(0, np.int64),
    )


def pack(state: State) -> Packed:
    """Return a copy of what is live in `state`."""
    marks = state.marks[0]
    places = np.arange(marks["tail"], marks["head"]) & (state.rows.size - 1)
    live = np.flatnonzero(state.slots["key"])
    number = np.zeros(state.slots.size, np.int64)
    number[live] = np.arange(live.size)
    rows = state.rows[places]
    rows["slot"] = number[rows["slot"]]
    queue = np.arange(marks["rest_tail"], marks["rest_head"]) & (state.resting.size - 1)
    resting = number[state.resting[queue]]
    return Packed(
        state.marks.copy(), rows, state.pairs[places], state.values[places], state.slots[live], state.counters[live], resting
    )


def lay_out(packed: Packed, terms: Terms, *, rows: int, slots: int) -> State:
    """Return `packed` as a state with a ring of `rows` and `slots`: powers of two, and enough for what is live."""
    marks = packed.marks.copy()
    kept = packed.slots.size
    marks["rest_tail"], marks["rest_head"], marks["free"] = 0, packed.resting.size, slots - kept
    state = State(
        marks,
        np.zeros(rows, ROW),
        np.zeros((rows, packed.pairs.shape[1]), np.uint64),
        np.zeros((rows, packed.values.shape[1]), VALUE),
        np.zeros(slots, SLOT),
        np.zeros((slots, packed.counters.shape[1]), COUNTER),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        np.zeros((1, 2 * slots), CELL),
        np.zeros((packed.pairs.shape[1], 2 * rows), CELL),
    )
    places = np.arange(marks["tail"][0], marks["head"][0]) & (rows - 1)
    state.rows[places], state.pairs[places], state.values[places] = packed.rows, packed.pairs, packed.values
    state.slots[:kept], state.counters[:kept], state.resting[: packed.resting.size] = packed.slots, packed.counters, packed.resting
    state.free[: slots - kept] = np.arange(slots - 1, kept - 1, -1)
    kernel.index(state, terms)
    return state


def sampled_events(packed: Packed) -> NDArray[np.int64]:
    """Return the numbers of the events that the keys' next crossings may name, in no order."""
    tail = packed.marks["tail"][0]
    sequences = packed.slots["newest"]
    numbers: list[NDArray[np.int64]] = []
    for _ in range(SAMPLE):
        sequences = sequences[sequences >= tail]
        rows = packed.rows[sequences - tail]
        numbers.append(rows["event"])
        sequences = rows["older"]
    return np.concatenate(numbers)


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is no less than `least` and `FEWEST`."""
    return max(FEWEST, 1 << max(least - 1, 0).bit_length())
